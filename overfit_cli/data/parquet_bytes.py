"""Parquet through Polars, after its declared sizes were checked (see `parquet_check`)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from overfit_cli.data.files import read_bytes
from overfit_cli.data.naming import shown_path
from overfit_cli.data.parquet_check import check_parquet
from overfit_cli.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def read_parquet_bytes(path: str) -> pl.DataFrame:
    """Read a Parquet file whole; durations become seconds.

    The bytes are read here, so that a name with `*` or a scheme is a file's name and nothing else.

    Raises:
        DataError: not Parquet, damaged, or larger than it may be.
    """
    import polars as pl

    content, path = read_bytes(path), shown_path(path)
    check_parquet(content, path)
    try:
        with _silent_stderr():
            return _in_seconds(pl.read_parquet(io.BytesIO(content)))
    # A panic of the parser is no Exception.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        said = str(error).strip().split("\n")[0][:200]
        raise DataError(f"{path}: not a readable Parquet file ({said}).") from error


def _in_seconds(frame: pl.DataFrame) -> pl.DataFrame:
    """Return durations as numbers of seconds, other columns as they are."""
    import polars as pl

    units = {"ms": 1e3, "us": 1e6, "ns": 1e9}
    seconds = []
    for each in frame:
        if isinstance(each.dtype, pl.Duration):
            # NumPy divides; Polars would multiply by a rounded 1e-9
            counted = each.to_physical().cast(pl.Float64).to_numpy()
            seconds.append(pl.Series(each.name, counted / units[each.dtype.time_unit]))
    return frame.with_columns(seconds)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep a panic's own report, which goes straight to file descriptor 2, off the terminal."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
