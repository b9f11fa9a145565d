"""Opening what the user names: regular files only, bounded, gzip undone, and said plainly."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

from overfit_cli.data.naming import shown, shown_path
from overfit_cli.errors import DataError, UsageError

MAX_BYTES = 1 << 30
"""Memory that reading one file may take, as estimated before it is read, unless MEMORY says."""
MAX_COLUMNS = 20_000
"""Columns of one file; as many times more as MEMORY allows."""
MEMORY = "OVERFIT_MEMORY"
"""Environment variable by which a user allows more than MAX_BYTES, in GiB."""
MAX_CELL = 100_000
MAX_NAME = 1_000
# Deflate codes at best 1032 bytes in one; more is a header that lies.
DEFLATE_RATIO = 1_032

GZIP_MAGIC = b"\x1f\x8b"


def max_bytes() -> int:
    """Return the memory that reading one file may take.

    Raises:
        UsageError: MEMORY is no number of GiB.
    """
    said = os.environ.get(MEMORY, "")
    if not said:
        return MAX_BYTES
    # up to a million: larger ones are no memory, and some no integers
    if not re.fullmatch(r"\d{0,6}(\.\d+)?", said) or float(said or 0) <= 0:
        raise UsageError(f"{MEMORY}: {shown(said)} is not a number of GiB, such as 4 or 0.5.")
    return int(float(said) * 2**30)


def max_columns() -> int:
    """Return the number of columns that one file may have."""
    return MAX_COLUMNS * max(MAX_BYTES, max_bytes()) // MAX_BYTES


def check_memory(n_bytes: int, where: str) -> None:
    """Refuse what would take more than `max_bytes` to read.

    Raises:
        DataError: says the estimate and the limit.
    """
    limit = max_bytes()
    if n_bytes > limit:
        raise DataError(
            f"{where}: reading this needs about {n_bytes / 2**20:,.0f} MiB; "
            f"the limit is {limit / 2**20:,.0f} MiB. {advice(n_bytes)}"
        )


def advice(n_bytes: int) -> str:
    """Say what helps against a limit that `n_bytes` is beyond."""
    return f"Use fewer rows or columns, or allow it: {MEMORY}={n_bytes // 2**30 + 1} (GiB)."


def regular_file(path: str) -> Path:
    """Return `path` if it is a regular file with something in it.

    Raises:
        DataError: no such file, a directory, a device or a pipe, an empty file, no permission.
    """
    file = Path(path)
    try:
        if not file.is_file():
            wrong = "not a regular file" if file.exists() else "no such file"
            raise DataError(f"{shown_path(path)}: {wrong}.")
        if file.stat().st_size == 0:
            raise DataError(f"{shown_path(path)}: the file is empty.")
    except (OSError, ValueError) as error:
        raise DataError(f"{shown_path(path)}: cannot be opened ({reason(error)}).") from error
    return file


def reason(error: Exception) -> str:
    """Return the operating system's own words for `error`, without its number and path."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


@contextmanager
def opened(path: str) -> Iterator[BufferedIOBase]:
    """Open a regular file for reading, through gzip if its first bytes say so.

    Raises:
        DataError: as `regular_file`, and where the gzip stream is broken or the disk fails.
    """
    file = regular_file(path)
    try:
        with file.open("rb") as raw:
            zipped = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            with gzip.open(raw) if zipped else raw as stream:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{shown_path(path)}: broken gzip file ({error}).") from error
    except OSError as error:
        raise DataError(f"{shown_path(path)}: cannot be read ({reason(error)}).") from error


def is_gzip(path: Path) -> bool:
    """Say whether the file starts as gzip files do."""
    with path.open("rb") as raw:
        return raw.read(2) == GZIP_MAGIC


def read_bytes(path: str, limit: int | None = None) -> bytes:
    """Return the whole file, unzipped, never holding more than `limit` bytes of it.

    limit: by default half of `max_bytes`.

    Raises:
        DataError: as `opened`, and where there is more than `limit`.
    """
    limit = max_bytes() // 2 if limit is None else limit
    with opened(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise DataError(
            f"{shown_path(path)}: holds more than {limit / 2**20:,.0f} MiB"
            f"{' once unzipped' if is_gzip(Path(path)) else ''}. {advice(4 * limit)}"
        )
    if not content:
        raise DataError(f"{shown_path(path)}: the file is empty.")
    return content
