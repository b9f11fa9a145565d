"""Numbers as people and spreadsheets write them: 1,234.50 $1,200 12 % 3,5; and dates."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_cli.data.cells import Cells

if TYPE_CHECKING:
    import polars as pl

SIGN = "[$€£¥%]"
PERCENT = "%"
MINUS = "\u2212"
"""The sign of typesetters; keyboards have the hyphen."""
NOTHING = (
    *("-", "--", ".", "–", "—", MINUS, "na", "n.a.", "n/a", "#n/a", "<na>", "null", "\\n"),
    *("missing", "(missing)", "unknown", "(unknown)", "not available", "blank", "(blank)"),
)
"""What, in any case of letters, stands for a missing value among numbers.

Elsewhere it may be a category; `none` is not among it, for it may be a zero.
"""
BETWEEN = {".": r"[,'’\u{a0}\u{202f}]", ",": r"[.'’\u{a0}\u{202f}]"}
"""By decimal character: what may stand between groups of three digits."""
DATE = (
    r"^(\d{4}([-/.])\d{1,2}[-/.]\d{1,2}|\d{1,2}([-/.])\d{1,2}[-/.](\d{4}|\d{2}))"
    r"([T ]\d{1,2}:\d{2}.*)?$"
)

UNIT = rf"^[+{MINUS}-]?[\d.,\s]*\d(\s*[^\d\s.,:/+{MINUS}-].*)$"
"""A number and the text behind it."""


class Spelling(NamedTuple):
    """How a column writes numbers: decimal character ("": the usual), currency or percent sign."""

    decimal: str = ""
    sign: str = ""

    @property
    def described(self) -> str:
        """Say how it writes numbers, for a message."""
        character = "comma" if self.decimal == "," else "point"
        if not self.decimal:
            return "as plain numbers: 1234.5, or 1234,5 between semicolons"
        sign = " and a percent sign" if self.sign == PERCENT else f", with or without {self.sign}"
        return f"with a decimal {character}{sign if self.sign else ''}"


def read_as(cells: Cells, spelling: Spelling) -> Cells:
    """Read a column that has text by this spelling; what cannot be read so is a word.

    What a file stores as numbers stays as it is.
    """
    text = cells.text
    assert text is not None
    found = text.to_frame("cell").select(_asked(spelling))
    numbers = found["numbers"].to_numpy() if spelling.decimal else cells.numbers
    if cells.typed is not None:
        numbers = np.where(cells.typed, cells.numbers, numbers)
    words = np.flatnonzero(np.isnan(numbers) & ~found["no word"].to_numpy())
    return replace(cells, numbers=numbers, words=words, text=text if len(words) else None)


@cache
def _asked(spelling: Spelling) -> list[pl.Expr]:
    """Return all that is asked of a column at once: of short ones, asking is what takes long."""
    import polars as pl

    text = pl.col("cell")
    asked = [(text.is_null() | text.str.to_lowercase().is_in(NOTHING)).alias("no word")]
    return [*asked, _numbers(text, spelling).alias("numbers")] if spelling.decimal else asked


def _numbers(text: pl.Expr, spelling: Spelling) -> pl.Expr:
    """Return numbers, NaN where a cell is missing or written in another way.

    A separator stands between all groups of three digits or nowhere, and the first group does not
    begin with 0: 0,500 has a decimal comma. With a decimal point, 1e3 is a number too. A percent
    sign stands in every cell: 63 % and 0.48 are not of one kind.
    """
    import polars as pl

    text = text.str.replace_all(MINUS, "-", literal=True)
    between, point = BETWEEN[spelling.decimal], rf"\{spelling.decimal}"
    whole = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+|\d+"
    digits = rf"(?:{whole})(?:{point}\d*)?|{point}\d+"
    sign = f"[{spelling.sign}]?" if spelling.sign else ""
    pattern = rf"^[+-]?\s*{sign}\s*[+-]?({digits})\s*{sign}$"
    bare = text.str.replace_all(rf"[\s{spelling.sign}]|{between}", "")
    plain = bare.str.replace(spelling.decimal, ".", literal=True)
    matched = text.str.contains(pattern)
    if spelling.sign == PERCENT:
        matched &= text.str.contains(PERCENT, literal=True)
    usual = spelling.decimal == "." and spelling.sign != PERCENT
    written = pl.when(matched).then(plain)
    cells = written.otherwise(text) if usual else written
    return cells.cast(pl.Float64, strict=False).fill_null(np.nan)


def is_number(word: str) -> bool:
    """Say whether one cell is a number in any spelling, the plain one too."""
    import polars as pl

    cells = Cells(np.array([np.nan]), np.array([0]), pl.Series([word]))
    signs = ("", *SIGN.strip("[]"))
    spellings = (Spelling(decimal, sign) for decimal in BETWEEN for sign in signs)
    return any(np.isfinite(read_as(cells, spelling).numbers[0]) for spelling in spellings)


def unit_of(text: pl.Series) -> str | None:
    """Return what stands behind the number in every filled cell, if it is the same in all."""
    filled = text.filter(text.is_not_null() & ~text.str.to_lowercase().is_in(NOTHING))
    units = filled.str.extract(UNIT).unique()
    return units[0] if len(units) == 1 else None


def are_dates(text: pl.Series) -> bool:
    """Say whether nearly all filled cells of a column are dates, with or without a time."""
    filled = text.drop_nulls()
    return len(filled) > 0 and int(filled.str.contains(DATE).sum()) > 0.95 * len(filled)
