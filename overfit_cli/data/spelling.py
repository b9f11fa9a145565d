"""Numbers as people and spreadsheets write them: 1,234.50 $1,200 12 % 3,5; and dates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_cli.data.cells import Cells
from overfit_cli.data.dataset import Floats

if TYPE_CHECKING:
    import polars as pl

SIGN = "[$€£¥%]"
PERCENT = "%"
MINUS = "\u2212"
"""The sign of typesetters; keyboards have the hyphen."""
NOTHING = ("-", "--", ".", "–", "—", MINUS)
"""What stands for a missing value among numbers; elsewhere it may be a category."""
BETWEEN = {".": r"[,'’\u{a0}\u{202f}]", ",": r"[.'’\u{a0}\u{202f}]"}
"""By decimal character: what may stand between groups of three digits."""
DATE = (
    r"^(\d{4}([-/.])\d{1,2}[-/.]\d{1,2}|\d{1,2}([-/.])\d{1,2}[-/.](\d{4}|\d{2}))"
    r"([T ]\d{1,2}:\d{2}.*)?$"
)


class Spelling(NamedTuple):
    """How a column writes numbers: decimal character ("": the usual), currency or percent sign."""

    decimal: str = ""
    sign: str = ""

    def read(self, text: pl.Series) -> Floats:
        """Return numbers (n,), NaN where a cell is missing or written in another way.

        A separator stands between all groups of three digits or nowhere, and the first group does
        not begin with 0: 0,500 has a decimal comma. With a decimal point, 1e3 is a number too. A
        percent sign stands in every cell: 63 % and 0.48 are not of one kind.
        """
        if text.str.contains(MINUS, literal=True).any():
            text = text.str.replace_all(MINUS, "-", literal=True)
        between, point = BETWEEN[self.decimal], rf"\{self.decimal}"
        whole = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+|\d+"
        digits = rf"(?:{whole})(?:{point}\d*)?|{point}\d+"
        sign = f"[{self.sign}]?" if self.sign else ""
        pattern = rf"^([+-]?)\s*{sign}\s*([+-]?)({digits})\s*{sign}$"
        bare = text.str.replace(pattern, "${1}${2}${3}").str.replace_all(between, "")
        plain = bare.str.replace(self.decimal, ".", literal=True)
        matched = text.str.contains(pattern).fill_null(value=False).to_numpy()
        if self.sign == PERCENT:
            matched &= text.str.contains(PERCENT, literal=True).fill_null(value=False).to_numpy()
        usual = self.decimal == "." and self.sign != PERCENT
        otherwise = _floats(text) if usual else np.nan
        return np.where(matched, _floats(plain), otherwise)


def read_as(cells: Cells, spelling: Spelling) -> Cells:
    """Read a column that has text by this spelling; what cannot be read so is a word.

    What a file stores as numbers stays as it is.
    """
    text = cells.text
    assert text is not None
    numbers = spelling.read(text) if spelling.decimal else cells.numbers
    if cells.typed is not None:
        numbers = np.where(cells.typed, cells.numbers, numbers)
    no_word = (text.is_null() | text.is_in(list(NOTHING))).to_numpy()
    words = np.flatnonzero(np.isnan(numbers) & ~no_word)
    return replace(cells, numbers=numbers, words=words, text=text if len(words) else None)


def are_dates(text: pl.Series) -> bool:
    """Say whether nearly all filled cells of a column are dates, with or without a time."""
    filled = text.drop_nulls()
    return len(filled) > 0 and int(filled.str.contains(DATE).sum()) > 0.95 * len(filled)


def _floats(text: pl.Series) -> Floats:
    import polars as pl

    numbers: Floats = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    return numbers
