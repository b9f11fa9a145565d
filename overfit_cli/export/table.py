"""Columns of equal length: NumPy arrays, and frames where a library for them is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas
    import polars

# Rows that a notebook shows; columns that a line names.
SHOWN, NAMED = 20, 6


@dataclass(frozen=True, repr=False)
class Table:
    """columns: by name, (n,) each: numbers (NaN where absent), or objects (None where absent).

    values: the same as lists of Python's own, where an array cannot tell them apart: whole numbers
    of which some are absent. Frames are made of these.
    """

    columns: Mapping[str, NDArray[Any]]
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows n."""
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column (n,)."""
        return self.columns[name]

    def __repr__(self) -> str:
        """Return one line: how many rows, and the columns' names."""
        names = list(self.columns)
        more = f", … {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f"Table({len(self):,} rows: {', '.join(names[:NAMED])}{more})"

    def to_polars(self) -> polars.DataFrame:
        """Return a polars frame; what is absent, or not a number, is null."""
        import polars as pl

        series = [pl.Series(name, self._plain(name)) for name in self.columns]
        untold = [one.name for one in series if one.dtype == pl.Null]
        frame = pl.DataFrame(series).cast(dict.fromkeys(untold, pl.String))
        return frame.cast(dict.fromkeys(self.values, pl.Int64)).fill_nan(None)

    def to_pandas(self) -> pandas.DataFrame:
        """Return a pandas frame; absent numbers are NaN, other absent values None.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame({name: self._plain(name) for name in self.columns})

    def _plain(self, name: str) -> Any:
        own = self.columns[name]
        return self.values.get(name, own.tolist() if own.dtype == object else own)

    def _repr_html_(self) -> str:
        """Return the first rows for a notebook, everything escaped."""
        head = _row("th", self.columns)
        shown = zip(*(own[:SHOWN].tolist() for own in self.columns.values()), strict=True)
        body = "".join(_row("td", map(_shown, row)) for row in shown)
        more = f"<p>{len(self) - SHOWN:,} more rows</p>" if len(self) > SHOWN else ""
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"


def table_of(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, type] = MappingProxyType({})
) -> Table:
    """Return rows as columns, in the order in which names first appear.

    A column holds truth values, numbers or text, whatever is absent; text if it holds several of
    them, and numbers if it holds nothing. kinds: what these columns hold (bool, int, float, str);
    they are there even if no row has them.
    """
    names = dict.fromkeys([*(name for row in rows for name in row), *kinds])
    values = {_text(name): [row.get(name) for row in rows] for name in names}
    found = {name: kinds.get(name) or _kind(own) for name, own in values.items()}
    whole = {name: own for name, own in values.items() if None in own and found[name] is int}
    return Table({name: _column(own, found[name]) for name, own in values.items()}, whole)


def _column(values: Sequence[Any], kind: type) -> NDArray[Any]:
    if kind is str:
        return texts(values)
    if None not in values:
        return np.array(values, kind)
    if kind is bool:
        return np.array(values, object)
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _kind(values: Sequence[Any]) -> type:
    """Return what all values are that are not None: bool, int, float, else str."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return bool
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return str
    return int if known and all(isinstance(value, int) for value in known) else float


def texts(values: Sequence[Any]) -> NDArray[Any]:
    """Return values as a column of text that any file can hold: half a character is written out.

    None stays.
    """
    plain = [None if value is None else _text(value) for value in values]
    return np.array(plain, object)


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _row(cell: str, values: Any) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(value)}</{cell}>" for value in values) + "</tr>"
