"""What a store knows of batches beyond their runs: what chooses settings, how many runs."""

from __future__ import annotations

import sqlite3
from typing import Any

from overfit_cli.store.codec import Malformed, digest, from_json, to_json
from overfit_cli.store.contents import require_batches

Batches = dict[str, dict[str, Any]]
_ADVICE = "`overfit compare` needs --select"


def begin(connection: sqlite3.Connection) -> None:
    """Add the row of a store that knows of none."""
    connection.execute("INSERT INTO batches VALUES (?, ?)", _sealed({}))


def read(connection: sqlite3.Connection) -> Batches:
    """Return what is known, by name: `{"keep": {"select": "nll", "planned": 320}}`.

    Raises:
        Malformed: if it is damaged.
    """
    row = connection.execute("SELECT record, checksum FROM batches").fetchone()
    try:
        if row is None or digest(row[0]) != row[1]:
            raise Malformed("not as it was written")
        return require_batches(from_json(row[0]))
    except Malformed as error:
        raise Malformed(f"what was stored of batches is damaged ({error}); {_ADVICE}") from error


def learn(connection: sqlite3.Connection, news: Batches) -> None:
    """Replace what is known of the batches in `news`."""
    known = read(connection)
    if known | news != known:
        connection.execute("UPDATE batches SET record = ?, checksum = ?", _sealed(known | news))


def _sealed(known: Batches) -> tuple[bytes, bytes]:
    record = to_json(known)
    return record, digest(record)
