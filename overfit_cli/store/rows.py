"""Rows of the tables: the only SQL over runs and parts. Callers hold the transaction."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from overfit_cli.store import ledger
from overfit_cli.store.codec import Malformed, digest, from_json, to_json
from overfit_cli.store.contents import require_names
from overfit_cli.store.record import decode

_COLUMNS = "run_id, status, batches, record, checksum"


@dataclass(frozen=True)
class Row:
    """One row of `runs`; `checksum` is the digest of the other four."""

    run_id: str
    status: str
    batches: bytes
    record: bytes
    checksum: bytes

    @classmethod
    def read(cls, run_id: Any, *others: Any) -> Self:
        """Return the row as SQLite gave it, where damage can make any type of anything."""
        return cls(str(run_id), *others)

    @classmethod
    def sealed(cls, run_id: str, status: str, batches: Sequence[str], record: bytes) -> Self:
        """Return the row of these contents with its checksum."""
        names = to_json(batches)
        return cls(run_id, status, names, record, digest(run_id, status, names, record))

    def is_intact(self) -> bool:
        """Tell whether the contents are those that were saved, by their checksum."""
        return digest(self.run_id, self.status, self.batches, self.record) == self.checksum

    def is_whole(self) -> bool:
        """Tell whether the contents are also those of a run, which takes longer."""
        return self.sound() is not None

    def sound(self) -> dict[str, Any] | None:
        """Return the record, None if it is damaged."""
        try:
            return self.decoded()
        except Malformed:
            return None

    def decoded(self) -> dict[str, Any]:
        """Return the record.

        Raises:
            Malformed: if the row is not what was saved, or not of a run.
        """
        if not self.is_intact():
            raise Malformed(damaged([self.run_id]))
        self.batch_names()
        try:
            record = decode(self.record)
        except Malformed as error:
            raise Malformed(damaged([self.run_id], str(error))) from error
        if (record["run_id"], record["status"]) != (self.run_id, self.status):
            raise Malformed(damaged([self.run_id], "its record is another's"))
        return record

    def batch_names(self) -> tuple[str, ...]:
        """Return the batches the run is a member of, the latest last.

        Raises:
            Malformed: if they cannot be.
        """
        try:
            return _names(self.batches)
        except Malformed as error:
            raise Malformed(damaged([self.run_id], str(error))) from error


@functools.lru_cache(maxsize=64)  # thousands of runs are of the same batches
def _names(batches: bytes) -> tuple[str, ...]:
    return require_names(from_json(batches))


def damaged(run_ids: Sequence[str], why: str = "") -> str:
    """Say which runs are damaged and what helps."""
    some = ", ".join(run_ids[:5]) + (f" and {len(run_ids) - 5} more" if len(run_ids) > 5 else "")
    told = f"{some} ({why})" if why else some
    return f"damaged: run {told}. `overfit rm` them, and the same command trains them again"


def find(connection: sqlite3.Connection, run_id: str, indexed: bool = True) -> Row | None:
    """Return the row of a run, unchecked, or None; `indexed` or through the whole table."""
    if not run_id.isascii():  # ids are; SQLite would choke on what a terminal can pass
        return None
    query = f"SELECT {_COLUMNS} FROM runs {_how(indexed)} WHERE run_id = ?"
    row = connection.execute(query, (run_id,)).fetchone()
    return None if row is None else Row.read(*row)


def _how(indexed: bool) -> str:
    return "" if indexed else "NOT INDEXED"


def every(connection: sqlite3.Connection, newest_first: bool = False) -> Iterator[Row]:
    """Yield all rows, unchecked, in the order saved or its reverse."""
    order = "DESC" if newest_first else "ASC"
    query = f"SELECT {_COLUMNS} FROM runs ORDER BY sequence {order}"
    return (Row.read(*row) for row in connection.execute(query))


def intact(connection: sqlite3.Connection) -> Iterator[Row]:
    """Yield all rows in the order saved.

    Raises:
        Malformed: where they end, if some are damaged, or missing by the ledger's account.
    """
    bad: list[str] = []
    ids: set[str] = set()
    seen = ledger.Ledger()
    for row in every(connection):
        # twice: saved again after damage to the index, which has hidden the first
        if row.is_intact() and row.run_id not in ids:
            seen = seen.enter(row.checksum)
            ids.add(row.run_id)
            yield row
        else:
            bad.append(row.run_id)
    if bad:
        raise Malformed(damaged(bad))
    stored = ledger.read(connection)
    if seen != stored:
        raise Malformed(f"{stored.runs} runs were saved, {seen.runs} are found, or not the same")


def ids(connection: sqlite3.Connection, prefix: str = "") -> list[str]:
    """Return the run ids that begin with `prefix`, sorted."""
    if not prefix.isascii():
        return []
    query = "SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id"
    return [str(row[0]) for row in connection.execute(query, (prefix, prefix + "\x7f"))]


def last_id(connection: sqlite3.Connection) -> str | None:
    """Return the id of the run saved last, or None."""
    query = "SELECT run_id FROM runs ORDER BY sequence DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    return None if row is None else str(row[0])


def parts(
    connection: sqlite3.Connection, run_id: str, names: Iterable[str], indexed: bool = True
) -> dict[str, bytes]:
    """Return the parts of these names, `indexed` or through the whole table.

    Raises:
        Malformed: if one is missing.
    """
    query = f"SELECT data FROM parts {_how(indexed)} WHERE run_id = ? AND name = ?"
    found = {name: connection.execute(query, (run_id, name)).fetchone() for name in names}
    missing = [name for name, row in found.items() if row is None or type(row[0]) is not bytes]
    if missing:
        raise Malformed(damaged([run_id]))
    return {name: row[0] for name, row in found.items()}


def insert(connection: sqlite3.Connection, row: Row, packed: Mapping[str, bytes]) -> None:
    """Add a run with its parts and enter it in the ledger."""
    values = (row.run_id, row.status, row.batches, row.record, row.checksum)
    connection.execute(f"INSERT INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", values)
    members = [(row.run_id, name, data) for name, data in packed.items()]
    connection.executemany("INSERT INTO parts (run_id, name, data) VALUES (?, ?, ?)", members)
    ledger.write(connection, ledger.read(connection).enter(row.checksum))


def rebatch(connection: sqlite3.Connection, row: Row, batches: Sequence[str]) -> None:
    """Make `row` a member of these batches, and the last run."""
    new = Row.sealed(row.run_id, row.status, batches, row.record)
    connection.execute(
        "UPDATE runs SET sequence = (SELECT max(sequence) + 1 FROM runs), batches = ?, "
        "checksum = ? WHERE run_id = ?",
        (new.batches, new.checksum, row.run_id),
    )
    struck = ledger.read(connection).strike(row.checksum)
    ledger.write(connection, struck.enter(new.checksum))


def delete(connection: sqlite3.Connection, run_ids: Iterable[str]) -> int:
    """Remove runs with their parts, strike them from the ledger, and return how many there were."""
    count = 0
    for run_id in run_ids:
        row = find(connection, run_id)
        if row is not None:
            connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            ledger.write(connection, _without(connection, row))
            count += 1
    return count


def _without(connection: sqlite3.Connection, gone: Row) -> ledger.Ledger:
    """Return the ledger without `gone`, which has been deleted."""
    account = ledger.read(connection)
    if gone.is_intact():
        return account.strike(gone.checksum)
    # What was entered for a damaged row is not known: add up those that are left.
    left = connection.execute("SELECT checksum FROM runs WHERE typeof(checksum) = 'blob'")
    rest = ledger.Ledger.of(row[0] for row in left)
    return rest if rest.runs == account.runs - 1 else ledger.Ledger(account.runs - 1, account.total)
