"""What the cells of one column say: numbers, text, or nothing; told apart without guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import Floats, Ints
from overfit_cli.data.files import MAX_CELL
from overfit_cli.data.naming import shown
from overfit_cli.errors import DataError

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "null", "NULL", "None", "?")
"""Spellings of a missing value; `none` in small letters is taken at its word."""
TYPO_SHARE = 0.05
DECIMAL_COMMA = r"^([+-]?\d*),(\d+)$"


@dataclass(frozen=True)
class Cells:
    """One column's n cells.

    numbers (n,): NaN where missing or not a number. words: the rows whose cell is filled, yet no
    number. text: every cell as text, null where missing; None if there are no words. typed (n,):
    the rows that a file stores as numbers and not as text; None if it is all rows or none.
    tried: what `readings.reading` has found already.
    """

    numbers: Floats
    words: Ints
    text: pl.Series | None = None
    typed: NDArray[np.bool_] | None = None
    tried: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def n_filled(self) -> int:
        """Return how many cells are not missing."""
        return int(np.count_nonzero(~np.isnan(self.numbers))) + len(self.words)

    @property
    def is_numbers(self) -> bool:
        """Whether under a twentieth of the filled cells are words: numbers with typing errors."""
        return len(self.words) < TYPO_SHARE * self.n_filled

    @property
    def missing(self) -> Ints:
        """Return the rows of missing cells."""
        empty = np.isnan(self.numbers)
        empty[self.words] = False
        return np.flatnonzero(empty)


def clean_text(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Return columns of text without surrounding white space, null where a value is missing.

    Raises:
        DataError: for a cell longer than MAX_CELL characters.
    """
    import polars as pl

    text = frame.select(pl.all().str.strip_chars())
    lengths = text.select(pl.all().str.len_chars().max()).row(0)
    for name, longest in zip(text.columns, lengths, strict=True):
        if (longest or 0) > MAX_CELL:
            raise DataError(
                f"{where}: a cell of column {shown(name)} has {longest:,} characters; "
                f"the limit is {MAX_CELL:,}."
            )
    return text.select(pl.all().replace(list(MISSING), None))


def text_cells(text: pl.DataFrame, decimal: str = ".") -> dict[str, Cells]:
    """Tell numbers from words in cleaned text; `decimal` "," also reads 3,14 as 3.14."""
    import polars as pl

    spelled = pl.all().str.replace(DECIMAL_COMMA, "${1}.${2}") if decimal == "," else pl.all()
    numbers = text.select(spelled.cast(pl.Float64, strict=False))
    missing = text.select(pl.all().is_null())
    found = {}
    for name, cells in number_cells(numbers).items():
        words = np.flatnonzero(np.isnan(cells.numbers) & ~missing[name].to_numpy())
        found[name] = replace(cells, words=words, text=text[name]) if len(words) else cells
    return found


def number_cells(frame: pl.DataFrame) -> dict[str, Cells]:
    """Take columns of numbers as they are; null and NaN are missing."""
    import polars as pl

    floats = frame.select(pl.all().cast(pl.Float64).fill_null(np.nan))
    none = np.empty(0, np.int64)
    return {column.name: Cells(column.to_numpy(), none) for column in floats.get_columns()}


def encode(text: pl.Series, categories: Sequence[str]) -> NDArray[np.int64]:
    """Return each cell's position in `categories`; -1 where missing or not among them."""
    import polars as pl

    codes = text.cast(pl.Enum(categories), strict=False).to_physical().cast(pl.Int64)
    return codes.fill_null(-1).to_numpy()


def distinct(text: pl.Series) -> tuple[str, ...]:
    """Return the different texts of a column in alphabetical (code point) order."""
    return tuple(text.drop_nulls().unique().sort())


def differ_in_case(words: Sequence[str]) -> list[str]:
    """Return the words that are another one of them, but for case and inner blanks."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(" ".join(word.casefold().split()), []).append(word)
    return [word for group in groups.values() if len(group) > 1 for word in group]
