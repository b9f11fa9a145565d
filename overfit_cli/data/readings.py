"""Which spelling a column of text is read by, if it is one of numbers; plain numbers stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import DECIMAL_COMMA, Cells
from overfit_cli.data.dataset import Ints
from overfit_cli.data.naming import detailed, shown
from overfit_cli.data.spelling import BETWEEN, MINUS, NOTHING, PERCENT, SIGN, Spelling, read_as

if TYPE_CHECKING:
    import polars as pl

LIKELY = rf"^[\s\d.,'’\u{{a0}}\u{{202f}}$€£¥%+–—{MINUS}-]+$"
MOST_READ = 20
"""Columns of numbers whose text is looked at: each means to read the file again."""
LOOK = 1000
"""Words that are looked at before a column is read as numbers."""
GROUP_OF_THREE = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
SIGNED = rf"{SIGN}|[+{MINUS}-]"


class Reading(NamedTuple):
    """A column read by a spelling. example: a cell that is read otherwise, and as what."""

    cells: Cells
    spelling: Spelling
    example: str


def spelled(cells: Cells, decimal: str) -> Reading | None:
    """Read a column as numbers if all of it but typing errors is written in one of these ways.

    decimal: the character that is preferred where both would do, as for 1,234. Returns None for
    plain numbers and for anything else.
    """
    found = reading(cells, decimal)
    return found if found and found.cells.is_numbers else None


def reading(cells: Cells, decimal: str) -> Reading | None:
    """Return the reading with the fewest words, None if none has fewer than the plain one.

    One that would change a plain number, or take a typing error for a grouped one, is no reading
    unless other cells prove it. Codes, such as 562,141 in every row, are no numbers at all. It is
    looked for once, and kept with the cells.
    """
    if decimal not in cells.tried:
        cells.tried[decimal] = _reading(cells, decimal)
    found: Reading | None = cells.tried[decimal]
    return found


def _reading(cells: Cells, decimal: str) -> Reading | None:
    if cells.text is None or not likely_numbers(cells):
        return None
    tried = _tried(cells, decimal)
    for spelling, found in sorted(tried, key=lambda each: len(each[1].words)):
        if len(found.words) >= len(cells.words):
            return None
        if spelling.decimal and _are_codes(cells.text, found, spelling, decimal):
            return None
        if _is_sure(cells, found, spelling):
            return Reading(found, spelling, _example(cells, found))
    return None


def decimal_of(columns: Iterable[Cells], preferred: str) -> str:
    """Return the decimal character that the columns prove which can be read in one way only.

    That is `preferred` where there are none, or where they contradict each other.
    """
    columns = list(columns)
    other = "," if preferred == "." else "."
    written = [cells for cells in columns if cells.text is not None]
    if not any(_proves(cells, other) for cells in written):
        return preferred
    # numbers of a file of commas have been read with points
    points = preferred == "." and any(map(_has_fractions, columns))
    return preferred if points or any(_proves(cells, preferred) for cells in written) else other


def perhaps_thousands(
    columns: Mapping[str, Cells], decimal: str, raw: Callable[[str], pl.Series]
) -> tuple[str, ...]:
    """Return a note on 1.234 that is read as it stands, though others have decimal commas.

    decimal: as in `spelled`. raw: a column's text as the file has it; looked at only where its
    numbers may be thousands.
    """
    candidates = [name for name, cells in columns.items() if _may_be_thousands(cells)]
    others = [name for name in columns if candidates and name not in candidates]
    others += candidates[:MOST_READ]
    if not any(_has_commas(columns[name], decimal, partial(raw, name)) for name in others):
        return ()
    told = {}
    for name in candidates[:MOST_READ]:
        text = raw(name).str.strip_chars()
        points = text.filter(text.str.contains(".", literal=True))
        if len(points) and bool(points.str.contains(GROUP_OF_THREE).all()):
            number = float(points[0])
            told[name] = f"{points[0]} is {number:g}, not {1000 * number:.0f}"
    if not told:
        return ()
    return (
        "read with a decimal point, though other columns have decimal commas: "
        f"{detailed([(shown(name), how) for name, how in told.items()])}. If the points group "
        "thousands, leave them out.",
    )


def _has_commas(cells: Cells, decimal: str, raw: Callable[[], pl.Series]) -> bool:
    """Say whether a column's numbers are read with decimal commas."""
    if not len(cells.words):
        return decimal == "," and bool(raw().str.contains(DECIMAL_COMMA).any())
    found = spelled(cells, decimal)
    return found is not None and found.spelling.decimal == ","


def _may_be_thousands(cells: Cells) -> bool:
    """Say whether all are 0 or from 1 to 1,000 with three decimals at most, and some have any."""
    numbers = np.abs(cells.numbers[~np.isnan(cells.numbers)])
    if len(cells.words) or not len(numbers) or numbers.max() >= 1000:
        return False
    if bool(((numbers > 0) & (numbers < 1)).any()):
        return False
    thousandths = np.round(1000 * numbers)
    exact = bool(np.allclose(1000 * numbers, thousandths, rtol=0, atol=1e-6))
    return exact and bool((thousandths % 1000).any())


def is_mixed_percent(cells: Cells) -> bool:
    """Say whether some cells are percents and the others, nearly all, plain numbers."""
    plain = np.count_nonzero(~np.isnan(cells.numbers))
    if cells.text is None or not plain or not likely_numbers(cells):
        return False
    signed = cells.text.gather(cells.words).str.contains(PERCENT, literal=True)
    return int(signed.sum()) > 0.95 * len(cells.words)


def likely_numbers(cells: Cells) -> bool:
    """Look at some of the words, which spares long columns of words the time."""
    assert cells.text is not None
    words = _at(cells.text, cells.words[:LOOK])
    likely = words.str.contains(LIKELY) | words.str.to_lowercase().is_in(NOTHING)
    return 2 * int(likely.sum()) >= len(words) > 0


def _tried(cells: Cells, decimal: str) -> list[tuple[Spelling, Cells]]:
    """Try one spelling after the other until one leaves nothing to be wished for."""
    tried = []
    for spelling in _spellings(cells, decimal):
        found = read_as(cells, spelling)
        tried.append((spelling, found))
        if not len(found.words) and _is_sure(cells, found, spelling):
            break
    return tried


def _spellings(cells: Cells, decimal: str) -> Iterator[Spelling]:
    """Yield the ways to try, the preferred ones first."""
    import polars as pl

    assert cells.text is not None
    yield Spelling()
    found = pl.col("cell").str.extract(f"({SIGN})").drop_nulls().unique()
    signs = cells.text.to_frame("cell").select(found).to_series().to_list()
    percents = PERCENT in signs and not np.isnan(cells.numbers).all()
    if len(signs) > 1 or percents:
        return
    for point in sorted(BETWEEN, key=lambda point: point != decimal):
        yield Spelling(point, *signs)


def _proves(cells: Cells, point: str) -> bool:
    """Say whether a column has this decimal character even if the other one is preferred."""
    against = spelled(cells, "," if point == "." else ".")
    return against is not None and against.spelling.decimal == point


def _has_fractions(cells: Cells) -> bool:
    numbers = cells.numbers[np.isfinite(cells.numbers)]
    typed = cells.typed is not None and bool(cells.typed.any())
    return not typed and not np.array_equal(numbers, np.floor(numbers))


def _are_codes(text: pl.Series, found: Cells, spelling: Spelling, decimal: str) -> bool:
    """Say whether all cells have as many groups, and nothing else that numbers have.

    A part of three digits may be a group as well, so it is no sign of a decimal part, unless
    `decimal` says so.
    """
    read = _at(text, np.flatnonzero(~np.isnan(found.numbers)))
    between, point = BETWEEN[spelling.decimal], rf"\{spelling.decimal}"
    decimal_part = rf"{point}(\d{{0,2}}|\d{{4,}})$|^(0\d*|\d{{4,}}){point}|{between}.*{point}"
    a_number_s = rf"{SIGNED}|{decimal_part}"
    if read[:LOOK].str.contains(a_number_s).any():
        return False
    separators = read.str.count_matches(rf"{between}|{point}")
    if not len(read) or separators.n_unique() > 1 or not separators[0]:
        return False
    if spelling.decimal == decimal and not read.str.contains(between).any():
        return False
    return not bool(read.str.contains(a_number_s).any())


def _is_sure(cells: Cells, found: Cells, spelling: Spelling) -> bool:
    """Say whether a reading changes no plain number, or is proven by a cell that is none.

    Both separators in a cell prove it, or the same one twice.
    """
    changed = bool(_changed(cells, found).any())
    if not spelling.decimal or not (changed or cells.is_numbers):
        return True
    assert cells.text is not None
    words = _at(cells.text, cells.words[~np.isin(cells.words, found.words)])
    between = BETWEEN[spelling.decimal]
    proven = bool(words.str.contains(rf"{between}.*(\{spelling.decimal}|{between})").any())
    if changed:
        return proven and not cells.is_numbers
    return proven or not (_has_fractions(cells) and words.str.contains(between).any())


def _at(text: pl.Series, rows: Ints) -> pl.Series:
    """Return the cells of some rows, in order; all of them at no cost."""
    return text if len(rows) == len(text) else text[rows]


def _changed(cells: Cells, found: Cells) -> NDArray[np.bool_]:
    plain, both = ~np.isnan(cells.numbers), ~np.isnan(found.numbers)
    changed: NDArray[np.bool_] = plain & both & (cells.numbers != found.numbers)
    return changed


def _example(cells: Cells, found: Cells) -> str:
    """Show a plain number that is read otherwise, else a cell that was none."""
    assert cells.text is not None
    changed = np.flatnonzero(_changed(cells, found))
    row = int((changed if len(changed) else cells.words[~np.isin(cells.words, found.words)])[0])
    number = found.numbers[row]
    return f"{shown(cells.text[row])} is {'missing' if np.isnan(number) else f'{number:.12g}'}"
