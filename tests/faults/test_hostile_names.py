"""Row 14: whatever runs, batches, data, stores and outputs are called: no write elsewhere."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest
from hostile_names import hostile_names

from overfit_cli.cli.app import execute
from overfit_cli.errors import StoreError
from overfit_cli.report.files import write_file
from overfit_cli.store import repair

TINY = ("--hidden", "2", "--epochs", "1")
MOONS = ("--dataset", "moons:n=40,n_test=20", *TINY)
TABLE = "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(30))
CONFIG = "dataset = 'moons:n=40,n_test=20'\nhidden = [2]\nepochs = 1\n"
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

written: list[str] | None = None


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Note every file that Python opens to write, as long as `written` is a list."""
    if written is not None and event == "open" and isinstance(arguments[2], int):
        path = arguments[0]
        if arguments[2] & WRITES and isinstance(path, str | bytes):
            written.append(os.fsdecode(path))


sys.addaudithook(watch)


class Arena:
    """A folder to work in, with all around it that must stay as it is."""

    def __init__(self, root: Path) -> None:
        self.root, self.work, self.outside = root, root / "deep/work", root / "deep/outside"
        for folder in (self.work, self.outside, root / "home", root / "temporary"):
            folder.mkdir(parents=True)
        (self.outside / "secret").write_text("precious")
        (self.outside / "x.csv").write_text(TABLE)
        (self.work / "link").symlink_to(self.outside)
        (self.work / "out.db").symlink_to(self.outside / "secret")
        (self.work / "dangling").symlink_to(self.outside / "made-through-a-link")
        (self.work / "loop").symlink_to("loop")

    def everything(self) -> dict[str, str]:
        """Return what is where, but for temporary files, which are to be gone."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            mode = path.lstat().st_mode
            content = str(path.readlink()) if stat.S_ISLNK(mode) else str(stat.S_IFMT(mode))
            if stat.S_ISREG(mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(self.root))] = content
        return found


@pytest.fixture
def arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arena:
    made = Arena(tmp_path)
    monkeypatch.chdir(made.work)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    for name in ("OVERFIT_STORE", "OVERFIT_DATA"):
        monkeypatch.delenv(name, raising=False)
    assert execute(["run", *MOONS]) == 0
    return made


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {path for path in before | after if before.get(path) != after.get(path)}


def names(arena: Arena, stride: int) -> list[str]:
    found = hostile_names(arena.outside)
    assert len(found) >= 200
    return found[::stride]


def ended(arena: Arena, words: list[str], capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Run a command; return what it changed. It ends as commands do, and opens nothing else."""
    global written
    before, written = arena.everything(), []
    code = execute(words)
    opened, written = written, None
    said = capsys.readouterr().err
    assert code in (0, 2, 65, 74), (words, code, said)
    assert "Traceback" not in said
    assert "internal error" not in said
    possible = [Path(path).resolve() for path in opened if "\0" not in path]
    made = [path for path in possible if path.parent.exists()]
    away = [str(path) for path in made if not path.is_relative_to(arena.root)]
    assert set(away) <= {os.devnull, "/dev/tty"}, words
    return changed(before, arena.everything())


STRIDES = [16, pytest.param(1, marks=pytest.mark.slow)]


@pytest.mark.parametrize("stride", STRIDES)
def test_row_14_names_of_runs_and_batches(
    arena: Arena, stride: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(names(arena, stride)):
        for command in ("show", "verify", "compare", "list", "predict"):
            more = ["x.csv"] if command == "predict" else []
            assert ended(arena, [command, "--", name, *more], capsys) == set(), name
        config = arena.work / f"c{number}.toml"
        config.write_text(f"name = {toml(name)}\n{CONFIG}", encoding="utf-8")
        assert ended(arena, ["batch", str(config)], capsys) <= {"deep/work/overfit.db"}, name
        assert ended(arena, ["rm", "--", name], capsys) <= {"deep/work/overfit.db"}, name


def toml(text: str) -> str:
    shown = (f"\\U{ord(letter):08x}" for letter in text.encode("utf-8", "replace").decode())
    return '"' + "".join(shown) + '"'


@pytest.mark.parametrize("stride", STRIDES)
def test_row_14_names_of_data_sets_and_configs(
    arena: Arena, stride: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names(arena, stride):
        if creatable(arena, name):
            Path(name).write_text(TABLE)
        data = ["run", f"--dataset={name}", "--target", "y", *TINY]
        assert ended(arena, data, capsys) <= {"deep/work/overfit.db"}, name
        assert ended(arena, ["list"], capsys) == set()
        assert ended(arena, ["run", f"--config={name}", *TINY], capsys) == set(), name


def creatable(arena: Arena, name: str) -> bool:
    """Tell whether a file of this name can be made in the working folder, where there is none.

    Not one named as the store's log: SQLite takes that for its own, and removes it.
    """
    if name.startswith("overfit.db-"):
        return False
    try:
        inside = Path(name).parent.resolve() == arena.work
        short = 0 < len(os.fsencode(Path(name).name)) <= 255
        return inside and short and "\0" not in name and not os.path.lexists(name)
    except (OSError, ValueError):
        return False


@pytest.mark.parametrize("stride", STRIDES)
def test_row_14_names_of_outputs(
    arena: Arena, stride: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names(arena, stride):
        words = ["compare", "--no-times", "--format", "csv", f"--output={name}"]
        assert ended(arena, words, capsys) <= {named(arena, name)}, name


@pytest.mark.parametrize("stride", STRIDES)
def test_row_14_names_of_stores(
    arena: Arena, stride: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names(arena, stride):
        for more in ((), ("--repair",)):
            words = ["doctor", f"--store={name}", *more]
            assert ended(arena, words, capsys) == set(), name
        words = ["run", *MOONS, f"--store={name}"]
        assert ended(arena, words, capsys) <= {named(arena, name or "overfit.db")}, name


@pytest.mark.parametrize(
    "name", ["pipe", "loop", "x" * 300, "a\0b", "secret/x", "link", "/dev/null"]
)
def test_row_14_doctor_neither_waits_nor_breaks(
    arena: Arena, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    for more in ((), ("--repair",)):
        assert ended(arena, ["doctor", "--store", name, *more], capsys) == set()
    with pytest.raises(StoreError):
        repair(Path(name))


def named(arena: Arena, name: str) -> str:
    """Return the one place that `name` may be written at, a link in it followed but the last."""
    try:
        path = Path(name)
        place = path.parent.resolve() / path.name
        return str(place.relative_to(arena.root))
    except (OSError, ValueError):
        return ""


def test_row_14_an_output_never_replaces_a_store_or_a_device(arena: Arena) -> None:
    for name in ("overfit.db", "./overfit.db", "overfit.db-wal", "overfit.db-journal"):
        with pytest.raises(StoreError, match="a store or a part of one"):
            write_file(name, "report")
    assert execute(["list"]) == 0
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_file("pipe", "report")
    assert os.read(reader, 100) == b"report"
    os.close(reader)
    Path("null").symlink_to(os.devnull)
    write_file("null", "report")
    assert stat.S_ISCHR(Path("null").stat().st_mode)
    Path("linked").symlink_to(arena.outside / "secret")
    write_file("linked", "report")
    assert (arena.outside / "secret").read_text() == "precious"
    assert Path("linked").read_text() == "report"
