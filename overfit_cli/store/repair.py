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
from overfit_cli.store.codec import Malformed
from overfit_cli.store.connection import refuse_strangers
from overfit_cli.store.faults import DamagedStore, told
from overfit_cli.store.lock import alone
from overfit_cli.store.schema import APPLICATION_ID
from overfit_cli.store.store import Store

MAGIC = b"SQLite format 3\0"
_PAGE_BYTES = 4096
# What the header of every store holds at these places: page size, versions (2 is a log) and
# fractions; the format of the schema; the application.
_HEADER = {
    16: _PAGE_BYTES.to_bytes(2) + bytes((2, 2, 0, 64, 32, 32)),
    44: (4).to_bytes(4),
    68: APPLICATION_ID.to_bytes(4),
}
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
        StoreError: someone is writing it; it is no store, newer than this program, or cannot be
            read at all; the disk refuses.
    """
    real, needed = _place(path)
    with (
        alone(real, path),
        told(path, needed),
        tempfile.TemporaryDirectory(dir=real.parent, prefix=".overfit-") as folder,
    ):
        new, copy = Path(folder) / "new.db", _copied(real, Path(folder))
        with _opened(copy, path) as source:
            missing = source.missing()
            kept, damaged = source.rescue(new)
        _require_whole(new, kept)
        aside = _free(real)
        _swap(real, copy, new, aside)
    shown = aside if path.is_symlink() else path.with_name(aside.name)
    return Repaired(tuple(kept), tuple(damaged), missing, shown)


def _place(path: Path) -> tuple[Path, int]:
    """Return the file behind `path`, all links followed, and the bytes that a repair needs."""
    with told(path):
        if "\0" in str(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        real = Path(os.path.realpath(path, strict=True))
        if not header_faults(real):
            with contextlib.suppress(Malformed):  # which is what is to be mended
                refuse_strangers(path)
        return real, 2 * real.stat().st_size


def header_faults(path: Path) -> list[str]:
    """Return what SQLite takes for something else: a read-only file, or none of its own.

    To be asked before the store is opened: see connection._refuse_strangers.
    """
    try:
        if not path.is_file():  # a pipe would be waited for
            return []
        with path.open("rb") as file:
            header = file.read(72)
    except OSError:
        return []  # opening it tells
    ours = header.startswith(MAGIC) and header[68:] == _HEADER[68]
    plain = header[:18] + b"\2\2" + header[20:] if header[18:20] == b"\1\1" else header
    return ["its header is damaged"] if ours and plain[16:24] != _HEADER[16] else []


def _copied(path: Path, folder: Path) -> Path:
    """Return a copy of the damaged store, its header put right, as long as that says.

    SQLite does not look at a file that is shorter; in one that ends in zeros it finds what is left.
    """
    copy = folder / "copy.db"
    # first the log: a reader that closes meanwhile brings it into the file, and removes it
    for suffix in _SIDE_FILES[:2]:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    shutil.copyfile(path, copy)
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
    except DamagedStore as error:
        raise StoreError(
            f"store {path}: it cannot be read at all and was left as it is. Move it away, and the "
            "commands that made its runs train them again."
        ) from error
    except StoreError as error:  # it is newer, or the disk refuses
        raise StoreError(str(error).replace(str(copy), str(path))) from error


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


def _swap(path: Path, copy: Path, new: Path, aside: Path) -> None:
    """Put `new` at `path`, and what was there, with its log, at `aside`.

    Between them comes `copy`, which holds what the log does: wherever this is interrupted, every
    run is at `path`, and no log lies beside a file that it is not of.
    """
    for suffix in ("", *_SIDE_FILES[:2]):
        if _beside(path, suffix).exists():
            _doubled(_beside(path, suffix), _beside(aside, suffix))
    for file in (copy, new):
        shutil.copymode(path, file)
    if not any(_beside(copy, suffix).exists() for suffix in _SIDE_FILES):
        copy.replace(path)
    for suffix in _SIDE_FILES:
        _beside(path, suffix).unlink(missing_ok=True)
    new.replace(path)


def _doubled(path: Path, second: Path) -> None:
    """Give a file a second name, or, on a disk without links, a copy of that name."""
    try:
        second.hardlink_to(path)
    except OSError:
        try:
            shutil.copyfile(path, second)
        except BaseException:
            second.unlink(missing_ok=True)
            raise
