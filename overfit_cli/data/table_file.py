"""One table on disk, whatever its format: names, cells by column, and the way back to a line."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, clean_text, number_cells, text_cells
from overfit_cli.data.csv_text import check_distinct, is_empty_or_number, read_text
from overfit_cli.data.files import max_columns
from overfit_cli.data.naming import shown, shown_path
from overfit_cli.data.parquet_bytes import read_parquet_bytes
from overfit_cli.data.target import Where
from overfit_cli.errors import DataError

if TYPE_CHECKING:
    import polars as pl

GROUP_CELLS = 8_000_000
"""Cells that are held as text at once."""


class TableFile(Protocol):
    """A table: columns of cells, n rows; decimal: the character that it prefers in numbers.

    typed: the columns that are stored as numbers, not as text.
    """

    path: str
    decimal: str
    names: tuple[str, ...]
    typed: frozenset[str]
    n_rows: int
    where: Where
    """Says where the row (from 0) stands in the file."""

    def cells(self, names: Iterable[str]) -> dict[str, Cells]:
        """Read these columns, numbers told from words."""

    def raw(self, name: str) -> pl.Series:
        """Read one column as text, as it stands there."""

    def text(self, name: str) -> pl.Series:
        """Read one column as text, null where missing."""

    def header_below(self) -> tuple[str, tuple[str, ...]] | None:
        """Return where one of the first rows looks like the header, and its cells."""

    def notes(self) -> tuple[str, ...]:
        """Say what is strange about the file."""


def open_table(path: str) -> TableFile:
    """Open a CSV, TSV or Parquet file; gzipped text too.

    Raises:
        DataError: what `read_text` and `read_parquet_bytes` refuse.
    """
    return ParquetFile(path) if Path(path).suffix.lower() == ".parquet" else TextFile(path)


class TextFile:
    """A CSV or TSV file."""

    typed: frozenset[str] = frozenset()

    def __init__(self, path: str) -> None:
        self._text = read_text(path)
        self.path = shown_path(path)
        self.names, self.decimal = self._text.names, self._text.decimal
        self.n_rows = len(self._text.lines)
        self.where: Where = partial(_line_of, self.path, self._text.lines)

    def cells(self, names: Iterable[str]) -> dict[str, Cells]:
        """Read these columns, numbers told from words.

        All are tried as numbers at once, which is fast and small; only the columns with a cell
        that is not a finite number are read again, as text.
        """
        import polars as pl

        wanted = list(names)
        frame = self._read(wanted, pl.Float64)
        finite = frame.select((pl.all().is_finite() & pl.all().is_not_null()).all()).row(0)
        unclear = [name for name, fine in zip(wanted, finite, strict=True) if not fine]
        found = number_cells(frame.drop(unclear))
        del frame
        size = max(1, GROUP_CELLS // self.n_rows)
        for start in range(0, len(unclear), size):
            text = clean_text(self._read(unclear[start : start + size], pl.String), self.path)
            found |= text_cells(text, self._text.decimal)
        return {name: found[name] for name in wanted}

    def raw(self, name: str) -> pl.Series:
        """Read one column as text, as it stands there."""
        import polars as pl

        return self._read([name], pl.String)[name]

    def text(self, name: str) -> pl.Series:
        """Read one column as text, null where missing."""
        return clean_text(self.raw(name).to_frame(), self.path)[name]

    def header_below(self) -> tuple[str, tuple[str, ...]] | None:
        """Return where one of the first rows looks like the header, and its cells."""
        for row, cells in enumerate(self._text.first_rows()):
            if len(set(cells)) == len(cells) and not any(map(is_empty_or_number, cells)):
                return self.where(row), cells
        return None

    def notes(self) -> tuple[str, ...]:
        """Say so if the last line seems to hold totals."""
        filled = self._text.sparse_last()
        if filled is None:
            return ()
        return (
            f"{self.where(self.n_rows - 1)}, the last, has only {filled} of {len(self.names)} "
            "cells: is it a line of totals? If so, delete it.",
        )

    def _read(self, names: list[str], dtype: Any) -> pl.DataFrame:
        """Parse columns; cells that are not of `dtype` become null.

        Columns go by position, for the names are the user's and may be anything.
        """
        import polars as pl

        position = {name: i for i, name in enumerate(self.names)}
        frame = pl.read_csv(
            self._text.body,
            has_header=False,
            schema={f"c{i}": dtype for i in range(len(self.names))},
            columns=[position[name] for name in names],
            separator=self._text.separator,
            quote_char=None,
            ignore_errors=True,
        )
        if frame.height != self.n_rows:
            raise DataError(f"{self.path}: {frame.height} rows read of {self.n_rows}.")
        in_order = frame.select([f"c{position[name]}" for name in names])
        return in_order.rename({f"c{position[name]}": name for name in names})


class ParquetFile:
    """A Parquet file of flat columns."""

    decimal = "."

    def __init__(self, path: str) -> None:
        self._frame = read_parquet_bytes(path)
        path = self.path = shown_path(path)
        self.names = tuple(self._frame.columns)
        self.n_rows = self._frame.height
        self.where: Where = partial(_row_of, path)
        self.typed = frozenset(each.name for each in self._frame if each.dtype.is_numeric())
        if len(self.names) > max_columns():
            raise DataError(f"{path}: {len(self.names):,} columns; the limit is {max_columns():,}.")
        check_distinct(self.names, path)
        if not self.n_rows:
            raise DataError(f"{path}: there are columns but no rows.")

    def cells(self, names: Iterable[str]) -> dict[str, Cells]:
        """Read these columns; only text is searched for numbers."""
        import polars as pl

        wanted = list(names)
        found = number_cells(self._frame.select([name for name in wanted if name in self.typed]))
        words = [self.text(name) for name in wanted if name not in self.typed]
        found |= text_cells(pl.DataFrame(words))
        return {name: found[name] for name in wanted}

    def text(self, name: str) -> pl.Series:
        """Read one column as text, null where missing."""
        return clean_text(self.raw(name).to_frame(), self.path)[name]

    def header_below(self) -> None:
        """Return nothing: a Parquet file's names are told from its cells."""

    def notes(self) -> tuple[str, ...]:
        """Return nothing: what writes Parquet files adds no line of totals."""
        return ()

    def raw(self, name: str) -> pl.Series:
        """Read one column as text, as it stands there."""
        import polars as pl

        series = self._frame[name]
        try:
            if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object, pl.Unknown):
                raise pl.exceptions.InvalidOperationError(str(series.dtype))
            return series.cast(pl.String)
        except pl.exceptions.PolarsError as error:
            raise DataError(
                f"{self.path}: column {shown(name)} holds {series.dtype}; only numbers, text, "
                "booleans, dates and durations can be read. Leave it out with --drop."
            ) from error


def _line_of(path: str, lines: NDArray[np.int64], row: int) -> str:
    return f"{path}, line {lines[row]}"


def _row_of(path: str, row: int) -> str:
    return f"{path}, row {row} (from 0)"
