"""The sum of what a store should hold: a count and an exclusive or of checksums.

Exclusive or is its own inverse and has no order: a run is entered and struck out by the same
operation, and rows may be read in any order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from overfit_cli.store.codec import DIGEST_BYTES, Malformed


@dataclass(frozen=True)
class Ledger:
    """Number of runs and exclusive or of their checksums (as an integer)."""

    runs: int = 0
    total: int = 0

    def enter(self, checksum: bytes) -> Ledger:
        """Return the ledger with one run more."""
        return Ledger(self.runs + 1, self.total ^ int.from_bytes(checksum))

    def strike(self, checksum: bytes) -> Ledger:
        """Return the ledger with one run less."""
        return Ledger(self.runs - 1, self.total ^ int.from_bytes(checksum))

    @classmethod
    def of(cls, checksums: Iterable[bytes]) -> Ledger:
        """Return the ledger of a store that holds these runs."""
        ledger = cls()
        for checksum in checksums:
            ledger = ledger.enter(checksum)
        return ledger


def read(connection: sqlite3.Connection) -> Ledger:
    """Return the stored ledger.

    Raises:
        Malformed: if there is none, or it is no ledger.
    """
    row = connection.execute("SELECT runs, digest FROM ledger").fetchone()
    if row is None or not isinstance(row[0], int) or not isinstance(row[1], bytes):
        raise Malformed("the ledger of runs is damaged")
    return Ledger(row[0], int.from_bytes(row[1]))


def write(connection: sqlite3.Connection, ledger: Ledger) -> None:
    """Store `ledger` in place of the one that is there."""
    # Longer than a digest only where damage made a checksum longer.
    size = max(DIGEST_BYTES, (ledger.total.bit_length() + 7) // 8)
    values = (ledger.runs, ledger.total.to_bytes(size))
    connection.execute("UPDATE ledger SET runs = ?, digest = ?", values)
