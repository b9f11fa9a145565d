"""Writing a named output: whole, or not at all, and never in the place of a store."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from overfit_cli.errors import StoreError

# A database, and its log in both byte orders.
_DATABASES = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
# Links to whatever this process writes to; opened by name, a file is written from its start.
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_LOGS = ("-wal", "-journal", "-shm")


def write_file(path: str, content: str | bytes) -> None:
    """Write `content` (text as UTF-8) to `path`, through a temporary file beside it and a rename.

    A link is replaced, not followed; devices, pipes and this process's streams are written to. The
    new file may be read and written by whom the old one could.

    Raises:
        StoreError: if the disk or the name refuses, or there is a store; what was there is as it
            was.
    """
    data = content.encode() if isinstance(content, str) else content
    with _told(path) as target:
        if _is_channel(target):
            _send(target, data)
        else:
            _refuse(target)
            _replace(target, data)


def check_file(path: str) -> None:
    """Refuse `path` before there is anything to write, as far as can be told.

    Raises:
        StoreError: what write_file would raise.
    """
    with _told(path) as target:
        if not _is_channel(target):
            _refuse(target)
            _require_folder(target.parent)


def check_folder(path: str) -> None:
    """Refuse a folder that cannot be written into, or not be made, before it is needed.

    Raises:
        StoreError: see check_file.
    """
    with _told(path) as target:
        _require_folder(next(place for place in (target, *target.parents) if place.exists()))


@contextlib.contextmanager
def _told(path: str) -> Iterator[Path]:
    try:
        yield Path(path)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path!r}: {getattr(error, 'strerror', None) or error}.") from None


def _refuse(target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if _is_database(target):
        raise StoreError(f"{str(target)!r}: this is a store or a part of one. Name another output.")


def _require_folder(folder: Path) -> None:
    if not stat.S_ISDIR(folder.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(folder, os.W_OK | os.X_OK):
        why = errno.EROFS if os.statvfs(folder).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(why, os.strerror(why))


def _replace(target: Path, data: bytes) -> None:
    # resolved, for mkstemp takes `link/..` for nothing, which it is not
    new = target.parent.resolve() / f".overfit-{secrets.token_hex(8)}"
    old = target.lstat() if os.path.lexists(target) else None
    # readable by whom the old file was, or else by whom the user lets read new files
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if old is not None and stat.S_ISREG(old.st_mode):
                os.fchmod(file.fileno(), old.st_mode & 0o777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _is_channel(target: Path) -> bool:
    if not target.exists():
        return False
    mode = target.stat().st_mode
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode) or _stream(target) is not None


def _send(target: Path, data: bytes) -> None:
    """Write all of `data`, after what was written there before: `>>` stays `>>`."""
    stream = _stream(target)
    if stream is None:
        descriptor = os.open(target, os.O_WRONLY | os.O_NOCTTY)
    else:
        descriptor = os.dup(stream)
        if stream == 1 and sys.stdout is not None:
            sys.stdout.flush()
    with os.fdopen(descriptor, "wb", buffering=0) as channel:
        while data:
            data = data[channel.write(data) or 0 :]


def _stream(target: Path) -> int | None:
    """Return the descriptor that a name such as /dev/stdout or /dev/fd/3 stands for."""
    folder = target.parent.resolve()
    if folder == Path("/dev/fd").resolve() and target.name.isdecimal():
        return int(target.name)
    return _STREAMS.get(str(folder / target.name))


def _is_database(target: Path) -> bool:
    owner = next((target.name.removesuffix(end) for end in _LOGS if target.name.endswith(end)), "")
    if owner and target.with_name(owner).exists():
        return True
    if not target.is_file():
        return False
    with target.open("rb") as file:
        return file.read(16).startswith(_DATABASES)
