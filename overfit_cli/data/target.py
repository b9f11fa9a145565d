"""What is predicted: classes or numbers, told apart by what the column holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, differ_in_case, distinct, encode
from overfit_cli.data.dataset import Floats, Task
from overfit_cli.data.ids import all_different, called_id, counts
from overfit_cli.data.naming import detailed, listed, shown
from overfit_cli.data.readings import is_mixed_percent, spelled
from overfit_cli.data.spelling import are_dates, unit_of
from overfit_cli.errors import DataError, UsageError
from overfit_cli.words import count

if TYPE_CHECKING:
    import polars as pl

Where = Callable[[int], str]

CORRECT_CELL = "Correct it, or leave the cell empty."
CORRECT_ROW = "Correct it, or delete the row."
CORRECT_MANY = {
    CORRECT_CELL: "Correct them, or leave those cells empty.",
    CORRECT_ROW: "Correct them, or delete those rows.",
}
PLACE = re.compile(r"(.*, )(line|row) (\d+)(.*)", re.DOTALL)

MAX_WHOLE_CLASSES = 20
"""Up to this many different whole numbers (and half of the rows) are taken as classes."""


@dataclass(frozen=True)
class Target:
    """values: class codes (N,) or floats (N, T); classes: their names, () for regression.

    notes: what the user should know of how the column was read.
    """

    task: Task
    values: NDArray[Any]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def target_of_cells(
    columns: dict[str, Cells], task: Task | None, where: Where, source: str, decimal: str = "."
) -> Target:
    """Read the target from columns of a table without missing cells; decimal: as in `spelled`.

    Raises:
        DataError: infinite or unusable values, named by line; one class; an id.
        UsageError: several columns for a classification.
    """
    notes: list[str] = []
    for name, cells in columns.items():
        found = None if task == "classification" else spelled(cells, decimal)
        if found and (task or len(np.unique(found.cells.numbers)) > MAX_WHOLE_CLASSES):
            refuse_missing(name, found.cells.missing, where)
        if found and not len(found.cells.missing):
            columns = {**columns, name: found.cells}
            notes.append(f"the target {shown(name)} is read as numbers ({found.example}).")
    read = _target_of_cells(columns, task, where, source)
    return replace(read, notes=(*notes, *read.notes, *_doubts(read, task, source)))


def _target_of_cells(
    columns: dict[str, Cells], task: Task | None, where: Where, source: str
) -> Target:
    (name, first), *more = columns.items()
    if not more and task != "regression" and len(first.words):
        return _text_classes(name, first, task, where, source)
    refuse_words(columns, where, CORRECT_ROW)
    values = np.column_stack([cells.numbers for cells in columns.values()])
    return target_of_numbers(values, tuple(columns), task, where, source)


def _doubts(target: Target, said: Task | None, source: str) -> tuple[str, ...]:
    """Return what may be wrong about a target of numbers whose task was not said.

    Raises:
        DataError: it numbers the rows and is called an id.
    """
    values, name = target.values, target.names[0]
    if said or target.task == "classification" or values.shape[1] > 1:
        return ()
    if all_different(values[:, 0]):
        if called_id(name):
            raise DataError(
                f"{source}: the target {shown(name)} is another whole number in every row, as in "
                "an id. Choose another --target, or say --task regression if it is meant."
            )
        ends = f"{values.min():.0f} to {values.max():.0f}"
        doubt = f"the target {shown(name)} is another whole number in every row ({ends}); an id?"
        return (doubt,) if counts(values[:, 0]) else ()
    n = len(np.unique(values))
    if 2 * n > len(values) or not np.array_equal(values, np.floor(values)):
        return ()
    return (
        f"the target {shown(name)} has {n:,} different whole numbers, taken as numbers; "
        "--task classification takes them as classes.",
    )


def target_of_numbers(
    values: NDArray[Any], names: tuple[str, ...], task: Task | None, where: Where, source: str
) -> Target:
    """Take numbers (N, T) as classes or as values to regress on; see MAX_WHOLE_CLASSES.

    Raises:
        DataError: NaN or infinite values, named by row; one class, or hundreds of them.
        UsageError: several columns for a classification.
    """
    broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
    refuse_rows(broken, f"no finite value for the target {shown(names[0])}", where, CORRECT_ROW)
    if task is None:
        task = _inferred_task(values)
    if task == "regression":
        return Target(task, values.astype(np.float64), names, ())
    if len(names) > 1:
        raise UsageError(f"classification has one target; these are {len(names)}: {listed(names)}.")
    found, codes = np.unique(values[:, 0], return_inverse=True)
    _check_classes(len(found), len(values), names[0], source)
    return Target(task, codes.astype(np.int64), names, tuple(_number_name(x) for x in found))


def target_of_labels(labels: Sequence[str], name: str, task: Task | None, source: str) -> Target:
    """Take texts as classes, in alphabetical order.

    Raises:
        DataError: one class, or nearly as many as rows.
        UsageError: if regression was asked for.
    """
    if task == "regression":
        raise UsageError(f"{source}: the target {shown(name)} is text; regression needs numbers.")
    found, codes = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    _check_classes(len(found), len(codes), name, source)
    return Target("classification", codes.astype(np.int64), (name,), tuple(map(str, found)))


def rows_of(source: str) -> Where:
    """Return how rows are called where there are no lines."""
    return lambda row: f"{source}, row {row} (from 0)"


def refuse_rows(
    rows: Iterable[int],
    wrong: str,
    where: Where,
    advice: str = "Correct or delete what is there.",
) -> None:
    """Refuse rows if there are any, naming the first three.

    Raises:
        DataError: as `wrong` says.
    """
    rows = list(rows)
    if rows:
        raise DataError(f"{_places(rows, where)}: {wrong}. {advice}")


def _places(rows: list[int], where: Where, most: int = 3) -> str:
    """Say where rows stand, the file's name once: `t.csv, lines 4, 7, 10 and 2 more`."""
    first = [where(row) for row in rows[:most]]
    more = f" and {count(len(rows) - most)} more" if len(rows) > most else ""
    found = [match.groups() for match in map(PLACE.fullmatch, first) if match]
    if len(rows) == 1 or len({(file, what, end) for file, what, _, end in found}) != 1:
        return "; ".join(first) + more
    file, what, _, end = found[0]
    return f"{file}{what}s {', '.join(number for _, _, number, _ in found)}{more}{end}"


def refuse_missing(
    name: str, rows: Iterable[int], where: Where, held: Sequence[str] = (), classes: bool = False
) -> None:
    """Refuse a target without a value in these rows; held: what stands there in its place.

    Raises:
        DataError: names the first rows, and what to do about them.
    """
    read = f": {listed(held)} is read as missing" if held else ""
    rename = "If it is a class, give it another name; else " if held and classes else ""
    advice = rename + (CORRECT_ROW[0].lower() + CORRECT_ROW[1:] if rename else CORRECT_ROW)
    refuse_rows(rows, f"no value for the target {shown(name)}{read}", where, advice)


def refuse_words(columns: Mapping[str, Cells], where: Where, advice: str = CORRECT_CELL) -> None:
    """Refuse columns of numbers that have cells which are none.

    Raises:
        DataError: names the first such cell, its line and column, and what else there is.
    """
    wrong = [(name, c.text[c.words]) for name, c in columns.items() if c.text is not None]
    if wrong:
        (name, words), *others = wrong
        more = [(shown(other), f"{count(len(text))}: {_spellings(text)}") for other, text in others]
        nor = f" Nor are cells of {detailed(more)}." if more else ""
        many = "" if len(words) == 1 else f" ({count(len(words))} such cells)"
        if words.n_unique() > 1:
            many = f" ({count(len(words))} such cells: {_spellings(words)})"
        raise DataError(
            f"{where(int(columns[name].words[0]))}, column {shown(name)}: {shown(words[0])} is not "
            f"a number{many}.{nor} {CORRECT_MANY[advice] if many or more else advice}"
        )


def _spellings(words: pl.Series) -> str:
    return listed(words.unique(maintain_order=True).to_list())


def _text_classes(name: str, cells: Cells, task: Task | None, where: Where, source: str) -> Target:
    if task is None and is_typo(cells):
        refuse_words({name: cells}, where, CORRECT_ROW)
    assert cells.text is not None
    classes = distinct(cells.text)
    if task is None and len(classes) > MAX_WHOLE_CLASSES:
        _refuse_other_numbers(name, cells, source)
    _check_classes(len(classes), len(cells.numbers), name, source)
    alike = differ_in_case(classes)
    notes = (f"classes that differ in case or blanks only: {listed(alike)}.",) if alike else ()
    return Target("classification", encode(cells.text, classes), (name,), classes, notes)


def _refuse_other_numbers(name: str, cells: Cells, source: str) -> None:
    """Refuse a target of many words that means numbers.

    Raises:
        DataError: for dates, some percents among plain numbers, and numbers with a unit.
    """
    assert cells.text is not None
    if are_dates(cells.text):
        raise DataError(
            f"{source}: the target {shown(name)} holds dates ({shown(cells.text[0])}); "
            "write what is to be predicted as a number, such as days, or as a class."
        )
    if is_mixed_percent(cells):
        raise DataError(
            f"{source}: some cells of the target {shown(name)} have a percent sign, others have "
            "none. Write all of them alike."
        )
    unit = unit_of(cells.text)
    if unit:
        raise DataError(
            f"{source}: the target {shown(name)} holds numbers with {shown(unit)} behind each. "
            "Write the numbers alone."
        )


def is_typo(cells: Cells) -> bool:
    """Say whether a column is one of numbers with typing errors."""
    return len(cells.words) > 0 and cells.is_numbers


def _inferred_task(values: NDArray[Any]) -> Task:
    found = np.unique(values)
    few = len(found) <= min(MAX_WHOLE_CLASSES, max(2, len(values) // 2))
    whole = bool(np.all(found == np.floor(found)))
    return "classification" if values.shape[1] == 1 and few and whole else "regression"


def _check_classes(n_classes: int, n_rows: int, name: str, source: str) -> None:
    if n_classes < 2:
        raise DataError(f"{source}: the target {shown(name)} has one class only; two are needed.")
    if n_classes > MAX_WHOLE_CLASSES and 2 * n_classes > n_rows:
        raise DataError(
            f"{source}: the target {shown(name)} has {n_classes:,} classes in {n_rows:,} rows. "
            "Classes have to repeat: is it an id, or free text? Choose another --target; "
            "numbers are predicted with --task regression."
        )


def _number_name(value: Floats) -> str:
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
