"""Row 1: `kill -9` at random instants; the same command again loses nothing."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_samples import digest, reports, run_here, start, stored_rows, written

WORKERS = ("--executor", "processes", "--workers", "2")


def children(pid: int) -> list[int]:
    """Return the descendants of a process."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def kill_parent(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_group(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)


def kill_worker(pid: int) -> None:
    below = children(pid)
    if below:
        os.kill(random.choice(below), signal.SIGKILL)


KILLS: dict[str, Callable[[int], None]] = {
    "parent": kill_parent,
    "group": kill_group,
    "worker": kill_worker,
}


def broken_and_resumed(
    folder: Path, config: Path, kill: Callable[[int], None], instants: random.Random, kills: int
) -> int:
    """Kill a batch at random instants until it has finished; return how often it was killed.

    At every kill: what was stored stays as it was.
    """
    store, kept = folder / "killed.db", dict[str, str]()
    for killed in range(kills):
        process = start(config, store, *WORKERS)
        time.sleep(instants.uniform(0.3, 2.0))
        if process.poll() is not None:
            return killed
        kill(process.pid)
        if kill is kill_worker:
            assert process.wait(120) == 0
        else:
            process.wait(120)
        now = stored_rows(store)
        assert {run: now[run] for run in kept} == kept
        kept = now
    return kills


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("unbroken")
    config = written(folder)
    assert run_here(config, folder / "s.db") == 0
    return digest(folder / "s.db"), reports(folder / "s.db", folder, "sixty")


def many_kills(
    target: str, kills: int, tmp_path: Path, unbroken: tuple[str, dict[str, bytes]]
) -> int:
    instants, done, batch = random.Random(target), 0, 0
    while done < kills:
        folder = tmp_path / str(batch)
        folder.mkdir()
        config = written(folder)
        done += broken_and_resumed(folder, config, KILLS[target], instants, kills - done)
        assert run_here(config, folder / "killed.db") == 0
        assert digest(folder / "killed.db") == unbroken[0]
        assert reports(folder / "killed.db", folder, "sixty") == unbroken[1]
        batch += 1
    return done


@pytest.mark.parametrize(("target", "kills"), [("parent", 7), ("group", 7), ("worker", 6)])
def test_twenty_kills(
    target: str, kills: int, tmp_path: Path, unbroken: tuple[str, dict[str, bytes]]
) -> None:
    assert many_kills(target, kills, tmp_path, unbroken) == kills


@pytest.mark.slow
@pytest.mark.parametrize("target", KILLS)
def test_two_hundred_kills(
    target: str, tmp_path: Path, unbroken: tuple[str, dict[str, bytes]]
) -> None:
    assert many_kills(target, 67, tmp_path, unbroken) == 67
