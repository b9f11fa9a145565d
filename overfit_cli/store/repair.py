"""For `overfit doctor --repair`: everything intact into a new file, in place of the damaged one.

Nothing is deleted: the damaged file stays beside it under another name.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from overfit_cli.errors import StoreError
from overfit_cli.store.faults import told
from overfit_cli.store.lock import holder
from overfit_cli.store.schema import APPLICATION_ID
from overfit_cli.store.store import Store

_PAGE_BYTES = 4096
# What the header of every store holds at these places: page size, versions (2 is a log) and
# fractions; the format of the schema; the application.
_HEADER = {
    16: _PAGE_BYTES.to_bytes(2) + bytes((2, 2, 0, 64, 32, 32)),
    44: (4).to_bytes(4),
    68: APPLICATION_ID.to_bytes(4),
}
# In this order: whatever is interrupted, no log is left beside a file that it is not of.
_SIDE_FILES = ("-wal", "-journal", "-shm")


@dataclass(frozen=True)
class Repaired:
    """What a repair did: ids kept, ids seen but damaged, how many vanished, the damaged file."""

    kept: tuple[str, ...]
    damaged: tuple[str, ...]
    missing: int
    aside: Path


def repair(path: Path) -> Repaired:
    """Put a store of every intact run of the store at `path` in its place.

    A fault on the way leaves the damaged store as it was, or the new one whole.

    Raises:
        StoreError: a batch is using it; it cannot be read at all; the disk refuses.
    """
    real = path.resolve()
    busy = holder(real)
    if busy:
        raise StoreError(f"store {path}: it is in use by {busy}. Repair it when that has ended.")
    needed = 2 * real.stat().st_size
    with (
        told(path, needed),
        tempfile.TemporaryDirectory(dir=real.parent, prefix=".overfit-") as folder,
    ):
        new = Path(folder) / "new.db"
        with _opened(_copied(real, Path(folder)), path) as source:
            missing = source.missing()
            kept, damaged = source.rescue(new)
        _require_whole(new, kept)
        aside = _free(real)
        _swap(real, new, aside)
    shown = aside if path.is_symlink() else path.with_name(aside.name)
    return Repaired(tuple(kept), tuple(damaged), missing, shown)


def header_faults(path: Path) -> list[str]:
    """Return what SQLite does not tell of: a damaged version makes it take a store for read-only.

    To be asked before the store is opened: see connection._refuse_strangers.
    """
    try:
        with path.open("rb") as file:
            versions = file.read(20)[18:]
    except OSError:
        return []  # opening it tells
    return [] if versions in (b"", b"\1\1", b"\2\2") else ["its header is damaged"]


def _copied(path: Path, folder: Path) -> Path:
    """Return a copy of the damaged store, its header put right, as long as that says.

    SQLite does not look at a file that is shorter; in one that ends in zeros it finds what is left.
    """
    copy = folder / "copy.db"
    shutil.copyfile(path, copy)
    for suffix in _SIDE_FILES[:2]:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    with copy.open("r+b") as file, contextlib.suppress(OSError):
        for place, content in _HEADER.items():
            file.seek(place)
            file.write(content)
        file.seek(28)
        length = _PAGE_BYTES * int.from_bytes(file.read(4))
        if length > copy.stat().st_size:
            file.truncate(length)
    return copy


def _opened(copy: Path, path: Path) -> Store:
    try:
        return Store.open(copy, "read")
    except StoreError as error:
        raise StoreError(
            f"store {path}: it cannot be read at all and was left as it is. Move it away, and the "
            "commands that made its runs train them again."
        ) from error


def _require_whole(new: Path, kept: Collection[str]) -> None:
    """Check what is to take the damaged store's place, by reading it again.

    A failing disk does not stop SQLite from closing; what could not be brought into the file then
    stays in the log beside it, which would be left behind.
    """
    with Store.open(new, "read") as fresh:
        problems = fresh.check()
        stored = set(fresh.statuses())
    if problems or stored != set(kept) or any(_beside(new, end).exists() for end in _SIDE_FILES):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _free(path: Path) -> Path:
    """Return `path`.damaged, or the first of .damaged-2, -3, … that is not there."""
    names = itertools.chain([".damaged"], (f".damaged-{n}" for n in itertools.count(2)))
    places = (path.with_name(path.name + name) for name in names)
    return next(place for place in places if not os.path.lexists(place))


def _swap(path: Path, new: Path, aside: Path) -> None:
    try:
        aside.hardlink_to(path)
    except OSError:  # a disk without links: for an instant there is no store
        path.rename(aside)
    for suffix in _SIDE_FILES:
        if _beside(path, suffix).exists():
            _beside(path, suffix).rename(_beside(aside, suffix))
    new.replace(path)
