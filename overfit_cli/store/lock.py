"""One process at a time for one batch, and none that writes while a store is repaired.

A lock is flock's, on a file beside the store. The system drops it when its process ends,
however that ends; a file left by a killed process therefore stands in nobody's way.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import platform
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from overfit_cli.errors import StoreError
from overfit_cli.store.codec import digest
from overfit_cli.store.faults import told
from overfit_cli.store.transaction import PATIENCE_SECONDS, PAUSE_SECONDS

# Disks whose locks are not to be had: nothing keeps a repair from them.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
# Of the notes in a lock file, which anyone may have written, this much is read.
_NOTE_BYTES = 200


@contextlib.contextmanager
def held(store: Path, key: str, what: str) -> Iterator[None]:
    """Hold what `key` stands for, in this store, for the time of the block.

    what: its name in messages.

    Raises:
        StoreError: at once, if another process holds it (named, with its start); or the disk.
    """
    file = _file(store, key)
    with told(store):
        descriptor = _locked(file)
        if descriptor is None:
            raise StoreError(
                f"store {store}: {what} is being run by {_noted(file)}. "
                "What it has stored can be looked at meanwhile."
            )
    try:
        with contextlib.suppress(OSError):  # a lock without a note is a lock
            os.write(descriptor, _note().encode())
        yield
    finally:
        _let_go(descriptor, file)


@contextlib.contextmanager
def writer(store: Path) -> Iterator[None]:
    """Be one of the writers of this store for the time of the block; wait for a repair to end.

    Raises:
        StoreError: the repair does not end within a minute; the disk refuses.
    """
    file = _writers(store)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (descriptor := _shared(file, store)) is None:
        if time.monotonic() > deadline:
            raise StoreError(f"store {store}: it is being repaired. Run again when that has ended.")
        time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the last one removes it, while nobody else can hold it
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, file):
                file.unlink()
        os.close(descriptor)


@contextlib.contextmanager
def maker(store: Path) -> Iterator[bool]:
    """Keep others from putting a store here for the time of the block; False if one is there.

    For disks without links: what takes two steps there must not be taken by two at once.

    Raises:
        StoreError: it takes others over a minute; the disk refuses.
    """
    file, descriptor = _writers(store), None
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while not store.exists() and (descriptor := _locked(file)) is None:
            if time.monotonic() > deadline:
                raise StoreError(f"store {store}: another process is making it. Run again.")
            time.sleep(PAUSE_SECONDS)
    except OSError as error:
        if error.errno not in _NO_LOCKS:  # with neither links nor locks nothing helps
            raise
    try:
        yield not store.exists()
    finally:
        if descriptor is not None:
            _let_go(descriptor, file)


@contextlib.contextmanager
def alone(store: Path, shown: Path) -> Iterator[None]:
    """Keep every writer from this store for the time of the block.

    shown: its name in messages.

    Raises:
        StoreError: at once, if there is a writer; or the disk.
    """
    file = _writers(store)
    with told(shown):
        busy = _holder(store)
        descriptor = None if busy else _locked(file)
    if descriptor is None:
        busy = busy or "another process"
        raise StoreError(f"store {shown}: it is in use by {busy}. Repair it when that has ended.")
    try:
        yield
    finally:
        _let_go(descriptor, file)


def _shared(file: Path, store: Path) -> int | None:
    """Return the descriptor of the file, locked beside other writers; None if it is held alone."""
    while True:
        with told(store):
            descriptor = os.open(file, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(descriptor)
                raise
        if _is_at(descriptor, file):
            return descriptor
        os.close(descriptor)


def _holder(store: Path) -> str | None:
    """Say who runs a batch into this store; None if nobody does."""
    for file in sorted(store.parent.glob(f"{_prefix(store)}*.lock")):
        if file == _writers(store):
            continue
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return _noted(file)
            finally:
                os.close(descriptor)
    return None


def _file(store: Path, key: str) -> Path:
    return _real(store).parent / f"{_prefix(store)}{digest(key).hex()}.lock"


def _writers(store: Path) -> Path:
    return _file(store, "writers")


def _prefix(store: Path) -> str:
    return f".overfit-{digest(_real(store).name).hex()[:8]}-"


def _real(store: Path) -> Path:
    return Path(os.path.realpath(store))


def _locked(file: Path) -> int | None:
    """Return the descriptor of the locked file, made if need be; None if it is held."""
    while True:
        # never through a link that someone put there
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, file):
                os.truncate(descriptor, 0)
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _let_go(descriptor: int, file: Path) -> None:
    """Give a lock back; removed while it is held: who opened it before finds that it has gone."""
    with contextlib.suppress(OSError):
        file.unlink()
    os.close(descriptor)


def _is_at(descriptor: int, file: Path) -> bool:
    """Tell whether the open file is still the one of that name: its last holder removes it."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), file.stat(follow_symlinks=False))
    return False


def _note() -> str:
    began = datetime.now(UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {platform.node()} since {began}"


def _noted(file: Path) -> str:
    """Return what the holder noted of itself."""
    note = ""
    with contextlib.suppress(OSError), file.open("rb") as opened:
        note = opened.read(_NOTE_BYTES).decode("utf-8", "replace")
    return note or "another process"
