"""Rows 4, 5 and 7: the same batch started twice, locks left behind, and a batch interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from batch_samples import command, digest, run_here, stored_rows, written

from overfit_cli.errors import StoreError
from overfit_cli.store import Store, held

# The contract says two seconds; tests time nothing but guard five times that.
PATIENCE = 10
# To end two workers on a busy core, and store what is done.
UNWINDING = 60

SHORT = """
name = "twice"
dataset = "moons:n=60,n_test=20"
hidden = [3]
epochs = 2
seeds = 3
[[methods]]
method = "none"
"""
# the same runs first, then one that does not end
LONG = SHORT + '[[methods]]\nmethod = "l2"\nepochs = 100000000\neval_every = 1000\n'


def begun(config: Path, store: Path, *more: str) -> subprocess.Popen[str]:
    """Start a batch, and wait until it has stored something."""
    process = subprocess.Popen(
        command(config, store, *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a test run in the background hands down that SIGINT is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    awaited(lambda: bool(rows(store)) and str(process.pid) in holders(store.parent))
    assert process.poll() is None
    return process


def awaited(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def rows(store: Path) -> dict[str, str]:
    try:
        return stored_rows(store)
    except StoreError:  # it is being made
        return {}


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = begun(written(tmp_path, LONG), tmp_path / "s.db", "--executor", "serial")
    yield process
    process.kill()
    process.communicate()


def holders(folder: Path) -> str:
    return " ".join((folder / name).read_text() for name in locks(folder))


def locks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".overfit-*"))


def test_row_4_the_same_batch_twice_is_refused_at_once(
    tmp_path: Path, endless: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = tmp_path / "batch.toml", tmp_path / "s.db"
    before = stored_rows(store)
    assert run_here(config, store) == 74
    said = capsys.readouterr().err
    assert f"batch 'twice' is being run by process {endless.pid} on " in said
    assert " since 2" in said
    assert {run: stored_rows(store)[run] for run in before} == before
    assert run_here(config, store, "--plan") == 0  # looks, and runs nothing
    other = written(tmp_path, SHORT)  # another batch of the same name is none of its business
    assert run_here(other, store) == 0


def test_row_5_the_lock_of_a_killed_process_is_taken_over(
    tmp_path: Path, endless: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = tmp_path / "batch.toml", tmp_path / "s.db"
    before = stored_rows(store)
    endless.kill()
    endless.wait()
    stale = locks(tmp_path)
    assert len(stale) == 2  # the batch's and the writers'
    again = begun(config, store, "--executor", "serial")
    assert locks(tmp_path) == stale
    again.terminate()
    _, said = again.communicate(timeout=PATIENCE)
    assert again.returncode == 130, said
    assert locks(tmp_path) == []
    assert {run: stored_rows(store)[run] for run in before} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_row_7_an_interrupted_batch_keeps_what_is_done_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    config, store = written(tmp_path, LONG), tmp_path / "s.db"
    process = begun(config, store, "--executor", "processes", "--workers", "2")
    os.killpg(process.pid, number)  # as a terminal does: to every process of the group
    _, said = process.communicate(timeout=UNWINDING)
    assert process.returncode == 130
    stored = len(stored_rows(store))
    assert said.splitlines()[0] == f"overfit: interrupted: {stored} of 6 runs are stored. " + (
        "To go on, the same command again:"
    )
    assert said.splitlines()[1] == f"overfit batch {config} --store {store} " + (
        "--executor processes --workers 2"
    )
    assert "Traceback" not in said
    awaited(lambda: is_gone(process.pid), UNWINDING)
    assert locks(tmp_path) == []
    assert run_here(written(tmp_path, SHORT), store) == 0
    assert run_here(tmp_path / "batch.toml", tmp_path / "unbroken.db") == 0
    with Store.open(store) as opened:
        opened.remove(set(opened.statuses()) - set(stored_rows(tmp_path / "unbroken.db")))
    assert digest(store) == digest(tmp_path / "unbroken.db")


def is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_row_5_a_lock_file_that_nobody_holds_is_no_obstacle(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with held(store, "key", "it"):
        (name,) = locks(tmp_path)
    (tmp_path / name).write_text(f"process {os.getpid()} on here since 2000-01-01")
    with held(store, "key", "it"):
        assert "2000" not in (tmp_path / name).read_text()
        with pytest.raises(StoreError, match=f"it is being run by process {os.getpid()}"):
            held(store, "key", "it").__enter__()
        with held(store, "another", "that"), held(tmp_path / "t.db", "key", "it"):
            assert len(locks(tmp_path)) == 3
    assert locks(tmp_path) == []


def test_row_14_a_lock_is_never_written_through_a_link(tmp_path: Path) -> None:
    store, victim = tmp_path / "s.db", tmp_path / "victim"
    with held(store, "key", "it"):
        (name,) = locks(tmp_path)
    victim.write_text("precious")
    (tmp_path / name).symlink_to(victim)
    with pytest.raises(StoreError, match=r"s\.db"):
        held(store, "key", "it").__enter__()
    assert victim.read_text() == "precious"


RACERS = 3
RACER = """
import sys, pathlib, time
from overfit_cli.errors import StoreError
from overfit_cli.store import held
store, inside, rounds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
taken = 0
while taken < rounds:
    try:
        with held(store, "key", "it"):
            inside.mkdir()  # fails if another process is inside too
            inside.rmdir()
            taken += 1
    except StoreError:
        time.sleep(0.001)
"""


@pytest.mark.parametrize("rounds", [30, pytest.param(5000, marks=pytest.mark.slow)])
def test_row_4_a_lock_is_held_by_one_process_at_a_time(tmp_path: Path, rounds: int) -> None:
    words = [sys.executable, "-c", RACER, str(tmp_path / "s.db"), str(tmp_path / "inside")]
    racers = [subprocess.Popen([*words, str(rounds)]) for _ in range(RACERS)]
    assert [racer.wait() for racer in racers] == [0] * RACERS
    assert locks(tmp_path) == []
