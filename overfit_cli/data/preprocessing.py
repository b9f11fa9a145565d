"""From raw columns to network inputs: the schema from the file, every statistic from training rows.

A numeric column is standardised by the mean and standard deviation of its present training
values; a missing value becomes that mean, 0, and where the file lacks any of the column's values
a 0/1 input of its own says which. Image data are divided by their known range, nothing else. A
categorical column is one 0/1 input per category, and one more for missing where the file lacks
any. An unknown category, and one that no training row has, counts as missing.

An input that is the same in all training rows stays so in all others: nothing was learned of its
weights, which are where they began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import Dataset, Floats, Ints, Preprocessing
from overfit_cli.errors import DataError
from overfit_cli.words import shortened

LARGEST = 1e150  # squares still fit a float64
NAN = np.nan
BLOCK = 1 << 15  # numbers held in float64 at once: they stay in the cache


class _TooFar(ValueError):
    """A row and column, both from 0, whose value is infinite once standardised."""


def describe_columns(dataset: Dataset) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the schema, equal for all seeds and JSON-ready, and notes on dropped columns.

    Keys: kind ("pixels" or "table"), numeric_names, categories, values (numeric columns used),
    indicators (numeric columns with an input for missing), one_hot (categorical columns used),
    one_hot_missing (those of them with an input for missing), input_names; spelling where some
    numeric columns are not written in the usual way.

    Raises:
        DataError: an infinite value, or no column left.
    """
    pixels = dataset.pixel_range is not None
    values, indicators = (range(dataset.numeric.shape[1]), []) if pixels else _numeric_use(dataset)
    one_hot, one_hot_missing = _categorical_use(dataset)
    schema: dict[str, Any] = {
        "kind": "pixels" if pixels else "table",
        "numeric_names": list(dataset.numeric_names),
        "categories": [[name, list(names)] for name, names in dataset.categories],
        "values": list(values),
        "indicators": list(indicators),
        "one_hot": one_hot,
        "one_hot_missing": one_hot_missing,
    }
    if dataset.spelling:
        schema["spelling"] = {name: list(how) for name, how in dataset.spelling.items()}
    schema["input_names"] = list(_input_names(schema))
    if not schema["input_names"]:
        raise DataError(
            f"{dataset.name}: no input column is left; every column is constant or empty."
        )
    return schema, _dropped(dataset, schema)


def fit(
    dataset: Dataset, schema: dict[str, Any], train: Ints, dtype: np.dtype[Any]
) -> Preprocessing:
    """Return the preprocessing whose arrays come from the `train` rows.

    mean, scale (len(values),); of a table with 0/1 inputs also constant (their number,): what
    those inputs are that are the same in all training rows, NaN for the others.
    """
    columns = np.array(schema["values"], dtype=np.intp)
    fitted = {**schema, "dtype": np.dtype(dtype).name}
    if dataset.pixel_range is not None:
        scale = np.full(len(columns), float(dataset.pixel_range))
        return Preprocessing(fitted, {"mean": np.zeros(len(columns)), "scale": scale})
    mean, scale = moments(dataset.numeric, train, columns)
    scale[scale == 0] = np.inf
    _check_scale(dataset, columns, scale)
    arrays = {"mean": mean, "scale": scale}
    n_flags = len(schema["input_names"]) - len(columns)
    if n_flags:
        missing = np.isnan(dataset.numeric[np.ix_(train, schema["indicators"])])
        flags = np.zeros((len(train), n_flags), np.bool_)
        _set_flags(schema, missing, dataset.codes[train], np.full(n_flags, NAN), flags)
        arrays["constant"] = np.where(flags.all(axis=0), 1.0, np.where(flags.any(axis=0), NAN, 0.0))
    return Preprocessing(fitted, arrays)


def transform(
    preprocessing: Preprocessing,
    numeric: NDArray[Any],
    codes: Ints,
    where: Callable[[int], str] | None = None,
) -> Floats:
    """Return inputs (n, D) of the dtype in the schema, from numeric (n, Dn) and codes (n, Dc).

    where: says where a row (from 0) stands, for a message.

    Raises:
        DataError: a value that is infinite once standardised, named by row and column.
    """
    schema = preprocessing.schema
    inputs = np.zeros((len(numeric), len(schema["input_names"])), dtype=schema["dtype"])
    n_values = len(schema["values"])
    try:
        _standardise(preprocessing, numeric, inputs[:, :n_values])
    except _TooFar as error:
        row, column = error.args
        place = where(row) if where else f"row {row + 1} of {len(numeric)}"
        raise DataError(
            f"{place}, column '{schema['input_names'][column]}': the value is infinite, or too far "
            f"from all training values for {schema['dtype']}."
        ) from error
    flags = inputs[:, n_values:]
    # models of older versions do not say
    constant = preprocessing.arrays.get("constant", np.full(flags.shape[1], NAN))
    _set_flags(schema, np.isnan(numeric[:, schema["indicators"]]), codes, constant, flags)
    return inputs


def _set_flags(
    schema: dict[str, Any],
    missing: NDArray[np.bool_],
    codes: Ints,
    constant: Floats,
    flags: NDArray[Any],
) -> None:
    """Set 0/1 inputs (n, F), all 0 before: numbers that are missing, and categories."""
    at = missing.shape[1]
    flags[:, :at] = missing
    for column in schema["one_hot"]:
        width = len(schema["categories"][column][1])
        code = codes[:, column]
        known = (code >= 0) & (code < width)
        known[known] = constant[at + code[known]] != 0
        flags[np.flatnonzero(known), at + code[known]] = 1
        at += width
        if column in schema["one_hot_missing"]:
            flags[:, at] = ~known
            at += 1
    fixed = ~np.isnan(constant)
    flags[:, fixed] = constant[fixed]


def moments(numeric: NDArray[Any], rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
    """Return mean and standard deviation (len(columns),) of the present values in `rows`.

    The scale is 0 where they are all alike, and infinite where there are none.
    """
    mean, scale = np.zeros(len(columns)), np.ones(len(columns))
    for block in _blocks(columns, len(rows)):
        mean[block], scale[block] = _moments(numeric[np.ix_(rows, columns[block])])
    return mean, scale


def _moments(values: NDArray[Any]) -> tuple[Floats, Floats]:
    table = values.astype(np.float64)
    present = ~np.isnan(table)
    count = present.sum(axis=0)
    low, high = np.fmin.reduce(table), np.fmax.reduce(table)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.where(present, table, 0.0).sum(axis=0) / np.maximum(count, 1)
        mean = np.where(low == high, low, mean)  # alike: exactly their value, without rounding
        squares = np.where(present, (table - mean) ** 2, 0.0).sum(axis=0)
    spread = np.sqrt(squares / np.maximum(count, 1))
    return mean, np.where(count, spread, np.inf)


def _blocks(columns: Ints, n_rows: int) -> Iterator[slice]:
    step = max(1, BLOCK // max(1, n_rows))
    return (slice(i, i + step) for i in range(0, len(columns), step))


def _standardise(preprocessing: Preprocessing, numeric: NDArray[Any], out: Floats) -> None:
    """Write (x - mean) / scale in blocks of rows: no float64 copy of the whole table is made."""
    columns = preprocessing.schema["values"]
    mean, scale = preprocessing.arrays["mean"], preprocessing.arrays["scale"]
    every = columns == list(range(numeric.shape[1]))
    step = max(1, BLOCK // max(1, len(columns)))
    for start in range(0, len(numeric), step):
        rows = numeric[start : start + step]
        block = (rows if every else rows[:, columns]) - mean
        block /= scale
        block[np.isnan(block)] = 0.0
        with np.errstate(over="ignore"):
            out[start : start + step] = block
        if not np.isfinite(out[start : start + step]).all():
            row, column = np.argwhere(~np.isfinite(out[start : start + step]))[0]
            raise _TooFar(start + int(row), int(column))


def _numeric_use(dataset: Dataset) -> tuple[list[int], list[int]]:
    """Return the numeric columns that vary, and those with both present and missing values."""
    values: list[int] = []
    indicators: list[int] = []
    columns = np.arange(dataset.numeric.shape[1])
    for block in _blocks(columns, len(dataset.numeric)):
        table = dataset.numeric[:, block].astype(np.float64)
        if np.isinf(table).any():
            row, column = np.argwhere(np.isinf(table))[0]
            name = dataset.numeric_names[block.start + column]
            raise DataError(f"{dataset.place(int(row))}, column '{name}': the value is infinite.")
        low, high = np.fmin.reduce(table), np.fmax.reduce(table)
        missing = np.isnan(table).any(axis=0)
        values += columns[block][low < high].tolist()
        indicators += columns[block][missing & ~np.isnan(low)].tolist()
    return values, indicators


def _categorical_use(dataset: Dataset) -> tuple[list[int], list[int]]:
    used = [np.unique(dataset.codes[:, column]) for column in range(dataset.codes.shape[1])]
    one_hot = [column for column, codes in enumerate(used) if len(codes) > 1]
    return one_hot, [column for column in one_hot if used[column][0] < 0]


def _input_names(schema: dict[str, Any]) -> Iterator[str]:
    names = schema["numeric_names"]
    yield from (names[column] for column in schema["values"])
    yield from (f"{names[column]} is missing" for column in schema["indicators"])
    for column in schema["one_hot"]:
        name, categories = schema["categories"][column]
        yield from (f"{name}={category}" for category in categories)
        if column in schema["one_hot_missing"]:
            yield f"{name} is missing"


def _dropped(dataset: Dataset, schema: dict[str, Any]) -> tuple[str, ...]:
    numeric = set(schema["values"]) | set(schema["indicators"])
    gone = [name for i, name in enumerate(schema["numeric_names"]) if i not in numeric]
    gone += [name for i, (name, _) in enumerate(dataset.categories) if i not in schema["one_hot"]]
    return (f"constant or empty columns are dropped: {shortened(gone)}.",) if gone else ()


def _check_scale(dataset: Dataset, columns: Ints, scale: Floats) -> None:
    """Refuse values whose squares overflow; an infinite scale also marks an empty column."""
    for column in columns[~np.isfinite(scale)]:
        sizes = np.nan_to_num(np.abs(dataset.numeric[:, column].astype(np.float64)))
        beyond = np.flatnonzero(sizes > LARGEST)
        if len(beyond):
            place = dataset.place(int(beyond[0]))
            raise DataError(
                f"{place}, column '{dataset.numeric_names[column]}': the value is beyond "
                f"{LARGEST:g}. Correct it, or rescale the column."
            )
