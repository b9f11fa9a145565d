"""A table's input columns: which are numbers, which categories, which no input; and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, distinct, encode
from overfit_cli.data.dataset import Ints
from overfit_cli.data.ids import MIN_ID_WORDS, all_different, called_id, counts
from overfit_cli.data.naming import shown
from overfit_cli.data.readings import Reading, is_mixed_percent, reading
from overfit_cli.data.spelling import Spelling, are_dates
from overfit_cli.data.target import Where, is_typo, refuse_rows, refuse_words

MAX_CATEGORIES = 1_000
ROWS_PER_CATEGORY = 10
MOST_TOLD = 5

KEEP = " To use one, name every input in --features."
DROP = " --drop leaves a column out."
NOTES = {
    "spelled": "read as numbers: {}." + DROP,
    "ids": "left out, nearly every row has another value, as in ids or free text: {}." + KEEP,
    "dates": "left out, dates are no numbers: {}. Write what matters of them (month, age in days) "
    "in columns of its own." + KEEP,
    "too many": f"left out, more than {MAX_CATEGORIES:,} categories: {{}}." + KEEP,
    "many": "few rows per category, and each is an input: {}." + DROP,
    "counting": "used, but every row has another whole number, as in ids: {}." + DROP,
}
"""What is told about columns, by what was done to them."""


@dataclass
class Inputs:
    """The input columns, numeric ones and categorical ones, and what was done to get them.

    spelling: of numeric columns that are not written in the usual way. told: by a key of NOTES,
    the columns it is about, each with a figure or example; further: notes on one column each.
    """

    numeric: dict[str, NDArray[Any]] = field(default_factory=dict)
    codes: dict[str, Ints] = field(default_factory=dict)
    categories: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    spelling: dict[str, Spelling] = field(default_factory=dict)
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)

    def tell(self, what: str, column: str, detail: str) -> None:
        """Note a column under a key of NOTES."""
        self.told.setdefault(what, []).append((shown(column), detail))

    @property
    def notes(self) -> tuple[str, ...]:
        """One note for each thing that was done, then those on single columns."""
        told = [NOTES[what].format(_some(self.told[what])) for what in NOTES if what in self.told]
        return (*told, *self.further)


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
    for name, cells in columns.items():
        found = reading(cells, decimal)
        if found and found.cells.is_numbers:
            inputs.spelling[name] = found.spelling
            inputs.tell("spelled", name, found.example)
            cells = found.cells
        if is_typo(cells):
            refuse_words(name, cells, where)
        if cells.text is None:
            _refuse_infinite(name, cells, where)
            _number(inputs, name, cells, () if chosen else starts)
        else:
            spoiled = _spoiled(cells, found, where)
            _category(inputs, name, cells, chosen, spoiled)
    return inputs


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
    inputs.numeric[name] = numbers


def _category(inputs: Inputs, name: str, cells: Cells, chosen: bool, spoiled: str) -> None:
    """Take a column of words, or leave it out; spoiled: what keeps it from being numbers."""
    assert cells.text is not None
    words, n = distinct(cells.text), cells.n_filled
    useless = None if chosen or len(words) <= MIN_ID_WORDS else _useless(cells, len(words))
    if spoiled:
        done = "left out" if useless else "read as categories"
        inputs.further.append(f"column {shown(name)} {done}: {spoiled}")
    elif useless == "dates":
        inputs.tell(useless, name, shown(cells.text.drop_nulls()[0]))
    elif useless:
        inputs.tell(useless, name, f"{len(words):,} in {n:,} rows")
    if not useless:
        inputs.codes[name] = encode(cells.text, words)
        inputs.categories.append((name, words))
        if len(words) > MIN_ID_WORDS and len(words) * ROWS_PER_CATEGORY > n:
            inputs.tell("many", name, f"{len(words):,} in {n:,} rows")


def _useless(cells: Cells, n_words: int) -> str | None:
    """Return the key of NOTES that says why a column of words is left out, if it is."""
    assert cells.text is not None
    if are_dates(cells.text):
        return "dates"
    if 2 * n_words > cells.n_filled:
        return "ids"
    return "too many" if n_words > MAX_CATEGORIES else None


def _spoiled(cells: Cells, found: Reading | None, where: Where) -> str:
    """Say what keeps a column from being numbers that for more than half is; "" if it is not.

    found: how it can be read, if in any other way than the plain one.
    """
    if is_mixed_percent(cells) and cells.text is not None:
        first = int(np.flatnonzero(~np.isnan(cells.numbers))[0])
        return (
            f"some cells have a percent sign, others have none, the first "
            f"{shown(cells.text[first])} ({where(first)}). Write all of them alike."
        )
    cells = found.cells if found else cells
    if 2 * len(cells.words) >= cells.n_filled or cells.text is None:
        return ""
    row = int(cells.words[0])
    return (
        f"{len(cells.words) / cells.n_filled:.0%} of its cells are no numbers, the first "
        f"{shown(cells.text[row])} ({where(row)}). Leave those cells empty to have numbers."
    )


def _some(columns: Iterable[tuple[str, str]]) -> str:
    """Name all columns; the first have their details too."""
    told = (
        f"{name} ({detail})" if place < MOST_TOLD else name
        for place, (name, detail) in enumerate(columns)
    )
    return ", ".join(told)
