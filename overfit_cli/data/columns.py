"""A table's input columns: which are numbers, which categories, which no input; and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, differ_in_case, distinct, encode
from overfit_cli.data.dataset import Ints
from overfit_cli.data.ids import MIN_ID_WORDS, all_different, called_id, counts
from overfit_cli.data.naming import detailed, listed, shown
from overfit_cli.data.readings import Reading, is_mixed_percent, reading
from overfit_cli.data.spelling import Spelling, are_dates, unit_of
from overfit_cli.data.suspects import codes_for_missing
from overfit_cli.data.target import Where, is_typo, refuse_rows, refuse_words

MAX_CATEGORIES = 1_000
ROWS_PER_CATEGORY = 10

KEEP = " To use one, name every input in --features."
DROP = " --drop leaves a column out."
EMPTY = " Leave those cells empty to have numbers."
ALIKE = " Write all of them alike."
NOTES = {
    "spelled": "read as numbers: {}." + DROP,
    "ids": "left out, nearly every row has another value, as in ids or free text: {}." + KEEP,
    "dates": "left out, dates are no numbers: {}. Write what matters of them (month, age in days) "
    "in columns of its own. To predict later rows from earlier ones: --time-column." + KEEP,
    "units": "left out, numbers with a unit: {}. Write the numbers alone, and the unit in the "
    "column's name.",
    "units read": "read as categories, numbers with a unit: {}. Write the numbers alone, and the "
    "unit in the column's name.",
    "too many": f"left out, more than {MAX_CATEGORIES:,} categories: {{}}." + KEEP,
    "many": "few rows per category, and each is an input: {}." + DROP,
    "counting": "used, but every row has another whole number, as in ids: {}." + DROP,
    "codes": "used as numbers, but may mean missing: {}. If so, leave those cells empty.",
    "alike": "columns with values that differ in case or blanks only: {}.",
    "words left out": "left out, some of the cells are no numbers: {}." + EMPTY,
    "words read": "read as categories, some of the cells are no numbers: {}." + EMPTY,
    "percents left out": "left out, some cells have a percent sign, others have none: {}." + ALIKE,
    "percents read": "read as categories, some cells have a percent sign, others have none: {}."
    + ALIKE,
}
"""What is told about columns, by what was done to them."""


@dataclass
class Inputs:
    """The input columns, numeric ones and categorical ones, and what was done to get them.

    spelling: of numeric columns that are not written in the usual way. told: by a key of NOTES,
    the columns it is about, each with a figure or example.
    """

    numeric: dict[str, NDArray[Any]] = field(default_factory=dict)
    codes: dict[str, Ints] = field(default_factory=dict)
    categories: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    spelling: dict[str, Spelling] = field(default_factory=dict)
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def tell(self, what: str, column: str, detail: str) -> None:
        """Note a column under a key of NOTES."""
        self.told.setdefault(what, []).append((shown(column), detail))

    @property
    def notes(self) -> tuple[str, ...]:
        """One note for each thing that was done."""
        return tuple(
            note.format(detailed(self.told[what]))
            for what, note in NOTES.items()
            if what in self.told
        )


def sorted_columns(
    columns: Mapping[str, Cells],
    chosen: bool,
    decimal: str,
    where: Where,
    starts: Sequence[int] = (0,),
) -> Inputs:
    """Sort input columns into numeric, categorical and useless ones.

    chosen: the user named every input, so none is useless. decimal: as in `spelled`. starts: the
    first row of each file.

    Raises:
        DataError: a number with a typing error, or an infinite one, named by line.
    """
    inputs = Inputs()
    found = {name: reading(cells, decimal) for name, cells in columns.items()}
    read = {name: _read(inputs, name, columns[name], found[name]) for name in columns}
    refuse_words({name: cells for name, cells in read.items() if is_typo(cells)}, where)
    for name, cells in read.items():
        if cells.text is None:
            _refuse_infinite(name, cells, where)
            _number(inputs, name, cells, () if chosen else starts)
        else:
            _category(inputs, name, cells, chosen, _spoiled(cells, found[name], where))
    return inputs


def _read(inputs: Inputs, name: str, cells: Cells, found: Reading | None) -> Cells:
    """Return the cells as they were found to be written, if they are numbers so."""
    if not found or not found.cells.is_numbers:
        return cells
    inputs.spelling[name] = found.spelling
    inputs.tell("spelled", name, found.example)
    return found.cells


def _refuse_infinite(name: str, cells: Cells, where: Where) -> None:
    infinite = np.flatnonzero(np.isinf(cells.numbers))
    refuse_rows(infinite, f"column {shown(name)} is infinite", where)


def _number(inputs: Inputs, name: str, cells: Cells, starts: Sequence[int]) -> None:
    """Take a column of numbers, unless it is an id; no starts: it was chosen, so it is none."""
    numbers = cells.numbers
    if starts and all_different(numbers, starts):
        if called_id(name):
            inputs.tell("ids", name, f"{len(numbers):,} in {len(numbers):,} rows")
            return
        if counts(numbers, starts):
            inputs.tell("counting", name, f"{numbers.min():.0f} to {numbers.max():.0f}")
    codes = codes_for_missing(numbers)
    if codes:
        inputs.tell("codes", name, codes)
    inputs.numeric[name] = numbers


def _category(
    inputs: Inputs, name: str, cells: Cells, chosen: bool, spoiled: tuple[str, str] | None
) -> None:
    """Take a column of words, or leave it out; spoiled: what keeps it from being numbers."""
    assert cells.text is not None
    words, n = distinct(cells.text), cells.n_filled
    useless = None if chosen or len(words) <= MIN_ID_WORDS else _useless(cells, len(words))
    if spoiled:
        what, detail = spoiled
        inputs.tell(f"{what} {'left out' if useless else 'read'}", name, detail)
    elif useless:
        what, detail = useless
        inputs.tell(what, name, detail)
    if not useless:
        inputs.codes[name] = encode(cells.text, words)
        inputs.categories.append((name, words))
        if len(words) > MIN_ID_WORDS and len(words) * ROWS_PER_CATEGORY > n:
            unit = unit_of(cells.text)
            detail = f"{shown(unit)} behind each" if unit else f"{len(words):,} in {n:,} rows"
            inputs.tell("units read" if unit else "many", name, detail)
        alike = differ_in_case(words)
        if alike:
            inputs.tell("alike", name, listed(alike))


def _useless(cells: Cells, n_words: int) -> tuple[str, str] | None:
    """Say why a column of words is left out, if it is: a key of NOTES and a detail."""
    assert cells.text is not None
    if are_dates(cells.text):
        return "dates", shown(cells.text.drop_nulls()[0])
    if 2 * n_words <= cells.n_filled and n_words <= MAX_CATEGORIES:
        return None
    unit = unit_of(cells.text)
    if unit:
        return "units", f"{shown(unit)} behind each"
    what = "ids" if 2 * n_words > cells.n_filled else "too many"
    return what, f"{n_words:,} in {cells.n_filled:,} rows"


def _spoiled(cells: Cells, found: Reading | None, where: Where) -> tuple[str, str] | None:
    """Say what keeps a column from being numbers that for more than half is: a kind and a detail.

    found: how it can be read, if in any other way than the plain one.
    """
    if is_mixed_percent(cells) and cells.text is not None:
        first = int(np.flatnonzero(~np.isnan(cells.numbers))[0])
        return "percents", f"the first {shown(cells.text[first])} in {where(first)}"
    cells = found.cells if found else cells
    if 2 * len(cells.words) >= cells.n_filled or cells.text is None:
        return None
    row = int(cells.words[0])
    share = len(cells.words) / cells.n_filled
    return "words", f"{share:.0%}, the first {shown(cells.text[row])} in {where(row)}"
