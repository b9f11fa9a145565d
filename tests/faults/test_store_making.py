"""Row 4 on a disk without links: two processes that make one store at once lose no run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from store_samples import run_id_of

from overfit_cli.store import Store

MAKER = Path(__file__).with_name("store_maker.py")
# For the second to be done, or, as it should, to be waiting for the first.
MEANWHILE = 1.5


def made(shim: Path, store: Path, number: int, code: str, *files: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(MAKER), str(store), str(number), code, *map(str, files)],
        env=os.environ | {"LD_PRELOAD": str(shim)},
        stderr=subprocess.PIPE,
    )


def stored(store: Path) -> set[str]:
    with Store.open(store, "read") as opened:
        assert opened.check() == []
        return {run.run_id for run in opened.select()}


def left_beside(store: Path) -> list[str]:
    return sorted(path.name for path in store.parent.iterdir())


@pytest.mark.parametrize("code", ["EPERM", pytest.param("EOPNOTSUPP", marks=pytest.mark.slow)])
def test_row_4_the_second_waits_for_the_first(shim: Path, tmp_path: Path, code: str) -> None:
    store, here, until = tmp_path / "disk" / "s.db", tmp_path / "here", tmp_path / "until"
    store.parent.mkdir()
    first = made(shim, store, 0, code, here, until)
    deadline = time.monotonic() + 60
    while not here.exists() and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    second = made(shim, store, 1, code)
    with contextlib.suppress(subprocess.TimeoutExpired):
        second.wait(MEANWHILE)
    until.touch()
    said = [process.communicate(timeout=60)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert stored(store) == {run_id_of(0), run_id_of(1)}
    assert left_beside(store) == ["s.db"]


@pytest.mark.parametrize(
    ("rounds", "makers"), [(1, 4), pytest.param(25, 8, marks=pytest.mark.slow)]
)
def test_row_4_many_make_one_store(shim: Path, tmp_path: Path, rounds: int, makers: int) -> None:
    for number in range(rounds):
        store = tmp_path / str(number) / "s.db"
        store.parent.mkdir()
        racing = [made(shim, store, maker, "EPERM") for maker in range(makers)]
        said = [process.communicate(timeout=120)[1] for process in racing]
        assert [process.returncode for process in racing] == [0] * makers, said
        assert stored(store) == set(map(run_id_of, range(makers)))
        assert left_beside(store) == ["s.db"]
