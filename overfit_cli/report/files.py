"""Writing a named output: whole, or not at all, and never in the place of a store."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from overfit_cli.errors import StoreError

# A database, and its log in both byte orders.
_DATABASES = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
# /dev/stdout is a link to whatever this process writes to.
_STREAMS = ("/dev", "/dev/fd")
_LOGS = ("-wal", "-journal", "-shm")


def write_file(path: str, content: str | bytes) -> None:
    """Write `content` (text as UTF-8) to `path`, through a temporary file beside it and a rename.

    A link is replaced, not followed; devices and pipes, which hold nothing, are written to.

    Raises:
        StoreError: if the disk or the name refuses, or there is a store; what was there is as it
            was.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        target = Path(path)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if _is_channel(target):
            with target.open("wb", buffering=0) as channel:
                channel.write(data)
            return
        if _is_database(target):
            raise StoreError(f"{path!r}: this is a store or a part of one. Name another output.")
        _replace(target, data)
    except (OSError, ValueError) as error:
        raise StoreError(f"{path!r}: {getattr(error, 'strerror', None) or error}.") from None


def _replace(target: Path, data: bytes) -> None:
    # resolved, for mkstemp takes `link/..` for nothing, which it is not
    descriptor, name = tempfile.mkstemp(dir=target.parent.resolve(), prefix=".overfit-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _is_channel(target: Path) -> bool:
    if not target.exists():
        return False
    mode = target.stat().st_mode
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode) or str(target.absolute().parent) in _STREAMS


def _is_database(target: Path) -> bool:
    owner = next((target.name.removesuffix(end) for end in _LOGS if target.name.endswith(end)), "")
    if owner and target.with_name(owner).exists():
        return True
    if not target.is_file():
        return False
    with target.open("rb") as file:
        return file.read(16).startswith(_DATABASES)
