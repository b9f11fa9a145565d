"""Targets as the network is trained on them: label noise, standardisation, checks on classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import Dataset, Floats, Ints, Likelihood
from overfit_cli.data.preprocessing import LARGEST, moments
from overfit_cli.data.request import DataRequest
from overfit_cli.data.splits import Split
from overfit_cli.data.suspects import extreme_targets
from overfit_cli.errors import DataError, UsageError
from overfit_cli.rng import stream
from overfit_cli.words import shortened

FEW = 10  # rows of a class below which its error is hardly measured


def likelihood_of(dataset: Dataset) -> tuple[Likelihood, int]:
    """Return the likelihood of the targets and the number of network outputs it needs."""
    if dataset.task == "regression":
        return "gaussian", dataset.target.shape[1]
    return ("bernoulli", 1) if len(dataset.classes) == 2 else ("categorical", len(dataset.classes))


def check_target(dataset: Dataset) -> tuple[str, ...]:
    """Return notes on rare classes, or on targets that outweigh all others.

    Raises:
        DataError: a missing or constant target, one class, or fewer rows than classes.
    """
    if dataset.task == "regression":
        _check_values(dataset)
        return extreme_targets(dataset)
    counts = np.bincount(dataset.target, minlength=len(dataset.classes))
    if np.count_nonzero(counts) < 2:
        raise DataError(f"{dataset.name}: one class only; at least two are needed to classify.")
    if len(dataset.target) < len(dataset.classes):
        raise DataError(
            f"{dataset.name}: fewer rows ({len(dataset.target)}) than classes "
            f"({len(dataset.classes)}); is this a regression (--task regression)?"
        )
    rare = [f"{name} ({n})" for name, n in zip(dataset.classes, counts, strict=True) if n < FEW]
    return (f"fewer than {FEW} rows of a class: {shortened(rare)}.",) if rare else ()


def _check_values(dataset: Dataset) -> None:
    bad = ~(np.abs(dataset.target) < LARGEST).all(axis=1)
    if bad.any():
        place = dataset.place(int(np.flatnonzero(bad)[0]))
        raise DataError(f"{place}: the target is missing, infinite or beyond {LARGEST:g}.")
    for name, column in zip(dataset.target_names, dataset.target.T, strict=True):
        if np.ptp(column) == 0:
            raise DataError(f"{dataset.name}: the target '{name}' is constant.")


def check_training_classes(dataset: Dataset, request: DataRequest, train: Ints) -> None:
    """Raise unless every class is among the training rows, as labelled before any label noise.

    Raises:
        UsageError: `train_size` is below the number of classes.
        DataError: a class is absent all the same.
    """
    if dataset.task == "regression":
        return
    n_classes = len(dataset.classes)
    if request.train_size is not None and request.train_size < n_classes:
        raise UsageError(f"--train-size {request.train_size}: there are {n_classes} classes.")
    counts = np.bincount(dataset.target[train], minlength=n_classes)
    absent = [name for name, n in zip(dataset.classes, counts, strict=True) if not n]
    if absent:
        raise DataError(f"{dataset.name}: no training row of the classes {shortened(absent)}.")


def noisy_target(dataset: Dataset, request: DataRequest, seed: int, split: Split) -> NDArray[Any]:
    """Return the target of all rows with label noise in all but the test rows.

    A fraction F of labels becomes another class, each as likely. Regression: adds N(0, (F sd)^2),
    sd over the rows that are not test rows. Drawn for all rows in source order, so that a row's
    noise depends on neither `train_size` nor `val_size`.

    Raises:
        UsageError: a negative F, or F > 1 of labels.
    """
    noise = request.label_noise
    if not (0.0 <= noise < np.inf and (dataset.task == "regression" or noise <= 1.0)):
        raise UsageError(f"--label-noise {noise:g}: from 0 to 1 of labels; regression: 0 or more.")
    if noise == 0.0:
        return dataset.target
    free = np.setdiff1d(np.arange(len(dataset.target)), split.test)
    target = dataset.target.copy()
    target[free] = _noisy(dataset, noise, seed, free)[free]
    return target


def _noisy(dataset: Dataset, noise: float, seed: int, free: Ints) -> NDArray[Any]:
    target, rng = dataset.target, stream(seed, "label-noise", part=0)
    if dataset.task == "regression":
        shifts: Floats = rng.standard_normal(target.shape) * (noise * target[free].std(axis=0))
        return target + shifts
    n_classes = len(dataset.classes)
    moved = rng.random(len(target)) < noise
    other = stream(seed, "label-noise", part=1).integers(1, n_classes, size=len(target))
    wrong: Ints = np.where(moved, (target + other) % n_classes, target)
    return wrong


def target_moments(dataset: Dataset, target: NDArray[Any], train: Ints) -> tuple[Floats, Floats]:
    """Return mean and scale (T,) of training targets; 0 and 1 for classes."""
    if dataset.task == "classification":
        return np.zeros(1), np.ones(1)
    mean, scale = moments(target, train, np.arange(target.shape[1]))
    return mean, np.where(scale == 0, 1.0, scale)
