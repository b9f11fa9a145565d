"""CSV, TSV and Parquet tables of numbers, text and missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, distinct, encode
from overfit_cli.data.dataset import TEST, VAL, Dataset, Floats, Ints
from overfit_cli.data.files import MEMORY, max_bytes
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.joined import JoinedFiles
from overfit_cli.data.naming import shown
from overfit_cli.data.request import DataRequest
from overfit_cli.data.roles import Roles, assign_roles, check_weights, parts_of
from overfit_cli.data.target import Target, is_typo, refuse_rows, refuse_words, target_of_cells
from overfit_cli.errors import DataError, UsageError

ROW_NUMBER_NAMES = ("id", "index", "row", "row_id", "rowid", "unnamed: 0", "column_1")
MIN_ID_WORDS = 20
MAX_CATEGORIES = 1_000


@dataclass(frozen=True)
class Inputs:
    """The input columns, numeric ones and categorical ones, and what was done to get them."""

    numeric: dict[str, NDArray[Any]]
    codes: dict[str, Ints]
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


def load(request: DataRequest, options: Mapping[str, str], seed: int) -> Dataset:
    """Load a table, with its validation and test files if there are any.

    A column all of whose filled cells are numbers is numeric; one with under 5% of other cells is
    refused, one with more is categorical. Row ids count data rows from 0 over all files.

    Raises:
        DataError: a file, a cell or a target that cannot be used, named by line and column.
        UsageError: a name that is no column, or one with two parts.
    """
    if request.split_column and (request.val_file or request.test_file):
        raise UsageError("--split-column and --val-file / --test-file both divide the rows.")
    files = JoinedFiles(request.dataset, request.val_file, request.test_file)
    roles = assign_roles(files.names, request, files.path)
    files.require(roles.all)
    cells = files.cells((*roles.targets, *roles.features))
    target = target_of_cells(
        {name: cells.pop(name) for name in roles.targets}, request.task, files.where, files.path
    )
    return _dataset(request.dataset, files, roles, target, _inputs(cells, roles, files))


def _dataset(
    name: str, files: JoinedFiles, roles: Roles, target: Target, inputs: Inputs
) -> Dataset:
    n = files.n_rows
    numeric = stacked(inputs.numeric, n, np.float64)
    codes = stacked(inputs.codes, n, np.int64)
    part, weights, groups = _part(files, roles), _weights(files, roles), _groups(files, roles)
    schema = repr((tuple(inputs.numeric), inputs.categories, target.names, target.classes))
    return Dataset(
        name=name,
        task=target.task,
        numeric=numeric,
        numeric_names=tuple(inputs.numeric),
        codes=codes,
        categories=inputs.categories,
        target=target.values,
        target_names=target.names,
        classes=target.classes,
        row_ids=np.arange(n),
        fingerprint=fingerprint(schema, numeric, codes, target.values, part, weights, groups),
        weights=weights,
        groups=groups,
        part=part,
        notes=files.notes() + inputs.notes,
    )


def stacked(columns: dict[str, NDArray[Any]], n: int, dtype: Any, block: int = 512) -> NDArray[Any]:
    """Put columns (n,) side by side, (n, columns).

    A block of rows at a time: writing whole columns into rows misses the cache at every number.
    """
    table = np.empty((n, len(columns)), dtype)
    arrays = list(columns.values())
    for start in range(0, n if arrays else 0, block):
        rows = slice(start, start + block)
        table[rows] = np.column_stack([array[rows] for array in arrays])
    return table


def _inputs(cells: dict[str, Cells], roles: Roles, files: JoinedFiles) -> Inputs:
    """Sort the input columns into numeric, categorical and useless."""
    numeric: dict[str, NDArray[Any]] = {}
    codes: dict[str, Ints] = {}
    categories: list[tuple[str, tuple[str, ...]]] = []
    notes: list[str] = []
    for name in roles.features:
        column = cells.pop(name)
        useless = None if roles.chosen else _useless(name, column)
        if useless:
            notes.append(useless)
        elif column.text is None:
            infinite = np.flatnonzero(np.isinf(column.numbers))
            refuse_rows(infinite, f"column {shown(name)} is infinite", files.where)
            numeric[name] = column.numbers
        else:
            notes += _mixed(name, column, files)
            words = distinct(column.text)
            codes[name] = encode(column.text, words)
            categories.append((name, words))
    if not numeric and not codes:
        raise DataError(f"{files.path}: no usable input column: {' '.join(notes)}")
    _check_width(files, len(numeric), categories)
    return Inputs(numeric, codes, tuple(categories), tuple(notes))


def _useless(name: str, column: Cells) -> str | None:
    """Say why a column is left out: it only tells the rows apart; None if it does not."""
    keep = "--features keeps it"
    if column.text is None:
        if name.lower() in ROW_NUMBER_NAMES and _counts_up(column.numbers):
            return f"column {shown(name)} dropped: it numbers the rows ({keep})."
        return None
    n_words = int(column.text.drop_nulls().n_unique())
    # Numbers with a few typing errors are refused later, by `_mixed`, not left out here.
    if n_words > MIN_ID_WORDS and not is_typo(column):
        if 2 * n_words > column.n_filled:
            return (
                f"column {shown(name)} dropped: {n_words:,} different texts in "
                f"{column.n_filled:,} filled rows, as in an id ({keep})."
            )
        if n_words > MAX_CATEGORIES:
            return (
                f"column {shown(name)} dropped: {n_words:,} categories; more than "
                f"{MAX_CATEGORIES:,} are left out ({keep})."
            )
    return None


def _counts_up(numbers: Floats) -> bool:
    first = numbers[0]
    counted = first + np.arange(len(numbers))
    return len(numbers) > 2 and bool(np.isfinite(first)) and np.array_equal(numbers, counted)


def _mixed(name: str, column: Cells, files: JoinedFiles) -> list[str]:
    """Refuse numbers with a few typing errors; note a column that is half numbers."""
    if is_typo(column):
        refuse_words(name, column, files.where)
    if 2 * len(column.words) >= column.n_filled or column.text is None:
        return []
    row = int(column.words[0])
    share = len(column.words) / column.n_filled
    return [
        f"column {shown(name)} read as categories: {share:.0%} of its cells are no numbers, "
        f"the first {shown(column.text[row])} ({files.where(row)})."
    ]


def _check_width(
    files: JoinedFiles, n_numeric: int, categories: list[tuple[str, tuple[str, ...]]]
) -> None:
    width = n_numeric + sum(len(words) for _, words in categories)
    if 4 * files.n_rows * width > max_bytes():
        name, words = max(categories, key=lambda item: len(item[1]), default=("", ()))
        advice = f" Column {shown(name)} alone has {len(words):,} categories." if words else ""
        raise DataError(
            f"{files.path}: {files.n_rows:,} rows x {width:,} network inputs are more than "
            f"{max_bytes() / 2**20:,.0f} MiB; leave columns out with --drop, or allow more with "
            f"{MEMORY}=N (GiB).{advice}"
        )


def _part(files: JoinedFiles, roles: Roles) -> NDArray[np.int8] | None:
    if roles.split:
        return parts_of(files.text(roles.split).to_list(), roles.split, files.where)
    return files.part if np.any(np.isin(files.part, (VAL, TEST))) else None


def _weights(files: JoinedFiles, roles: Roles) -> NDArray[np.float64] | None:
    if not roles.weight:
        return None
    cells = files.cells([roles.weight])[roles.weight]
    refuse_words(roles.weight, cells, files.where)
    return check_weights(cells.numbers, roles.weight, files.where, files.path)


def _groups(files: JoinedFiles, roles: Roles) -> Ints | None:
    if not roles.group:
        return None
    text = files.text(roles.group)
    missing = np.flatnonzero(text.is_null().to_numpy())
    refuse_rows(missing, f"no value for the group {shown(roles.group)}", files.where)
    return encode(text, distinct(text))
