"""Opening the file: to write, or to read it wherever it lies, and refusing what is no store.

Journal: a write-ahead log with synchronous=NORMAL. A commit then survives `kill -9` at any instant
without an fsync; a power cut may take the last few runs (never the store's consistency), which the
same command trains again to the same bits. Readers do not wait for the writer, nor it for them. On
network disks, where such a log is unsafe, a rollback journal with synchronous=FULL, at two to
three fsyncs a run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from overfit_cli.errors import StoreError
from overfit_cli.store import migrations
from overfit_cli.store.codec import Malformed
from overfit_cli.store.disk import is_network
from overfit_cli.store.lock import maker, writer
from overfit_cli.store.schema import APPLICATION_ID
from overfit_cli.store.transaction import STEP_SECONDS, is_busy, patiently, transaction

_SIDE_FILES = ("-wal", "-journal")


def writing(path: Path, scratch: contextlib.ExitStack) -> sqlite3.Connection:
    """Return a connection that writes; the store is made, or migrated, if need be.

    scratch: holds, as long as it is open, what keeps a repair away.
    """
    if not path.parent.is_dir():
        raise StoreError(f"store {path}: there is no folder {path.parent}. Make it first.")
    if not path.exists():
        _make(path)
    refuse_strangers(path)
    scratch.enter_context(writer(path))
    return _writable(path)


def _make(path: Path) -> None:
    """Put a store of no runs at `path`, whole from the first instant, unless one has come there."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".overfit-") as folder:
        new = Path(folder) / "new.db"
        _writable(new).close()
        try:
            path.hardlink_to(new)
        except OSError:  # another was first, or a disk without links
            with maker(path) as is_first:
                if is_first:
                    new.rename(path)


def _writable(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "mode=rwc")
    try:
        patiently(connection, "PRAGMA auto_vacuum = INCREMENTAL")  # heeded only by an empty file
        migrations.refuse_newer(connection, path)
        migrations.upgrade(connection)
        migrations.require_tables(connection)
        local = not is_network(path.resolve())
        patiently(connection, f"PRAGMA journal_mode = {'WAL' if local else 'TRUNCATE'}").fetchone()
        patiently(connection, f"PRAGMA synchronous = {'NORMAL' if local else 'FULL'}")
        # pages, 64 MB: a batch's runs are large, and each checkpoint waits for the disk
        patiently(connection, "PRAGMA wal_autocheckpoint = 16000").fetchone()
        with transaction(connection):
            pass  # a store that cannot be written is refused before anything is trained
    except BaseException:
        connection.close()
        raise
    return connection


def reading(path: Path, scratch: contextlib.ExitStack) -> sqlite3.Connection:
    """Return a connection that only reads; `scratch` owns the copy that this may need.

    Tried in turn: the plain way, which rolls back what a killed writer left; without locks and
    journals, for a read-only disk; a copy in a temporary folder, for a read-only disk with a
    journal left over or an older schema.
    """
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        raise StoreError(f"store {path}: there is none. `overfit run` makes one; --store names it.")
    refuse_strangers(path)
    real = path.resolve()  # SQLite keeps the log beside the file, not beside a link to it
    # beside a protected file SQLite would leave a log that is as protected: nobody could write
    # there any more, not even when the file may be written again
    if os.access(real, os.W_OK) or any(_side(real, suffix) for suffix in _SIDE_FILES):
        with _unless_refused():
            return _readable(path, "mode=rw")
    if not any(_side(real, suffix) for suffix in _SIDE_FILES):
        with _unless_refused():
            return _readable(path, "mode=ro&immutable=1")
    folder = Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="overfit-")))
    copy = folder / "copy.db"
    shutil.copyfile(real, copy)
    for suffix in filter(lambda suffix: _side(real, suffix), _SIDE_FILES):
        shutil.copyfile(f"{real}{suffix}", f"{copy}{suffix}")
    return _readable(copy, "mode=rw")


@contextlib.contextmanager
def _unless_refused() -> Iterator[None]:
    """Go on to the next way if the disk refuses this one; a busy store is no reason to."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise


def _readable(path: Path, options: str) -> sqlite3.Connection:
    connection = _connect(path, options)
    try:
        migrations.refuse_newer(connection, path)
        if migrations.version(connection) < migrations.LATEST:
            migrations.upgrade(connection)
        migrations.require_tables(connection)
        patiently(connection, "PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?{options}",
        uri=True,
        isolation_level=None,
        timeout=STEP_SECONDS,
    )
    # A flipped bit must reach the checksum, not stop the reader at the first odd character.
    connection.text_factory = _text
    for pragma in ("foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON"):
        patiently(connection, f"PRAGMA {pragma}")
    return connection


def refuse_strangers(path: Path) -> None:
    """Raise StoreError, touching nothing, if there is a file that is no store.

    SQLite itself looks, without locks: were the file opened and closed by other means, this
    process would lose the locks it may hold on it through another connection (POSIX).

    Raises:
        Malformed: it has the tables of a store, and its header says that it is none.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise StoreError(f"store {path}: not a file. Name a file with --store.")
    if path.stat().st_size == 0:
        return
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    found = None
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
            if found != APPLICATION_ID and migrations.has_tables(connection):
                raise Malformed("its header is damaged")
        except sqlite3.DatabaseError as error:
            if found is None and error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                return  # torn by a writer at work, or damaged: opening it tells
    if found != APPLICATION_ID:
        raise StoreError(
            f"store {path}: this file is not a store of overfit and was left as it is. "
            "Name another with --store."
        )


def _side(path: Path, suffix: str) -> bool:
    file = Path(f"{path}{suffix}")
    return file.exists() and file.stat().st_size > 0


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
