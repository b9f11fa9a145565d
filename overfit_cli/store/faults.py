"""What SQLite reports, in words for the user: what is wrong, with which file, what to do."""

from __future__ import annotations

import contextlib
import errno
import math
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from overfit_cli.errors import StoreError
from overfit_cli.store.codec import Malformed

_PATH_HINT = "Check that its folder exists and may be written, or name another with --store."
_DISK = "The disk or its connection failed; check it, then run the same command again."
ADVICE = {
    sqlite3.SQLITE_BUSY: "Another process held it for a minute. Let that finish, then run again.",
    sqlite3.SQLITE_READONLY: "It cannot be written: the file, its folder or the disk is read-only.",
    sqlite3.SQLITE_CANTOPEN: _PATH_HINT,
    sqlite3.SQLITE_PERM: _PATH_HINT,
    sqlite3.SQLITE_AUTH: _PATH_HINT,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_NOTADB: "It is not a store, or is damaged; it was left as it is.",
}
# A damaged schema gives columns names that are no text; Python's sqlite3 decodes those itself.
DAMAGE = (sqlite3.Error, Malformed, UnicodeDecodeError)
# An empty store, its log and the memory that its users share.
SMALL_BYTES = 150_000
_DAMAGED = "`overfit doctor` checks what is left."
# Everything else that SQLite reports of a store is damage.
_REFUSALS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
}


class DamagedStore(StoreError):
    """The file is a store, and is not as it was written."""


@contextlib.contextmanager
def told(path: Path, needed: int | None = None) -> Iterator[None]:
    """Turn what SQLite and the codec raise into a StoreError about `path`.

    needed: bytes that were to be written, named when the disk is full.

    Raises:
        DamagedStore: if it is the content that is wrong, not the way to it.
    """
    try:
        yield
    except sqlite3.Error as error:
        refused = _code(error) in _REFUSALS
        kind = StoreError if refused else DamagedStore
        raise kind(explain(error, path, needed)) from error
    except (Malformed, UnicodeDecodeError) as error:
        raise DamagedStore(f"store {path}: {error}. {_DAMAGED}") from error
    except OSError as error:
        raise StoreError(_refusal(error, path, needed)) from error


def explain(error: sqlite3.Error, path: Path, needed: int | None = None) -> str:
    """Say in a sentence or two what SQLite's `error` means for the store at `path`."""
    code = _code(error)
    # SQLite does not say full where its shared memory finds no room
    full = code == sqlite3.SQLITE_IOERR and _free(path) < SMALL_BYTES
    if full or code == sqlite3.SQLITE_FULL:
        return _full(path, needed)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return f"store {path}: {error} ({name}). {ADVICE.get(code, _DAMAGED)}"


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _refusal(error: OSError, path: Path, needed: int | None) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(path, needed)
    hint = _DISK if error.errno == errno.EIO else _PATH_HINT
    return f"store {path}: {error.strerror or error}. {hint}"


def _full(path: Path, needed: int | None) -> str:
    need = needed or SMALL_BYTES
    return (
        f"store {path}: the disk is full: {need:,} bytes are needed, {_free(path):,.0f} are free. "
        "Results stored earlier are kept. Make room, then run the same command again."
    )


def _free(path: Path) -> float:
    """Return the free bytes of the disk that `path` lies on; infinity if it does not say."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return math.inf
