"""New rows to predict: a file read by the column names and categories of a stored run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.cells import Cells, distinct, encode
from overfit_cli.data.dataset import Ints
from overfit_cli.data.idx import read_idx
from overfit_cli.data.naming import MOST_ALLOWED, listed, shown
from overfit_cli.data.npz import check_inputs
from overfit_cli.data.npz_members import open_npz
from overfit_cli.data.spelling import PERCENT, Spelling, is_number, read_as
from overfit_cli.data.table_file import TableFile, open_table
from overfit_cli.data.target import CORRECT_CELL, Where, refuse_rows, refuse_words, rows_of
from overfit_cli.errors import DataError


class NewRows(NamedTuple):
    """numeric (n, Dn), NaN where missing; codes (n, Dc), -1 where missing or never seen.

    where: says where a row stands in its file.
    """

    numeric: NDArray[Any]
    codes: Ints
    row_ids: Ints
    notes: tuple[str, ...]
    where: Where


def read_new_rows(path: str, schema: dict[str, Any]) -> NewRows:
    """Read a table, an NPZ file (array X) or an IDX file of images by a stored run's schema.

    schema: `numeric_names` and `categories` of `Preprocessing.schema`, and which of them the run
    uses (all, where it does not say). The target, ids, dropped and other columns may be there or
    not; they are not read. Row ids count data rows from 0.

    Raises:
        DataError: a column that is missing (named), a cell that is no number (named by line), or
            another number of inputs than the run has.
    """
    name = Path(path).name.lower()
    if name.endswith(".npz"):
        with open_npz(path) as members:
            x = "x" if "x" in members.names else "X"
            return _array_rows(check_inputs(members.read(x), members.path), schema, path)
    if "idx" in name and "ubyte" in name:
        return _array_rows(check_inputs(read_idx(path), path), schema, path)
    return _table_rows(open_table(path), schema)


def _array_rows(array: NDArray[Any], schema: dict[str, Any], path: str) -> NewRows:
    numeric = array.reshape(len(array), -1)
    expected = len(schema["numeric_names"])
    if schema["categories"]:
        names = listed([name for name, _ in schema["categories"]])
        raise DataError(f"{path}: the run has categorical columns ({names}); a table is needed.")
    if numeric.shape[1] != expected:
        raise DataError(f"{path}: {numeric.shape[1]:,} inputs a row; the run has {expected:,}.")
    n = len(numeric)
    return NewRows(numeric, np.empty((n, 0), np.int64), np.arange(n), (), rows_of(path))


def _table_rows(file: TableFile, schema: dict[str, Any]) -> NewRows:
    numeric_names: list[str] = schema["numeric_names"]
    categories: list[tuple[str, list[str]]] = schema["categories"]
    numbers, words = _used(schema)
    needed = [*(numeric_names[i] for i in numbers), *(categories[i][0] for i in words)]
    missing = [name for name in needed if name not in file.names]
    if missing:
        which = "column" if len(missing) == 1 else f"{len(missing)} columns"
        raise DataError(
            f"{file.path}: missing {which} that the run was trained on: {listed(missing)}. "
            f"There are: {listed(file.names, MOST_ALLOWED)}."
        )
    numeric = np.full((file.n_rows, len(numeric_names)), np.nan)
    found = file.cells([numeric_names[i] for i in numbers])
    spelling = schema.get("spelling", {})
    for name, how in spelling.items():
        if name in found and name not in file.typed:
            found[name] = _respelled(file, name, found[name], Spelling(*how))
    for name, cells in found.items():
        _refuse_other_spelling(name, cells, Spelling(*spelling.get(name, ())), file.where)
    refuse_words(found, file.where)
    for column, (name, cells) in zip(numbers, found.items(), strict=True):
        infinite = np.flatnonzero(np.isinf(cells.numbers))
        refuse_rows(infinite, f"column {shown(name)} is infinite", file.where)
        numeric[:, column] = cells.numbers
    codes = np.full((file.n_rows, len(categories)), -1, np.int64)
    notes: list[str] = []
    for column in words:
        name, known = categories[column]
        codes[:, column], unseen = _codes(file, name, known)
        notes += unseen
    return NewRows(numeric, codes, np.arange(file.n_rows), tuple(notes), file.where)


def _respelled(file: TableFile, name: str, cells: Cells, spelling: Spelling) -> Cells:
    """Read a column of text as the training file's was.

    Raises:
        DataError: a number without the percent sign that all of those had, named by line.
    """
    read = read_as(replace(cells, text=file.text(name)), spelling)
    if spelling.sign == PERCENT:
        bare = read.words[~np.isnan(cells.numbers[read.words])]
        wrong = f"column {shown(name)} has a percent sign in the run's training rows, but not here"
        refuse_rows(bare, wrong, file.where)
    return read


def _refuse_other_spelling(name: str, cells: Cells, trained: Spelling, where: Where) -> None:
    """Refuse a number that is written otherwise than those of the training file.

    Raises:
        DataError: names the first word, if it is one, its line, and how it should be written.
    """
    if len(cells.words) and cells.text is not None and is_number(cells.text[int(cells.words[0])]):
        row = int(cells.words[0])
        raise DataError(
            f"{where(row)}, column {shown(name)}: {shown(cells.text[row])} is not written as in "
            f"training, {trained.described}. {CORRECT_CELL}"
        )


def _used(schema: dict[str, Any]) -> tuple[list[int], list[int]]:
    """Return which numeric and categorical columns are inputs; constant ones were dropped."""
    numbers, words = range(len(schema["numeric_names"])), range(len(schema["categories"]))
    values = {*schema.get("values", numbers), *schema.get("indicators", ())}
    return sorted(values), sorted(schema.get("one_hot", words))


def _codes(file: TableFile, name: str, known: Sequence[str]) -> tuple[Ints, list[str]]:
    """Encode one categorical column, and tell of categories the run has not seen."""
    text = file.text(name)
    unseen = [word for word in distinct(text) if word not in set(known)]
    note = f"column {shown(name)}: categories never seen are read as missing: {listed(unseen)}."
    return encode(text, known), [note] if unseen else []
