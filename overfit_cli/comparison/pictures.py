"""What figures need of the chosen runs: bands of curves over seeds, bins of reliability."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.comparison.records import Arm, Band, Bin, Curves
from overfit_cli.records import Axis, EpochRecord, Predictions, RunResult

Load = Callable[[Sequence[str]], Iterable[RunResult]]

BINS = 15


def with_pictures(arm: Arm, load: Load) -> Arm:
    """Return `arm` with curves and reliability of its trials, read one after another.

    load: yields stored runs, curves and predictions included, in the order of their ids.
    """
    curves, bins = _CurveSums(), _BinSums()
    for result in load([trial.run_id for trial in arm.trials]):
        curves.add(result)
        if result.classes and result.predictions is not None:
            bins.add(result.predictions)
    return replace(arm, curves=curves.mean(), reliability=bins.mean())


@dataclass
class _CurveSums:
    """Curves as they come: values by column and epoch, in the order of seeds."""

    axis: Axis = "epoch"
    counts: dict[int, int] = field(default_factory=dict)
    columns: dict[str, dict[int, list[float]]] = field(default_factory=dict)

    def add(self, result: RunResult) -> None:
        self.axis = result.axis
        for record in result.curves:
            self.counts[record.epoch] = self.counts.get(record.epoch, 0) + 1
            for name, value in _cells(record):
                self.columns.setdefault(name, {}).setdefault(record.epoch, []).append(value)

    def mean(self) -> Curves | None:
        """Return the bands; a column must be there wherever there is an epoch."""
        epochs = tuple(sorted(self.counts))
        if not epochs:
            return None
        bands = {name: _band(column, epochs) for name, column in self.columns.items()}
        return Curves(self.axis, epochs, tuple(self.counts[epoch] for epoch in epochs), bands)


def _cells(record: EpochRecord) -> Iterable[tuple[str, float]]:
    for part, metrics in (("train", record.train), ("val", record.val)):
        for name, value in metrics.items():
            yield f"{part}_{name}", value


def _band(column: Mapping[int, Sequence[float]], epochs: Sequence[int]) -> Band:
    """Return mean, smallest and largest value; NaN where no seed recorded one, or one was NaN."""
    values = [_known(column.get(epoch, ())) for epoch in epochs]
    return Band(
        mean=tuple(sum(at) / len(at) for at in values),
        low=tuple(map(min, values)),
        high=tuple(map(max, values)),
    )


def _known(values: Sequence[float]) -> Sequence[float]:
    """Return the values, or one NaN: min and max of several would depend on their order."""
    return values if values and not any(map(math.isnan, values)) else [math.nan]


@dataclass
class _BinSums:
    """Sums over test rows: how many, their weight, how sure of the top label, how often right.

    Weights have mean 1 in each run.
    """

    count: NDArray[Any] = field(default_factory=lambda: np.zeros(BINS))
    weight: NDArray[Any] = field(default_factory=lambda: np.zeros(BINS))
    confidence: NDArray[Any] = field(default_factory=lambda: np.zeros(BINS))
    right: NDArray[Any] = field(default_factory=lambda: np.zeros(BINS))

    def add(self, predictions: Predictions) -> None:
        """Add the rows whose probabilities are finite."""
        confidence = predictions.outputs.max(axis=1).astype(np.float64)
        known = np.isfinite(confidence)
        confidence, right = confidence[known], right_rows(predictions)[known]
        weights = np.ones(len(known)) if predictions.weights is None else predictions.weights
        if not 0 < weights.sum() < np.inf:
            return
        weights = (weights / weights.mean())[known]
        # bins are open below and closed above, as in Guo et al. 2017, section 2
        places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
        self.count += np.bincount(places, minlength=BINS)
        self.weight += np.bincount(places, weights, BINS)
        self.confidence += np.bincount(places, weights * confidence, BINS)
        self.right += np.bincount(places, weights * right, BINS)

    def mean(self) -> tuple[Bin, ...]:
        """Return the bins that hold a row that counts."""
        columns = (self.count, self.weight, self.confidence, self.right)
        return tuple(
            Bin(float(sure / weight), float(right / weight), int(n), float(weight))
            for n, weight, sure, right in zip(*columns, strict=True)
            if weight
        )


def right_rows(predictions: Predictions) -> NDArray[np.bool_]:
    """Return, per test row, whether the most probable class is the row's own."""
    right: NDArray[np.bool_] = predictions.outputs.argmax(axis=1) == predictions.targets
    return right


def _counts_alike(predictions: Predictions) -> bool:
    """Whether there are rows, and all of one weight."""
    weights = predictions.weights
    if weights is None:
        return len(predictions.targets) > 0
    return len(weights) > 0 and not bool((weights != weights[0]).any())


def correct_of(
    arms: Sequence[Arm], baseline: str, load: Load
) -> dict[str, NDArray[np.bool_]] | None:
    """Return which test rows each arm got right, in the order of row ids, for McNemar's test.

    None unless the baseline has one trial. Arms of another seed, of several, or without
    predictions for the same rows are left out; so are those of weighted rows, which the test
    would count alike.
    """
    named = {arm.name: arm for arm in arms}
    base = named[baseline].trials
    if len(base) != 1:
        return None
    rows: dict[str, NDArray[Any]] = {}
    correct: dict[str, NDArray[np.bool_]] = {}
    for name in sorted(named, key=lambda name: name != baseline):
        trials = named[name].trials
        if [trial.seed for trial in trials] != [base[0].seed]:
            continue
        (result,) = load([trials[0].run_id])
        predictions = result.predictions
        if not result.classes or predictions is None or not _counts_alike(predictions):
            continue
        order = np.argsort(predictions.ids, kind="stable")
        rows[name] = predictions.ids[order]
        if baseline in rows and np.array_equal(rows[baseline], rows[name]):
            correct[name] = right_rows(predictions)[order]
    return correct
