"""Targets as the network is trained on them, and rows as the engine takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.layout import Array
from overfit_cli.data.dataset import Floats, Likelihood, Prepared, Preprocessing, Rows
from overfit_cli.errors import DataError


@dataclass(frozen=True)
class Given:
    """Checked rows: inputs (n, D), targets (n,) or (n, T) as they came, weights (n,) or None.

    name: what messages call the targets. use: what the rows are for, if they are not all.
    """

    inputs: Array
    targets: NDArray[Any]
    weights: Array | None = None
    name: str = "y"
    use: str = ""

    def take(self, rows: NDArray[np.intp], use: str) -> Given:
        """Return some of these rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Given(self.inputs[rows], self.targets[rows], weights, self.name, use)


@dataclass(frozen=True)
class Coding:
    """classes (K,) in the order of their codes, None for regression; mean, scale (T,) of targets.

    Regression targets are standardised; a constant one is centred only.
    """

    likelihood: Likelihood
    classes: NDArray[Any] | None
    mean: Floats
    scale: Floats

    @property
    def n_outputs(self) -> int:
        """Outputs of the network: one logit for two classes, else one per class or target."""
        if self.likelihood == "categorical" and self.classes is not None:
            return len(self.classes)
        return len(self.mean)

    def rows(self, given: Given, dtype: str) -> Rows:
        """Return rows in this precision, with coded targets.

        Raises:
            DataError: a label that is none of the classes; another number of targets; weights
                that are all 0.
        """
        inputs = given.inputs.astype(dtype, copy=False)
        weights = _relative(given, dtype)
        ids = np.arange(len(inputs))
        if self.classes is None:
            own = self._values(given)
            coded = ((own - self.mean) / self.scale).astype(dtype)
            return Rows(inputs, coded, weights, ids, own=own)
        codes = self._codes(given)
        coded = codes[:, None].astype(dtype) if self.likelihood == "bernoulli" else codes
        return Rows(inputs, coded, weights, ids)

    def _values(self, given: Given) -> Floats:
        values = given.targets.reshape(len(given.targets), -1).astype(np.float64)
        found, known = values.shape[1], len(self.mean)
        if found != known:
            raise DataError(f"{given.name}: {found} targets per row where there were {known}.")
        return values

    def _codes(self, given: Given) -> NDArray[np.int64]:
        assert self.classes is not None
        strange = np.setdiff1d(given.targets, self.classes)
        if len(strange):
            known = ", ".join(map(str, self.classes))
            raise DataError(f"{given.name}: {strange[0]} is not among the classes {known}.")
        return np.searchsorted(self.classes, given.targets).astype(np.int64)

    def prepared(self, train: Rows, val: Rows | None) -> Prepared:
        """Return training and validation rows as a run's data; there are no test rows."""
        nobody = _none_of(train)
        return Prepared(
            train=train,
            val=val or nobody,
            test=nobody,
            likelihood=self.likelihood,
            n_outputs=self.n_outputs,
            classes=() if self.classes is None else tuple(map(str, self.classes)),
            target_names=tuple(f"y{place}" for place in range(len(self.mean))),
            target_mean=self.mean,
            target_scale=self.scale,
            preprocessing=Preprocessing({}, {}),
            fingerprint="",
            n_pool=len(train),
        )


def class_coding(classes: NDArray[Any]) -> Coding:
    """Return the coding of labels, given all classes in ascending order.

    Raises:
        DataError: one class only.
    """
    if len(classes) < 2:
        raise DataError("y holds one class only; a classifier needs at least two classes.")
    likelihood: Likelihood = "bernoulli" if len(classes) == 2 else "categorical"
    return Coding(likelihood, classes, np.zeros(1), np.ones(1))


def value_coding(given: Given) -> Coding:
    """Return the coding of numbers, standardised by their weighted moments.

    Raises:
        DataError: weights that are all 0; numbers whose squares are too large for double
            precision, or that differ, but by too little for a variance above 0.
    """
    values = given.targets.reshape(len(given.targets), -1).astype(np.float64)
    weights = _relative(given, "float64")
    if weights is not None:
        values, weights = values[weights > 0], weights[weights > 0]
    constant = (values == values[0]).all(axis=0)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = np.where(constant, values[0], np.average(values, axis=0, weights=weights))
        variance = np.average((values - mean) ** 2, axis=0, weights=weights)
        usable = np.isfinite(mean**2 + variance)
    if not usable.all():
        largest = np.abs(values).max()
        raise DataError(f"{given.name}: numbers such as {largest:.3g} are too large; rescale them.")
    if (~constant & (variance < np.finfo(np.float64).tiny)).any():
        raise DataError(f"{given.name}: numbers differ by too little for a variance; rescale them.")
    return Coding("gaussian", None, mean, np.where(constant, 1.0, np.sqrt(variance)))


def _relative(given: Given, dtype: str) -> Array | None:
    """Return weights divided by the largest: only ratios count, and any precision holds them.

    Raises:
        DataError: all are 0.
    """
    if given.weights is None:
        return None
    weights = given.weights.astype(np.float64)
    largest = weights.max()
    if largest == 0:
        whose = f" of the rows {given.use}" if given.use else ""
        raise DataError(f"sample_weight: all{whose} are 0.")
    relative: Array = (weights / largest).astype(dtype)
    return relative


def _none_of(rows: Rows) -> Rows:
    nothing = slice(0, 0)
    return Rows(
        rows.inputs[nothing],
        rows.targets[nothing],
        None if rows.weights is None else rows.weights[nothing],
        rows.ids[nothing],
        own=None if rows.own is None else rows.own[nothing],
    )
