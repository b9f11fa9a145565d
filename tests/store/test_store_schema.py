import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import make_run, run_id_of, same

from overfit_cli.errors import StoreError
from overfit_cli.store import Store, migrations, record, rows
from overfit_cli.store.store import Mode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def first_schema(path: Path) -> None:
    """Write a store as the first release of the schema had it: without a ledger."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrations.upgrade(connection, to=1)
        for number in range(3):
            data, parts = record.split(make_run(number))
            row = rows.Row.sealed(run_id_of(number), "done", ["old"], data)
            connection.execute(
                "INSERT INTO runs (run_id, status, batches, record, checksum) "
                "VALUES (?, ?, ?, ?, ?)",
                (row.run_id, row.status, row.batches, row.record, row.checksum),
            )
            connection.executemany(
                "INSERT INTO parts VALUES (?, ?, ?)",
                [(row.run_id, name, part) for name, part in parts.items()],
            )


@pytest.mark.parametrize("mode", ["read", "write"])
def test_an_older_store_opens_and_migrates(path: Path, mode: Mode) -> None:
    first_schema(path)
    with Store.open(path, mode) as store:
        assert len(store.select("old")) == 3
        assert same(store.load(run_id_of(2), blobs=True), make_run(2))
        assert store.check() == []
    with closing(sqlite3.connect(path)) as connection:
        assert migrations.version(connection) == migrations.LATEST


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [migration.number for migration in migrations.MIGRATIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_migration_that_fails_leaves_the_older_store(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_schema(path)

    def half_way(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM runs")
        connection.execute("SELECT * FROM missing")

    broken = migrations.Migration(2, "broken", half_way)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (migrations.MIGRATIONS[0], broken))
        with pytest.raises(StoreError):
            Store.open(path)
    with Store.open(path, "read") as store:
        assert len(store.summaries()) == 3


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_newer_store_is_refused(path: Path, mode: Mode) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {migrations.LATEST + 1}")
    newer = migrations.LATEST + 1
    with pytest.raises(StoreError, match=rf"newer overfit \(schema {newer}; .*Upgrade"):
        Store.open(path, mode)


def strangers(folder: Path) -> list[Path]:
    """Return files that are no stores: text, an image's beginning, someone else's database."""
    files = [folder / name for name in ("notes.txt", "x.png", "other.db")]
    files[0].write_text("a,b\n1,2\n" * 100)
    files[1].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    with closing(sqlite3.connect(files[2])) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE runs (run_id TEXT)")
        connection.commit()
    return files


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_file_that_is_no_store_is_refused_and_left(tmp_path: Path, mode: Mode) -> None:
    for file in strangers(tmp_path):
        before = hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns
        listing = sorted(tmp_path.iterdir())
        with pytest.raises(StoreError, match="not a store of overfit"):
            Store.open(file, mode)
        assert (hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns) == before
        assert sorted(tmp_path.iterdir()) == listing


def test_a_store_with_more_in_it_is_refused(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END")
    with pytest.raises(StoreError, match="tables"):
        Store.open(path)


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path, "not a file"),
        (tmp_path / "no" / "s.db", "no folder"),
        (tmp_path / ("x" * 300), "store"),
        (tmp_path / "a\0b", "null"),
        ("/dev/null", "not a file"),
    ):
        with pytest.raises(StoreError, match=said):
            Store.open(path)
    with pytest.raises(StoreError, match="there is none"):
        Store.open(tmp_path / "s.db", "read")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_links_holds_a_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    Store.open(path).close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with Store.open(path) as store:
        store.save(make_run())
        assert store.check() == []
