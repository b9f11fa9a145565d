"""Row 1: `kill -9` at random instants; the same command again loses nothing.

An instant is a number of runs stored, drawn from a seeded generator, with workers at work: only a
kill that found the batch so is counted.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from batch_samples import digest, reports, run_here, start, stored_rows, written

WORKERS = ("--executor", "processes", "--workers", "2")


RUNS = 60
# A run is stored as soon as its stack is done: so many come at once at most.
STACK = 5


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def workers(pid: int) -> list[int]:
    """Return the workers of a batch: what the fork server, a child of it, has forked."""
    return sorted(worker for child in children(pid) for worker in children(child))


def count(store: Path) -> int:
    """Return how many runs are stored, looking often and cheaply."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return 0


def struck(
    process: subprocess.Popen[bytes], store: Path, target: str, wanted: int, chance: random.Random
) -> bool:
    """Kill once `wanted` runs are stored and workers are there; False if the batch was over."""
    while process.poll() is None:
        at_work = workers(process.pid) if count(store) >= wanted else []
        if at_work:
            break
        time.sleep(0.005)
    else:
        return False
    try:
        if target == "group":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            os.kill(process.pid if target == "parent" else chance.choice(at_work), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@dataclass
class Kills:
    """How many processes were killed, and how many of them before all runs were stored."""

    real: int = 0
    in_flight: int = 0


def broken_and_resumed(
    config: Path, store: Path, target: str, chance: random.Random, kills: int, seen: Kills
) -> None:
    """Kill a batch and start it again, until it is nearly done or has been killed `kills` times.

    Only those count that came before all runs were stored. What was stored stays as it was. A
    batch whose worker dies goes on by itself, and is struck twice.
    """
    kept = dict[str, str]()
    while seen.in_flight < kills and len(kept) < RUNS - 2 * STACK:
        # a batch whose workers die goes on, but a task that was begun three times is given up
        blows = 2 if target == "worker" else 1
        instants = range(len(kept), min(len(kept) + 4 * STACK, RUNS - STACK))
        process = start(config, store, *WORKERS)
        stored = [
            count(store)
            for wanted in sorted(chance.choices(instants, k=blows))
            if struck(process, store, target, wanted, chance)
        ]
        ended = process.wait(120)
        if target == "worker" or ended == -signal.SIGKILL:
            seen.real += len(stored)
            seen.in_flight += sum(found < RUNS for found in stored)
        now = stored_rows(store)
        assert {run: now[run] for run in kept} == kept
        kept = now
        assert target != "worker" or (ended, len(kept)) == (0, RUNS)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("unbroken")
    config = written(folder)
    assert run_here(config, folder / "s.db") == 0
    return digest(folder / "s.db"), reports(folder / "s.db", folder, "sixty")


def many_kills(
    target: str,
    kills: int,
    tmp_path: Path,
    unbroken: tuple[str, dict[str, bytes]],
    every: bool = True,
) -> None:
    """Check the results of every batch; `every`: the reports of each, not of the last alone."""
    chance, seen, batch = random.Random(target), Kills(), 0
    while seen.in_flight < kills:
        folder = tmp_path / str(batch)
        folder.mkdir()
        config, store = written(folder), folder / "killed.db"
        broken_and_resumed(config, store, target, chance, kills, seen)
        assert run_here(config, store) == 0
        assert digest(store) == unbroken[0]
        if every or seen.in_flight >= kills:
            assert reports(store, folder, "sixty") == unbroken[1]
        batch += 1
        assert batch < 20 + 3 * kills
    print(f"\n{target}: {seen}, {batch} batches")


@pytest.mark.parametrize(("target", "kills"), [("parent", 7), ("group", 7), ("worker", 6)])
def test_twenty_kills(
    target: str, kills: int, tmp_path: Path, unbroken: tuple[str, dict[str, bytes]]
) -> None:
    many_kills(target, kills, tmp_path, unbroken, every=False)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["parent", "group", "worker"])
def test_two_hundred_kills(
    target: str, tmp_path: Path, unbroken: tuple[str, dict[str, bytes]]
) -> None:
    many_kills(target, 67, tmp_path, unbroken)
