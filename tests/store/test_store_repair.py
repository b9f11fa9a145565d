"""Repairing: what is damage and what is not, interrupted repairs, and writers at work."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import ids_of, make_run, run_id_of
from test_store_disks import killed_writer

from overfit_cli.cli.app import execute
from overfit_cli.errors import StoreError
from overfit_cli.store import Store, repair

RUN = ("run", "--dataset", "moons:n=60,n_test=20", "--hidden", "3", "--method", "none")


def damaged(path: Path) -> Path:
    """Make at `path` what a killed writer leaves, with a header that keeps SQLite from it."""
    killed_writer(path)
    content = bytearray(path.read_bytes())
    content[19] ^= 8
    path.write_bytes(content)
    return path


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".overfit-*"))


def doctor(path: Path, *more: str) -> int:
    return execute(["doctor", "--store", str(path), *more])


def newer(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA application_id = 7")


def with_tables_of_the_same_names(path: Path) -> None:
    of_another_program(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE runs (run_id TEXT)")
        connection.execute("CREATE TABLE parts (run_id TEXT)")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (newer, "written by a newer overfit"),
        (of_another_program, "not a store of overfit"),
        (with_tables_of_the_same_names, "not a store of overfit"),
    ],
)
def test_what_is_not_damaged_is_not_repaired(tmp_path, capsys, make, said):
    path = tmp_path / "s.db"
    make(path)
    before = path.read_bytes()
    for more in ((), ("--repair",), ("--json",)):
        assert doctor(path, *more) == 74
        told = capsys.readouterr().err
        assert said in told
        assert "--repair" not in told
        assert "Move it away" not in told
        assert "copy.db" not in told
    with pytest.raises(StoreError, match=said):
        repair(path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"s.db": before}


def test_a_busy_store_is_not_damaged(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("overfit_cli.store.transaction.PATIENCE_SECONDS", 0.1)
    path = tmp_path / "s.db"
    Store.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert doctor(path, "--repair") == 74
    assert "Another process held it" in capsys.readouterr().err
    assert not list(tmp_path.glob("*damaged*"))


def test_an_empty_file_is_no_store_yet_and_stays_one(tmp_path, capsys):
    path = tmp_path / "s.db"
    path.touch()
    with pytest.raises(StoreError, match="there is none"):
        Store.open(path, "read")
    for words in (["list"], ["show"], ["doctor"]):
        execute([*words, "--store", str(path)])
    assert (path.read_bytes(), hidden(tmp_path)) == (b"", [])
    assert execute([*RUN, "--epochs", "1", "--store", str(path)]) == 0
    assert doctor(path) == 0


@pytest.mark.parametrize("call", ["hardlink_to", "replace", "unlink"])
@pytest.mark.parametrize("number", range(1, 5))
def test_a_repair_that_is_cut_short_loses_nothing(tmp_path, monkeypatch, call, number):
    """The `number`-th call on a file of the store ends the process, as far as it can tell."""
    path = damaged(tmp_path / "s.db")
    child = os.fork()
    if child == 0:
        real, calls = getattr(Path, call), iter(range(1, 100))

        def dying(self, *arguments, **options):
            if "s.db" in f"{self} {arguments}" and next(calls) == number:
                os._exit(9)
            return real(self, *arguments, **options)

        monkeypatch.setattr(Path, call, dying)
        repair(path)
        os._exit(0)
    os.waitpid(child, 0)
    doctor(path, "--repair")
    with Store.open(path, "read") as store:
        assert store.check() == []
        assert ids_of(store) == {run_id_of(0), run_id_of(1)}


def test_a_repair_on_a_disk_without_links(tmp_path, monkeypatch):
    path = damaged(tmp_path / "s.db")
    before = path.read_bytes()

    def refused(self, target):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    path.chmod(0o600)
    assert len(repair(path).kept) == 2
    assert (tmp_path / "s.db.damaged").read_bytes() == before
    assert (tmp_path / "s.db.damaged-wal").stat().st_size > 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_repair_waits_for_no_writer_and_loses_none_of_its_runs(tmp_path, capsys):
    path = tmp_path / "s.db"
    with Store.open(path) as store:
        store.save(make_run(0))
        store.save(make_run(1))
    path.write_bytes(path.read_bytes().replace(b'"method":"none"', b'"method":"nona"', 1))
    words = [sys.executable, "-m", "overfit_cli", *RUN, "--store", str(path), "--epochs"]
    writing = subprocess.Popen([*words, "100000000"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not hidden(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert doctor(path, "--repair") == 74
        assert "it is in use by another process" in capsys.readouterr().err
        assert not list(tmp_path.glob("*damaged*"))
    finally:
        writing.kill()
        writing.wait()
    assert doctor(path, "--repair") == 0
    assert subprocess.run([*words, "2"], stdout=subprocess.DEVNULL).returncode == 0
    with Store.open(path, "read") as store:
        assert len(store.statuses()) == 2
    assert hidden(tmp_path) == []


def test_a_writer_waits_for_a_repair(tmp_path, monkeypatch):
    from overfit_cli.store import lock

    path = tmp_path / "s.db"
    Store.open(path).close()
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.05)
    with lock.alone(path, path):
        with pytest.raises(StoreError, match="is being repaired"):
            Store.open(path)
        Store.open(path, "read").close()
    with Store.open(path), Store.open(path):
        assert len(hidden(tmp_path)) == 1
    assert hidden(tmp_path) == []


def test_writers_share_a_store_through_a_link(tmp_path):
    path, folder = tmp_path / "s.db", tmp_path / "links"
    folder.mkdir()
    Store.open(path).close()
    (folder / "l.db").symlink_to(path)
    with Store.open(folder / "l.db"), pytest.raises(StoreError, match="in use"):
        repair(path)
    shutil.rmtree(folder)
