"""Which column plays which part: target, split, group, time, weight, input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import FREE, TEST, TRAIN, VAL, Floats
from overfit_cli.data.naming import MOST_ALLOWED, listed, no_such, shown
from overfit_cli.data.request import DataRequest
from overfit_cli.data.target import CORRECT_ROW, Where, refuse_rows
from overfit_cli.errors import DataError, UsageError

TARGET_NAMES = ("target", "label", "class", "y", "t")
COLUMN_FIELDS = ("split_column", "group_column", "time_column", "weight_column")
SPLIT_VALUES = {"train": TRAIN, "val": VAL, "valid": VAL, "validation": VAL, "test": TEST}


@dataclass(frozen=True)
class Roles:
    """Column names by what they are for; `chosen`: the user named the inputs one by one."""

    targets: tuple[str, ...]
    features: tuple[str, ...]
    split: str | None
    group: str | None
    time: str | None
    weight: str | None
    chosen: bool

    @property
    def all(self) -> tuple[str, ...]:
        """Return every column that is needed."""
        others = tuple(name for name in (self.split, self.group, self.time, self.weight) if name)
        return self.targets + others + self.features


def assign_roles(names: Sequence[str], request: DataRequest, source: str) -> Roles:
    """Decide each column's part from what the user said, and the target's from its name.

    Raises:
        UsageError: a name that is no column (with the nearest), or one with two parts.
        DataError: no target said and none recognised; no column left as input.
    """
    targets = _targets(names, request.target, source)
    others = (
        request.split_column,
        request.group_column,
        request.time_column,
        request.weight_column,
    )
    reserved = [*targets, *(name for name in others if name)]
    for name in (*reserved, *request.features, *request.drop):
        if name not in names:
            raise UsageError(f"{source}: " + no_such(name, names, "column"))
    for name in reserved:
        _refuse_two_parts(name, targets, request, source)
    pool = set(request.features or names) - {*reserved, *request.drop}
    features = tuple(name for name in names if name in pool)
    if not features:
        raise DataError(
            f"{source}: no column is left as input; columns: {listed(names, MOST_ALLOWED)}."
        )
    return Roles(targets, features, *others, chosen=bool(request.features))


def _refuse_two_parts(name: str, targets: Sequence[str], request: DataRequest, source: str) -> None:
    """Refuse a column that is to play more than one part, or one and none."""
    parts = [*("the target" for target in targets if target == name)]
    for field in COLUMN_FIELDS:
        parts += [f"the --{field.replace('_', '-')}"] if getattr(request, field) == name else []
    parts += ["among --features"] if name in request.features else []
    parts += ["among --drop"] if name in request.drop else []
    if len(parts) > 1:
        raise UsageError(
            f"{source}: column {shown(name)} cannot play two parts: it is {' and '.join(parts)}."
        )


def _targets(names: Sequence[str], said: str | None, source: str) -> tuple[str, ...]:
    if said is not None:
        return (said,) if said in names else tuple(name.strip() for name in said.split(","))
    likely = [name for name in names if name.lower() in TARGET_NAMES]
    if len(likely) == 1:
        return (likely[0],)
    raise DataError(
        f"{source}: which column is to be predicted? Say --target NAME. "
        f"Columns: {listed(likely or names, MOST_ALLOWED)}."
    )


TABLE_FIELDS = (
    *("target", "features", "drop", "val_file", "test_file"),
    *COLUMN_FIELDS,
)


def refuse_fields(request: DataRequest, fields: Iterable[str], source: str) -> None:
    """Refuse, rather than ignore, what a source cannot be told.

    Raises:
        UsageError: names the first option that was said.
    """
    for field in fields:
        if getattr(request, field):
            raise UsageError(f"--{field.replace('_', '-')} means nothing for {source}.")


def parts_of(text: Sequence[str | None], name: str, where: Where) -> NDArray[np.int8]:
    """Turn a split column's words into parts (N,).

    Raises:
        DataError: a word that is no part, or no training rows.
    """
    parts = np.array([SPLIT_VALUES.get((word or "").lower(), FREE) for word in text], np.int8)
    wrong = np.flatnonzero(parts == FREE)
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{where(row)}, column {shown(name)}: {shown(text[row] or '')} says no part of the "
            f"data. Allowed: {', '.join(SPLIT_VALUES)}."
        )
    if not np.any(parts == TRAIN):
        raise DataError(f"column {shown(name)} marks no row for training.")
    return parts


def check_weights(weights: Floats, name: str, where: Where, source: str) -> NDArray[np.float64]:
    """Return the rows' weights (N,) if they can be used.

    Raises:
        DataError: missing, infinite or negative weights (named by line), or none above 0.
    """
    broken = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    refuse_rows(broken, f"the weight {shown(name)} is no finite number >= 0", where, CORRECT_ROW)
    if not weights.any():
        raise DataError(f"{source}: every weight in column {shown(name)} is 0.")
    return weights.astype(np.float64)
