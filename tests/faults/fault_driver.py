"""Runs commands in which the k-th write, sync, rename, creation or resizing fails, for every k.

Started by test_disk_faults.py as a process of its own under LD_PRELOAD=faults.so; each command is
a fork of it, so that a thousand failures cost a thousand short commands and one start.
Writes accounts.json: per operation and kind how often it failed and how that ended.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from batch_samples import command, digest, reports, run_here, stored_rows, written

from overfit_cli.cli.app import execute
from overfit_cli.errors import StoreError
from overfit_cli.store import Store

REPAIRS = ("repair", "repair-log")
KINDS = {"write": 1, "sync": 2, "rename": 3, "create": 4, "resize": 5}
CODES = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC}
FOR_EVER = 10**9
TINY = """
name = "tiny"
dataset = "moons:n=60,n_test=20"
hidden = [3]
epochs = 2
seeds = 2
[[methods]]
method = "none"
[[methods]]
method = "l2"
"""
OTHER = TINY.replace("tiny", "other").replace("n=60", "n=70")
SHIM = ctypes.CDLL(None)


@dataclass(frozen=True)
class Operation:
    """A command that writes: how to prepare its folder, and its words."""

    words: Callable[[Path], list[str]]
    prepare: Callable[[Path], None] = lambda folder: None


@dataclass
class Account:
    """What was seen of one operation, kind and error code."""

    operation: str
    kind: str
    code: str
    lasting: bool
    failed: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def store_copied(folder: Path) -> None:
    shutil.copyfile(folder.parent / "whole.db", folder / "s.db")


def merge_prepared(folder: Path) -> None:
    store_copied(folder)
    shutil.copyfile(folder.parent / "other.db", folder.parent / "source.db")


def repair_prepared(folder: Path) -> None:
    content = (folder.parent / "whole.db").read_bytes()
    (folder / "s.db").write_bytes(content.replace(b'"method":"l2"', b'"method":"l3"', 1))


def log_prepared(folder: Path) -> None:
    """Put what a killed writer left: its runs are in the log, and the header is damaged."""
    for path in (folder.parent / "killed").iterdir():
        shutil.copyfile(path, folder / path.name)


def killed(work: Path, config: Path) -> None:
    """Leave in work/killed a store whose runs are all in its log."""
    folder, store = work / "killed", work / "s.db"
    folder.mkdir()
    Store.open(store).close()
    with Store.open(store):  # open in two places: the log stays when the batch ends
        assert run_here(config, store) == 0
        for name in ("s.db", "s.db-wal"):
            shutil.copyfile(work / name, folder / name)
    content = bytearray((folder / "s.db").read_bytes())
    content[19] ^= 8  # SQLite takes it for another version's, and leaves the log alone
    (folder / "s.db").write_bytes(content)


def report_prepared(folder: Path) -> None:
    store_copied(folder)
    (folder / "report.md").write_text("the report of yesterday")


def of_store(*words: str) -> Callable[[Path], list[str]]:
    return lambda folder: [*words, "--store", str(folder / "s.db")]


OPERATIONS = {
    "batch": Operation(lambda folder: command(folder.parent / "batch.toml", folder / "s.db",
                                              "--executor", "serial")[3:]),
    "merge": Operation(
        lambda folder: of_store("merge", str(folder.parent / "source.db"))(folder), merge_prepared
    ),
    "repair": Operation(of_store("doctor", "--repair"), repair_prepared),
    "repair-log": Operation(of_store("doctor", "--repair"), log_prepared),
    "rm": Operation(of_store("rm", "seed=1"), store_copied),
    "compare": Operation(
        lambda folder: of_store("compare", "tiny", "--no-times", "--format", "markdown",
                                "--output", str(folder / "report.md"))(folder),
        report_prepared,
    ),
}  # fmt: skip


def forked(work: Callable[[], Any]) -> Any:
    """Return what `work` returns in a fork of this process; raise if it does not come back."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer: Any = None
        try:
            os.close(reader)
            answer = work()
        except BaseException:
            traceback.print_exc()
        finally:
            with os.fdopen(writer, "w") as pipe:
                json.dump(answer, pipe)
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    if answer is None:
        raise RuntimeError("a check did not come to its end")
    return answer


def broken(words: list[str], folder: Path, arm: tuple[int, int, int, int]) -> tuple[int, int, str]:
    """Run a command of which some calls fail; return exit code, calls seen and what it said."""
    said = folder.parent / "said.txt"
    with said.open("w") as file:
        sys.stdout = sys.stderr = file
        SHIM.fault_arm(str(folder).encode(), *arm)
        code = execute(words)
        SHIM.fault_disarm()
    return code, SHIM.fault_seen(), said.read_text()


def readable_rows(store: Path) -> dict[str, str]:
    """Return the stored rows, of a damaged store none."""
    try:
        return stored_rows(store)
    except StoreError:
        return {}


class Faults:
    """Everything that is checked after each failure, against an unbroken run."""

    def __init__(self, work: Path, with_html: bool) -> None:
        self.work = work
        self.forms = ("json", "markdown", "html", "csv") if with_html else ("json", "markdown")
        config = written(work, OTHER)
        assert run_here(config, work / "other.db") == 0
        config = written(work, TINY)
        assert run_here(config, work / "whole.db") == 0
        killed(work, config)
        self.digest = digest(work / "whole.db")
        self.reports = reports(work / "whole.db", work, "tiny", self.forms)
        self.hurt = {
            name: (self._prepared(OPERATIONS[name]) / "s.db").read_bytes() for name in REPAIRS
        }
        self.after = {name: self._after(name) for name in OPERATIONS}

    def _after(self, name: str) -> tuple[str, bytes]:
        """Return what an unbroken operation leaves: the store's digest, the named output."""
        folder = self._prepared(OPERATIONS[name])
        assert execute(OPERATIONS[name].words(folder)) == 0
        return self._left(folder)

    def _left(self, folder: Path) -> tuple[str, bytes]:
        output = folder / "report.md"
        return digest(folder / "s.db"), output.read_bytes() if output.exists() else b""

    def _prepared(self, operation: Operation) -> Path:
        folder = self.work / "disk"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        operation.prepare(folder)
        return folder

    def account(self, name: str, kind: str, code: str, lasting: bool, stride: int) -> Account:
        """Fail every `stride`-th call of an operation in turn, until none is left to fail."""
        found, operation = Account(name, kind, code, lasting), OPERATIONS[name]
        number = 1
        while True:
            folder = self._prepared(operation)
            arm = KINDS[kind], number, FOR_EVER if lasting else 1, CODES[code]
            words = operation.words(folder)
            ended, seen, said = forked(lambda folder=folder, w=words, a=arm: broken(w, folder, a))
            if seen < number:
                return found
            found.failed += 1
            found.ends[str(ended)] = found.ends.get(str(ended), 0) + 1
            wrong = forked(lambda folder=folder, e=ended, s=said: self.wrong(name, folder, e, s))
            found.wrong += [f"{name}, {kind} {number}, {code}: {what}" for what in wrong]
            number += stride

    def wrong(self, name: str, folder: Path, ended: int, said: str) -> list[str]:
        """Return what is not as it must be after a failure, and after the same command again."""
        return [*self._told(ended, said), *self._whole(name, folder), *self._again(name, folder)]

    def _told(self, ended: int, said: str) -> Iterator[str]:
        if ended not in (0, 74):
            yield f"exit {ended}: {said}"
        if ended == 74 and not said.splitlines()[-1].startswith("overfit: "):
            yield f"said: {said}"
        if "Traceback" in said or "internal error" in said:
            yield said

    def _whole(self, name: str, folder: Path) -> Iterator[str]:
        if name in REPAIRS:
            if not any(path.read_bytes() == self.hurt[name] for path in folder.glob("s.db*")):
                yield "the damaged file is gone"
        elif (folder / "s.db").exists():
            with Store.open(folder / "s.db", "read") as store:
                yield from store.check()
        if name == "compare":
            output = (folder / "report.md").read_bytes()
            if output not in (b"the report of yesterday", self.after[name][1]):
                yield "half a report was written"

    def _again(self, name: str, folder: Path) -> Iterator[str]:
        before = readable_rows(folder / "s.db")
        code = execute(OPERATIONS[name].words(folder))
        if code not in ((0, 2) if name == "rm" else (0,)):  # 2: they were removed before
            yield f"the same command again: exit {code}"
            return
        after = stored_rows(folder / "s.db")
        if name != "rm" and {run: after.get(run) for run in before} != before:
            yield "a stored run was trained again or lost"
        if self._left(folder) != self.after[name]:
            yield "the same command again left something else"
        if (
            name == "batch"
            and reports(folder / "s.db", self.work, "tiny", self.forms) != self.reports
        ):
            yield "the reports differ"
        left = sorted(path.name for path in folder.iterdir() if ".db.damaged" not in path.name)
        if left not in (["s.db"], ["report.md", "s.db"]):
            yield f"left behind: {left}"


def main(work: str, stride: int, with_html: bool, names: list[str]) -> None:
    faults = Faults(Path(work), with_html)
    ways = list(itertools.product(CODES, (False, True)))
    if stride > 1 and not with_html:  # a sample
        ways = [("EIO", False), ("ENOSPC", True)]
    accounts = [
        asdict(faults.account(name, kind, code, lasting, stride))
        for name in names
        for kind in KINDS
        for code, lasting in ways
    ]
    Path(work, "accounts.json").write_text(json.dumps(accounts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "html", sys.argv[4:])
