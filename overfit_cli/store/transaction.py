"""Transactions: all or nothing, waiting for other processes."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Literal

# SQLite waits in C, deaf to Ctrl-C, and sometimes, to avoid a deadlock, not at all.
STEP_SECONDS = 0.5
PAUSE_SECONDS = 0.01
PATIENCE_SECONDS = 60.0


@contextlib.contextmanager
def transaction(
    connection: sqlite3.Connection, kind: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE"
) -> Iterator[None]:
    """Commit what is done inside, or, after any exception, none of it.

    IMMEDIATE takes the write lock at once, so that a transaction never fails half-way because
    another process wrote in between. DEFERRED is for reading one unchanging state.
    """
    patiently(connection, f"BEGIN {kind}")
    try:
        patiently(connection, "SELECT count(*) FROM sqlite_schema")  # takes the lock for reading
        yield
        patiently(connection, "COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def patiently(connection: sqlite3.Connection, statement: str) -> sqlite3.Cursor:
    """Execute a statement, waiting up to PATIENCE_SECONDS for other processes' locks."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process's lock is the reason."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
