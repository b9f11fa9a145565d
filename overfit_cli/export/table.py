"""Columns of equal length: NumPy arrays, and frames where a library for them is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas
    import polars

# Rows that a notebook shows.
SHOWN = 20


@dataclass(frozen=True)
class Table:
    """columns: by name, (n,) each: numbers (NaN where absent) or text ("" where absent)."""

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        """Return the number of rows n."""
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column (n,)."""
        return self.columns[name]

    def to_polars(self) -> polars.DataFrame:
        """Return a polars frame; absent numbers are null."""
        import polars as pl

        series = [pl.Series(name, own.tolist()) for name, own in self.columns.items()]
        return pl.DataFrame(series).fill_nan(None)

    def to_pandas(self) -> pandas.DataFrame:
        """Return a pandas frame; absent numbers are NaN.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame({name: own.tolist() for name, own in self.columns.items()})

    def _repr_html_(self) -> str:
        """Return the first rows for a notebook, everything escaped."""
        head = _row("th", self.columns)
        shown = zip(*(own[:SHOWN].tolist() for own in self.columns.values()), strict=True)
        body = "".join(_row("td", map(_shown, row)) for row in shown)
        more = f"<p>{len(self) - SHOWN:,} more rows</p>" if len(self) > SHOWN else ""
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"


def table_of(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return rows as columns, in the order in which names first appear.

    A column that holds numbers only is numeric, None and what is missing NaN; else it is text.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return Table({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: Sequence[Any]) -> NDArray[Any]:
    known = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in values):
        return np.array(values, np.bool_)
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return np.array(values, np.int64)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return texts(["" if value is None else value for value in values])


def texts(values: Sequence[Any]) -> NDArray[Any]:
    """Return values as a column of text that any file can hold: half a character is written out."""
    plain = (str(value).encode("utf-8", "backslashreplace").decode() for value in values)
    return np.array(list(plain), object)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _row(cell: str, values: Any) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(value)}</{cell}>" for value in values) + "</tr>"
