"""The folds of an early-stopped ensemble: what each member trains on and what stops it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import Ints, Rows
from overfit_cli.errors import DataError, UsageError
from overfit_cli.rng import stream


@dataclass(frozen=True)
class Fold:
    """Positions among a run's training rows, ascending: those held out, those trained on."""

    held_out: NDArray[np.intp]
    train: NDArray[np.intp]


def folds_of(rows: Rows, n_members: int, seed: int) -> list[Fold]:
    """Return one fold per member; the members' training rows are equally many.

    Without groups, folds are equally large and left-over rows are in nobody's fold. Groups stay
    whole: the largest first, each goes to the fold that is smallest so far. Members with a smaller
    fold than the largest then leave out as many rows as they have too many, chosen at random.

    Raises:
        UsageError: fewer rows, or groups, than members.
        DataError: rows held out or trained on all have weight 0.
    """
    if rows.groups is None:
        held_out = _equal_folds(len(rows), n_members, seed)
    else:
        held_out = _group_folds(rows.groups, n_members, seed)
    n_train = len(rows) - max(len(fold) for fold in held_out)
    folds = []
    for member, own in enumerate(held_out):
        others = np.delete(np.arange(len(rows)), own)
        if len(others) > n_train:
            chosen = stream(seed, "folds", member, part=1).permutation(len(others))[:n_train]
            others = others[np.sort(chosen)]
        folds.append(Fold(own, others))
    _check_weights(rows, folds)
    return folds


def _equal_folds(n: int, n_members: int, seed: int) -> list[NDArray[np.intp]]:
    size = n // n_members
    if size == 0:
        raise UsageError(f"--folds: {n} training rows cannot give {n_members} folds.")
    order = stream(seed, "folds").permutation(n)
    return [np.sort(order[member * size : (member + 1) * size]) for member in range(n_members)]


def _group_folds(groups: Ints, n_members: int, seed: int) -> list[NDArray[np.intp]]:
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) < n_members:
        raise UsageError(
            f"--folds: {len(sizes)} groups of training rows cannot give {n_members} folds: "
            "each stays whole."
        )
    order = stream(seed, "folds").permutation(len(sizes))
    fold_of = np.empty(len(sizes), np.intp)
    filled = np.zeros(n_members, np.intp)
    for number in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[number] = filled.argmin()
        filled[fold_of[number]] += sizes[number]
    return [np.flatnonzero(fold_of[group] == member) for member in range(n_members)]


def _check_weights(rows: Rows, folds: list[Fold]) -> None:
    if rows.weights is None:
        return
    for member, fold in enumerate(folds, start=1):
        for doing, some in (("hold out", fold.held_out), ("train on", fold.train)):
            if not rows.weights[some].any():
                raise DataError(
                    f"--folds: the weights of all rows that member {member} would {doing} are 0."
                )
