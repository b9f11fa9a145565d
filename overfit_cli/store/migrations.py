"""Numbered changes of the schema. One that was released is never edited: add the next number."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from overfit_cli.errors import StoreError
from overfit_cli.store import batches, ledger, schema
from overfit_cli.store.codec import Malformed
from overfit_cli.store.transaction import patiently, transaction


@dataclass(frozen=True)
class Migration:
    """One step of the schema, applied in one transaction."""

    number: int
    name: str
    apply: Callable[[sqlite3.Connection], None]


def _runs_and_parts(connection: sqlite3.Connection) -> None:
    connection.execute(schema.RUNS)
    connection.execute(schema.PARTS)


def _ledger(connection: sqlite3.Connection) -> None:
    connection.execute(schema.LEDGER)
    connection.execute("INSERT INTO ledger VALUES (0, x'')")
    checksums = [row[0] for row in connection.execute("SELECT checksum FROM runs")]
    ledger.write(connection, ledger.Ledger.of(checksums))


def _batches(connection: sqlite3.Connection) -> None:
    connection.execute(schema.BATCHES)
    batches.begin(connection)


MIGRATIONS = (
    Migration(1, "runs and their parts", _runs_and_parts),
    Migration(2, "a ledger of all runs", _ledger),
    Migration(3, "what a batch's settings are chosen by", _batches),
)
LATEST = MIGRATIONS[-1].number


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied to the store; 0 if it is empty."""
    return int(patiently(connection, "PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError if the schema of the store at `path` is newer than the newest known here."""
    found = version(connection)
    if found > LATEST:
        raise StoreError(
            f"store {path} was written by a newer overfit (schema {found}; this one knows up to "
            f"{LATEST}). Upgrade overfit, or name another store with --store."
        )


def upgrade(connection: sqlite3.Connection, to: int = LATEST) -> None:
    """Apply every migration up to number `to` that the store lacks, each in one transaction."""
    for migration in MIGRATIONS[:to]:
        with transaction(connection):
            # Read again under the lock: another process may have been first.
            if version(connection) < migration.number:
                migration.apply(connection)
                connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {migration.number}")


def require_tables(connection: sqlite3.Connection) -> None:
    """Check that a migrated store has the tables, indexes and nothing else, to the letter.

    A flipped bit here would make SQLite read intact rows in another order; a stranger's store
    could bring triggers and views.

    Raises:
        Malformed: if something differs.
    """
    if _objects(connection) != _expected():
        raise Malformed("its tables are not those of a store")


def has_tables(connection: sqlite3.Connection) -> bool:
    """Tell whether the tables of the first schema are there, to the letter, whatever else is."""
    first = {row for row in _expected() if row[1] in ("runs", "parts")}
    return first <= set(_objects(connection))


def _objects(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    return patiently(connection, query).fetchall()


@functools.cache
def _expected() -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        upgrade(fresh)
        return _objects(fresh)
