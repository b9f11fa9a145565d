"""Rows 6 and 17: a full disk and a read-only one, both real, under whole commands."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from batch_samples import digest, reports, run_here, written

from overfit_cli.cli.app import execute
from overfit_cli.store import Store

Mount = Callable[[str], Path]
BATCH = """
name = "tiny"
dataset = "moons:n=100,n_test=400"
hidden = [20]
epochs = 2
seeds = 10
[[methods]]
method = "none"
[[methods]]
method = "l2"
"""


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Return a function that mounts a tmpfs of a size and gives its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def at(size: str) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(words, capture_output=True).returncode:
            pytest.skip("a filesystem cannot be mounted here (needs root)")
        return folder

    yield at
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    assert run_here(written(folder, BATCH), folder / "s.db") == 0
    return folder / "s.db"


def test_row_6_a_batch_on_a_full_disk(
    tmp_path: Path, mount: Mount, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk, config = mount("2m"), written(tmp_path, BATCH)
    store, ballast = disk / "s.db", disk / "ballast"
    ballast.write_bytes(bytes(1600 * 1024))
    assert run_here(config, store) == 74
    said = capsys.readouterr().err
    assert said.startswith(f"overfit: store {store}: the disk is full: ")
    needed = int(said.split("full: ")[1].split(" bytes are needed")[0].replace(",", ""))
    assert 1_000 < needed < 100_000
    with Store.open(store, "read") as opened:
        kept = len(opened.select("tiny"))
        assert 0 < kept < 20
        assert opened.check() == []
    assert execute(["compare", "tiny", "--store", str(store)]) == 0
    capsys.readouterr()
    report = ["compare", "--store", str(store), "--format", "html", "--output", str(disk / "r")]
    assert execute(report) == 74
    assert "No space left" in capsys.readouterr().err
    assert sorted(path.name for path in disk.iterdir() if "db" not in path.name) == ["ballast"]
    ballast.unlink()
    assert run_here(config, store) == 0
    assert f"{kept} stored before" in capsys.readouterr().out
    assert digest(store) == digest(whole)


@pytest.mark.parametrize("free", range(0, 80, 16))
def test_row_6_no_room_for_even_an_empty_store(
    tmp_path: Path, mount: Mount, free: int, capsys: pytest.CaptureFixture[str]
) -> None:
    disk, config = mount("256k"), written(tmp_path, BATCH)
    (disk / "ballast").write_bytes(bytes((256 - free) * 1024))
    assert run_here(config, disk / "s.db") == 74
    assert "the disk is full: 150,000 bytes are needed" in capsys.readouterr().err
    (disk / "ballast").unlink()
    with Store.open(disk / "s.db") as store:
        assert store.check() == []


def made_older(store: Path) -> None:
    """Take from a store what later schemas have added."""
    with closing(sqlite3.connect(store)) as connection:
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        for (name,) in connection.execute(tables).fetchall():
            if name not in ("runs", "parts"):
                connection.execute(f"DROP TABLE {name}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.commit()


@pytest.mark.parametrize("older", [False, True])
def test_row_17_a_read_only_disk_is_compared_and_shown(
    tmp_path: Path, mount: Mount, whole: Path, older: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = mount("4m")
    shutil.copyfile(whole, disk / "s.db")
    if older:
        made_older(disk / "s.db")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    forms = ("json", "markdown", "csv")
    assert reports(disk / "s.db", tmp_path, "tiny", forms) == reports(
        whole, tmp_path, "tiny", forms
    )
    for words in (["show"], ["list"], ["doctor"]):
        assert execute([*words, "--store", str(disk / "s.db")]) == 0
    capsys.readouterr()
    assert execute(["rm", "last", "--store", str(disk / "s.db")]) == 74
    said = capsys.readouterr().err
    assert "read-only" in said or "may be written" in said


def test_row_17_an_older_store_is_migrated_and_goes_on(
    tmp_path: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, config = tmp_path / "s.db", written(tmp_path, BATCH)
    shutil.copyfile(whole, store)
    made_older(store)
    assert run_here(config, store) == 0
    assert "20 stored before" in capsys.readouterr().out
    assert digest(store) == digest(whole)
    assert execute(["doctor", "--store", str(store)]) == 0
