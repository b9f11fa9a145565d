"""Numbers as people and spreadsheets write them: 1,234.50 $1,200 12 % 3,5; and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from overfit_cli.data.cells import Cells
from overfit_cli.data.dataset import Floats
from overfit_cli.data.naming import shown

if TYPE_CHECKING:
    import polars as pl

SIGN = "[$€£¥%]"
LIKELY = r"^[\s\d.,'’\u{a0}\u{202f}$€£¥%+–—-]+$"
NOTHING = ("-", "--", ".", "–", "—")
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
        not begin with 0: 0,500 has a decimal comma. With a decimal point, 1e3 is a number too.
        """
        between, point = BETWEEN[self.decimal], rf"\{self.decimal}"
        whole = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+|\d+"
        digits = rf"(?:{whole})(?:{point}\d*)?|{point}\d+"
        sign = f"[{self.sign}]?" if self.sign else ""
        pattern = rf"^([+-]?)\s*{sign}\s*([+-]?)({digits})\s*{sign}$"
        bare = text.str.replace(pattern, "${1}${2}${3}").str.replace_all(between, "")
        plain = bare.str.replace(self.decimal, ".", literal=True)
        matched = text.str.contains(pattern).fill_null(value=False).to_numpy()
        otherwise = _floats(text) if self.decimal == "." else np.nan
        return np.where(matched, _floats(plain), otherwise)


class Spelled(NamedTuple):
    """A column read as numbers. example: a cell that is no plain number, and how it was read."""

    cells: Cells
    spelling: Spelling
    example: str


def spelled(cells: Cells, decimal: str) -> Spelled | None:
    """Read a column as numbers if all of it but typing errors is written in one of these ways.

    decimal: the character that is preferred where both would do, as for 1,234. Returns None for
    plain numbers and for anything else.
    """
    # a look at some of them spares long columns of words the time
    if cells.text is None or not _likely(cells.text.gather(cells.words[:1000])):
        return None
    signs = cells.text.str.extract(f"({SIGN})").drop_nulls().unique().to_list()
    if len(signs) > 1:
        return None
    points = sorted(BETWEEN, key=lambda point: point != decimal)
    for spelling in (Spelling(), *(Spelling(point, *signs) for point in points)):
        found = read_as(cells, spelling)
        if found.is_numbers and len(found.words) < len(cells.words):
            row = int(cells.words[~np.isin(cells.words, found.words)][0])
            return Spelled(found, spelling, _example(cells.text[row], found.numbers[row]))
    return None


def _likely(words: pl.Series) -> bool:
    return 2 * int(words.str.contains(LIKELY).sum()) >= len(words) > 0


def read_as(cells: Cells, spelling: Spelling) -> Cells:
    """Read a column that has text by this spelling; what cannot be read so is a word."""
    text = cells.text
    assert text is not None
    numbers = spelling.read(text) if spelling.decimal else cells.numbers
    no_word = (text.is_null() | text.is_in(list(NOTHING))).to_numpy()
    words = np.flatnonzero(np.isnan(numbers) & ~no_word)
    return Cells(numbers, words, text if len(words) else None)


def are_dates(text: pl.Series) -> bool:
    """Say whether nearly all filled cells of a column are dates, with or without a time."""
    filled = text.drop_nulls()
    return len(filled) > 0 and int(filled.str.contains(DATE).sum()) > 0.95 * len(filled)


def _floats(text: pl.Series) -> Floats:
    import polars as pl

    numbers: Floats = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    return numbers


def _example(cell: str, number: float) -> str:
    return f"{shown(cell)} is {'missing' if np.isnan(number) else f'{number:.12g}'}"
