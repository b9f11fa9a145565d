"""Row 2: every k-th write, fsync and rename fails, for k until none is left to fail.

The failures are made below SQLite and Python, by a shim under the C library's calls. Creating and
resizing files fail too; each once, and each from the k-th call for ever, as a dead disk does. Some
end in success: SQLite needs neither the last checkpoint nor a link where a rename does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
OPERATIONS = ("batch", "merge", "rm", "compare", "repair", "repair-log")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory if there is one: thousands of real syncs would take minutes."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def accounts(
    shim: Path, disk: Path, stride: int, forms: str, *operations: str
) -> list[dict[str, Any]]:
    """Return what became of every `stride`-th call of these operations (see fault_driver)."""
    words = [str(HERE / "fault_driver.py"), str(disk), str(stride), forms, *operations]
    done = subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"LD_PRELOAD": str(shim), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: list[dict[str, Any]] = json.loads((disk / "accounts.json").read_text())
    return found


def judge(found: list[dict[str, Any]], at_least: int) -> None:
    print(f"\n{'operation':12}{'call':8}{'error':8}{'how long':10}{'failed':>8}  exits")
    for one in found:
        long = "for ever" if one["lasting"] else "once"
        ends = ", ".join(f"{code}: {n}" for code, n in sorted(one["ends"].items()))
        print(
            f"{one['operation']:12}{one['kind']:8}{one['code']:8}{long:10}{one['failed']:8}  {ends}"
        )
    assert [wrong for one in found for wrong in one["wrong"]] == []
    assert sum(one["failed"] for one in found) >= at_least
    # a disk that is dead to writes cannot end in success
    dead = [one for one in found if one["lasting"] and one["kind"] == "write"]
    assert dead
    assert all("74" in one["ends"] for one in dead)


def test_row_2_some_failing_calls(shim: Path, disk: Path) -> None:
    judge(accounts(shim, disk, 24, "text", "batch", "compare", "repair-log"), at_least=20)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_row_2_every_failing_call(shim: Path, disk: Path, operation: str) -> None:
    judge(accounts(shim, disk, 1, "text", operation), at_least=30)


@pytest.mark.slow
def test_row_2_with_html(shim: Path, disk: Path) -> None:
    judge(accounts(shim, disk, 12, "html", "batch"), at_least=40)
