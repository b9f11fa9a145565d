"""NPZ files: arrays X and y, or X_train, y_train, X_val, …, saved by numpy.savez."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import FREE, TEST, VAL, Dataset, Floats, Ints, Task
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.naming import shown
from overfit_cli.data.npz_members import Members, open_npz
from overfit_cli.data.request import DataRequest
from overfit_cli.data.roles import check_weights, refuse_fields
from overfit_cli.data.target import (
    Target,
    refuse_rows,
    rows_of,
    target_of_labels,
    target_of_numbers,
)
from overfit_cli.errors import DataError

PARTS = {"_train": FREE, "_val": VAL, "_test": TEST}
REFUSED = ("features", "drop", "val_file", "test_file", "split_column", "time_column")


def load(request: DataRequest, options: Mapping[str, str], seed: int) -> Dataset:
    """Load X (N, D), or images (N, h, w) that are flattened, and y (N,) or (N, T).

    Or the same with `_train`, `_val`, `_test`; row ids count over them in this order. Optional:
    `weights` (N,) and `groups` (N,), or the arrays that --weight-column and --group-column name;
    --target names y, the option `x` names X. uint8 images get pixel_range 255.

    Raises:
        DataError: no such array, Python objects, sizes that lie, values that cannot be used.
        UsageError: options that only tables have.
    """
    refuse_fields(request, REFUSED, "NPZ arrays (name them X_val, y_val, X_test, y_test)")
    with open_npz(request.dataset) as members:
        x = options.get("x") or ("x" if {"x", "x_train"} & set(members.names) else "X")
        suffixes = _suffixes(members, x)
        read = partial(_read, members, suffixes)
        counts, inputs = read(x)
        images = check_inputs(inputs, f"{members.path}, array {shown(x)}")
        y = request.target or "y"
        target = _target(read(y, counts)[1], y, request.task, members.path)
        weights = _optional(read, members, request.weight_column, "weights", counts)
        groups = _optional(read, members, request.group_column, "groups", counts)
    part = np.repeat(np.array([PARTS.get(s, FREE) for s in suffixes], np.int8), counts)
    given = part if suffixes != ("",) else None
    if weights is not None:
        weights = check_weights(weights, "weights", rows_of(members.path), members.path)
    return _dataset(request.dataset, images, target, (weights, _group_codes(groups), given))


def check_inputs(inputs: NDArray[Any], where: str) -> NDArray[Any]:
    """Return real, finite (or NaN) inputs (N, ...) with at least one row and column.

    Raises:
        DataError: text, fewer than two dimensions, nothing in it, infinite values.
    """
    if inputs.dtype.kind == "U" or inputs.ndim < 2 or not inputs.size:
        raise DataError(
            f"{where}: {inputs.dtype} {inputs.shape}; real numbers (rows, columns) or images "
            "(rows, height, width) are needed."
        )
    if inputs.dtype.kind == "f":
        infinite = np.isinf(inputs).reshape(len(inputs), -1).any(axis=1)
        refuse_rows(np.flatnonzero(infinite), "infinite values", rows_of(where))
    return inputs.view(np.uint8) if inputs.dtype.kind == "b" else inputs


def _suffixes(members: Members, x: str) -> tuple[str, ...]:
    if f"{x}_train" in members.names and x not in members.names:
        return tuple(suffix for suffix in PARTS if x + suffix in members.names)
    return ("",)


def _read(
    members: Members, suffixes: tuple[str, ...], name: str, counts: list[int] | None = None
) -> tuple[list[int], NDArray[Any]]:
    """Read one array's parts, one below the other; as many rows as `counts` says.

    Raises:
        DataError: parts that do not fit together or to the inputs.
    """
    parts = [members.read(name + suffix) for suffix in suffixes]
    shapes = ", ".join(str(part.shape) for part in parts)
    found = [part.shape[0] if part.ndim else -1 for part in parts]
    if min(found) < 0 or found != (counts or found):
        needed = f"; rows of the inputs: {', '.join(map(str, counts))}" if counts else ""
        raise DataError(f"{members.path}, array {shown(name)}: shape {shapes}{needed}.")
    if len({part.shape[1:] for part in parts}) > 1 or len({p.dtype.kind == "U" for p in parts}) > 1:
        raise DataError(f"{members.path}, array {shown(name)}: {shapes} do not fit together.")
    return found, parts[0] if len(parts) == 1 else np.concatenate(parts)


def _optional(
    read: Callable[..., tuple[list[int], NDArray[Any]]],
    members: Members,
    said: str | None,
    usual: str,
    counts: list[int],
) -> NDArray[Any] | None:
    """Read weights or groups (N,): the array the user names, else the usual one if it is there."""
    there = usual in members.names or f"{usual}_train" in members.names
    if not (said or there):
        return None
    values = read(said or usual, counts)[1]
    if values.ndim != 1 or (usual == "weights" and values.dtype.kind == "U"):
        raise DataError(
            f"{members.path}: {usual} are {values.dtype} {values.shape}; (rows,) needed."
        )
    return values


def _group_codes(groups: NDArray[Any] | None) -> Ints | None:
    return None if groups is None else np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _target(values: NDArray[Any], name: str, task: Task | None, path: str) -> Target:
    if values.ndim > 2 or not values.size:
        raise DataError(f"{path}, array {shown(name)}: shape {values.shape}; (rows,) is needed.")
    columns = values.reshape(len(values), -1)
    width = columns.shape[1]
    if values.dtype.kind == "U":
        if width > 1:
            raise DataError(f"{path}, array {shown(name)}: text of shape {values.shape}.")
        return target_of_labels(columns[:, 0].tolist(), name, task, path)
    names = (name,) if width == 1 else tuple(f"{name}{i}" for i in range(width))
    return target_of_numbers(columns, names, task, rows_of(path), path)


def _dataset(
    path: str,
    images: NDArray[Any],
    target: Target,
    others: tuple[Floats | None, Ints | None, NDArray[np.int8] | None],
) -> Dataset:
    n = len(images)
    numeric = images.reshape(n, -1)
    pixels = images.ndim > 2 and images.dtype == np.uint8
    weights, groups, part = others
    schema = repr((images.shape[1:], target.names, target.classes))
    return Dataset(
        name=path,
        task=target.task,
        numeric=numeric,
        numeric_names=tuple(f"x{i}" for i in range(numeric.shape[1])),
        codes=np.empty((n, 0), np.int64),
        categories=(),
        target=target.values,
        target_names=target.names,
        classes=target.classes,
        row_ids=np.arange(n),
        fingerprint=fingerprint(schema, numeric, target.values, part, weights, groups),
        weights=weights,
        groups=groups,
        part=part,
        pixel_range=255.0 if pixels else None,
    )
