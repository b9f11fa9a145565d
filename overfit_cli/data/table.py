"""CSV, TSV and Parquet tables of numbers, text and missing values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, distinct, encode
from overfit_cli.data.columns import Inputs, sorted_columns
from overfit_cli.data.dataset import TEST, VAL, Dataset, Ints
from overfit_cli.data.files import MEMORY, max_bytes
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.joined import JoinedFiles
from overfit_cli.data.naming import shown
from overfit_cli.data.readings import decimal_of, perhaps_thousands
from overfit_cli.data.request import DataRequest
from overfit_cli.data.roles import Roles, assign_roles, check_weights, parts_of
from overfit_cli.data.target import (
    CORRECT_ROW,
    Target,
    refuse_missing,
    refuse_rows,
    refuse_words,
    target_of_cells,
)
from overfit_cli.data.times import ranks
from overfit_cli.errors import DataError, UsageError


def load(request: DataRequest, options: Mapping[str, str], seed: int) -> Dataset:
    """Load a table, with its validation and test files if there are any.

    A column all of whose filled cells are numbers, as written by spreadsheets too, is numeric; one
    with under 5% of other cells is refused, one with more is categorical. Ids, free text and dates
    are left out with a note. Row ids count data rows from 0 over all files.

    Raises:
        DataError: a file, a cell or a target that cannot be used, named by line and column.
        UsageError: a name that is no column, or one with two parts.
    """
    _refuse_two_divisions(request)
    files = JoinedFiles(request.dataset, request.val_file, request.test_file)
    roles = _roles(files, request)
    files.require(roles.all)
    cells = files.cells((*roles.targets, *roles.features))
    decimal = decimal_of(cells.values(), files.decimal)
    told = perhaps_thousands(cells, decimal, files.raw)
    columns = {name: cells.pop(name) for name in roles.targets}
    for name, column in columns.items():
        _refuse_missing(name, column, files)
    target = target_of_cells(columns, request.task, files.where, files.path, decimal)
    inputs = _inputs(cells, roles, files, decimal)
    return _dataset(request.dataset, files, roles, target, inputs, told)


def _refuse_two_divisions(request: DataRequest) -> None:
    ways = {
        "--time-column": request.time_column,
        "--split-column": request.split_column,
        "--val-file / --test-file": request.val_file or request.test_file,
        "--group-column": request.time_column and request.group_column,
    }
    given = [option for option, value in ways.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} both divide the rows.")


def _roles(files: JoinedFiles, request: DataRequest) -> Roles:
    """Assign roles; an error says so if the header seems to stand further down."""
    try:
        return assign_roles(files.names, request, files.path)
    except (UsageError, DataError) as error:
        raise type(error)(f"{error}{files.header_hint(request.target)}") from error


def _refuse_missing(name: str, column: Cells, files: JoinedFiles) -> None:
    rows = column.missing
    if len(rows):
        cells = files.raw(name)[rows].drop_nulls().str.strip_chars().unique()
        held = sorted(cell for cell in cells if cell)
        refuse_missing(name, rows, files.where, held, classes=len(column.words) > 0)


def _dataset(
    name: str,
    files: JoinedFiles,
    roles: Roles,
    target: Target,
    inputs: Inputs,
    told: tuple[str, ...],
) -> Dataset:
    n = files.n_rows
    numeric = stacked(inputs.numeric, n, np.float64)
    codes = stacked(inputs.codes, n, np.int64)
    part, weights, groups = _part(files, roles), _weights(files, roles), _groups(files, roles)
    times = _times(files, roles)
    # a part that only some tables have, so that the others keep their names
    by_time = () if times is None else ("times", times)
    schema = repr((tuple(inputs.numeric), tuple(inputs.categories), target.names, target.classes))
    return Dataset(
        name=name,
        task=target.task,
        numeric=numeric,
        numeric_names=tuple(inputs.numeric),
        codes=codes,
        categories=tuple(inputs.categories),
        spelling=inputs.spelling,
        target=target.values,
        target_names=target.names,
        classes=target.classes,
        row_ids=np.arange(n),
        where=files.where,
        fingerprint=fingerprint(
            schema, numeric, codes, target.values, part, weights, groups, *by_time
        ),
        weights=weights,
        groups=groups,
        times=times,
        part=part,
        notes=files.notes() + told + _by_time(roles) + target.notes + inputs.notes,
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


def _inputs(cells: dict[str, Cells], roles: Roles, files: JoinedFiles, decimal: str) -> Inputs:
    columns = {name: cells.pop(name) for name in roles.features}
    inputs = sorted_columns(columns, roles.chosen, decimal, files.where, files.starts)
    if not inputs.numeric and not inputs.codes:
        raise DataError(f"{files.path}: no usable input column; {' '.join(inputs.notes)}")
    _check_width(files, len(inputs.numeric), inputs.categories)
    return inputs


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
    refuse_words({roles.weight: cells}, files.where, CORRECT_ROW)
    return check_weights(cells.numbers, roles.weight, files.where, files.path)


def _groups(files: JoinedFiles, roles: Roles) -> Ints | None:
    if not roles.group:
        return None
    text = files.text(roles.group)
    missing = np.flatnonzero(text.is_null().to_numpy())
    refuse_rows(missing, f"no value for the group {shown(roles.group)}", files.where)
    return encode(text, distinct(text))


def _by_time(roles: Roles) -> tuple[str, ...]:
    if not roles.time:
        return ()
    return (
        f"split by {shown(roles.time)}: test rows are the last, validation rows come before them.",
    )


def _times(files: JoinedFiles, roles: Roles) -> Ints | None:
    if not roles.time:
        return None
    return ranks(files.cells([roles.time])[roles.time], roles.time, files.where)
