"""For `overfit doctor`: what is wrong with a store, and bringing what is intact to a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from overfit_cli.store import batches, ledger, record, rows
from overfit_cli.store.codec import Malformed
from overfit_cli.store.faults import DAMAGE
from overfit_cli.store.rows import Row
from overfit_cli.store.transaction import transaction


def problems(connection: sqlite3.Connection) -> list[str]:
    """Return one sentence for every fault found, reading everything; none if all is well."""
    found: list[str] = []
    for look in (_pages, _contents, _account, _notes):
        try:
            with transaction(connection, "DEFERRED"):
                found += look(connection)
        except DAMAGE as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _pages(connection: sqlite3.Connection) -> list[str]:
    said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    return [] if said == ["ok"] else said


def _contents(connection: sqlite3.Connection) -> Iterator[str]:
    for row in rows.every(connection):
        try:
            document = row.decoded()
            record.join(document, rows.parts(connection, row.run_id, document["parts"]))
        except Malformed as error:
            yield str(error)


def _account(connection: sqlite3.Connection) -> list[str]:
    for _ in rows.intact(connection):
        pass
    return []


def _notes(connection: sqlite3.Connection) -> list[str]:
    batches.read(connection)
    return []


def rescue(source: sqlite3.Connection, target: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """Copy every intact run, with parts and batches, into an empty store.

    Returns the ids copied, and those that were seen but are damaged.
    """
    kept: list[str] = []
    lost: list[str] = []
    for run_id, copy in copies(source):
        if copy is None:
            lost.append(run_id)
            continue
        with transaction(target):
            rows.insert(target, *copy)
        kept.append(run_id)
    with contextlib.suppress(*DAMAGE), transaction(target):
        batches.learn(target, batches.read(source))
    return kept, lost


def copies(source: sqlite3.Connection) -> Iterator[tuple[str, tuple[Row, dict[str, bytes]] | None]]:
    """Yield every run that is seen: its id, and its row with all parts, None if damaged."""
    for run_id in _all_ids(source):
        copy = None
        for indexed in (True, False):  # the index may be damaged, and what it points to not
            with contextlib.suppress(*DAMAGE):
                copy = copy or _copy(source, run_id, indexed)
        yield run_id, copy


def missing(source: sqlite3.Connection) -> int:
    """Return how many runs the ledger counts of which nothing is left; 0 if it cannot be read."""
    with contextlib.suppress(*DAMAGE):
        return max(0, ledger.read(source).runs - len(_all_ids(source)))
    return 0


def _copy(source: sqlite3.Connection, run_id: str, indexed: bool) -> tuple[Row, dict[str, bytes]]:
    row = rows.find(source, run_id, indexed)
    if row is None or row.run_id != run_id:
        raise Malformed(rows.damaged([run_id]))
    document = row.decoded()
    packed = rows.parts(source, run_id, document["parts"], indexed)
    record.join(document, packed)
    return row, packed


def _all_ids(source: sqlite3.Connection) -> list[str]:
    """Return the ids that table or index still give, each read as far as it can be."""
    found: dict[str, None] = {}
    for query in (
        "SELECT run_id FROM runs NOT INDEXED ORDER BY sequence",
        "SELECT run_id FROM runs ORDER BY run_id",
    ):
        with contextlib.suppress(*DAMAGE):
            for row in source.execute(query):
                found[str(row[0])] = None
    return list(found)
