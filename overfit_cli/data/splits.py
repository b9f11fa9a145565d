"""Which rows train, validate, test: seeded, stratified, nested, whole groups; or by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import TEST, TRAIN, VAL, Dataset, Ints
from overfit_cli.data.request import DataRequest, Resample
from overfit_cli.errors import DataError, UsageError
from overfit_cli.rng import stream

TEST_SIZE = 0.2  # where neither the user nor the source decides


@dataclass(frozen=True)
class Split:
    """Positions of the rows of each part, ascending.

    n_pool: how many rows `train` was taken from, all of them without a `train_size`.
    """

    train: Ints
    val: Ints
    test: Ints
    n_pool: int


def resample_of(dataset: Dataset, request: DataRequest) -> Resample:
    """Return what a new seed changes: as the user says, else "draws", "fixed" or "splits".

    Raises:
        UsageError: if the data set cannot be resampled that way.
    """
    given = dataset.times is not None or _part(dataset, TEST).size > 0
    asked = request.resample
    if asked == "draws" and dataset.truth is None:
        raise UsageError("resample 'draws' needs a generator, such as moons.")
    if asked == "splits" and given and request.test_size != 0:
        raise UsageError("resample 'splits' draws test rows, but they are given: use 'fixed'.")
    return asked or ("draws" if dataset.truth else "fixed" if given else "splits")


def split(dataset: Dataset, request: DataRequest, seed: int) -> Split:
    """Split the rows for one seed.

    Test rows come first and depend on seed, resample mode and test size only ("fixed": not on the
    seed); then validation rows; then training rows, at most `train_size` of them. Rows marked TEST
    or VAL stay so; the others, marked TRAIN or not at all, are drawn from, and fractions refer to
    them. Where a column marks TRAIN rows but no TEST rows, there are none unless the user asks for
    some. A size of 0 gives that part's rows to training. Per class, a part's share is right to
    within a row or so, except that each class keeps one row for training. A smaller `train_size`
    is a subset of a larger one, and training rows do not depend on `val_size` where both fit.
    Groups stay whole, except that `train_size` may leave out some of a group's rows. With times
    nothing is drawn: the last rows test, those before them validate, and `train_size` takes the
    last of the others; rows of one moment stay together likewise.

    Raises:
        UsageError: sizes that are impossible.
        DataError: a group on both sides of a split that the data give.
    """
    test_seed = 0 if resample_of(dataset, request) == "fixed" else seed
    test, val = _given(dataset, request)
    free = np.ones(len(dataset.target), np.bool_)
    free[test] = free[val] = False
    pool: Ints = np.flatnonzero(free)
    unsaid = 0.0 if _part(dataset, TRAIN).size else TEST_SIZE
    n_test, n_val = _sizes(request, len(pool), len(test), len(val), unsaid)
    test_first = _Order.draw(dataset, pool, stream(test_seed, "split", part=0))
    drawn, pool = test_first.cut(n_test)
    val_first = _Order.draw(dataset, pool, stream(seed, "split", part=1))
    drawn_val, pool = val_first.cut(n_val)
    found = Split(
        np.sort(_kept(dataset, pool, request.train_size)),
        _joined(val, drawn_val),
        _joined(test, drawn),
        len(pool),
    )
    _check_groups(dataset, found)
    return found


def _part(dataset: Dataset, part: int) -> Ints:
    marks = np.empty(0) if dataset.part is None else dataset.part
    return np.flatnonzero(marks == part)


def _given(dataset: Dataset, request: DataRequest) -> tuple[Ints, Ints]:
    """Return the test and validation rows that the data give and the user does not release."""
    test, val = _part(dataset, TEST), _part(dataset, VAL)
    if test.size and request.test_size:
        raise UsageError("--test-size: the test rows are given (a generator has n_test for it).")
    if val.size and request.val_size not in (0, DataRequest.val_size):
        raise UsageError("--val-size: the validation rows are given; 0 lets them train.")
    released = np.empty(0, dtype=np.intp)
    return (released if request.test_size == 0 else test), (
        released if not request.val_size else val
    )


def _kept(dataset: Dataset, pool: Ints, train_size: int | None) -> Ints:
    """Return the training rows; by time `pool` begins with its last rows."""
    if train_size is None:
        return pool
    return pool[-train_size:] if dataset.times is None else pool[:train_size]


def _joined(given: Ints, drawn: Ints) -> Ints:
    return np.sort(np.concatenate([given, drawn]))


def _sizes(
    request: DataRequest, n_pool: int, n_test: int, n_val: int, unsaid: float
) -> tuple[int, int]:
    """Return how many test (`unsaid` where the user says nothing) and validation rows to draw.

    Raises:
        UsageError: if they leave no training row, or `train_size` is no count.
    """
    test_size = unsaid if request.test_size is None else request.test_size
    test = 0 if n_test else _count(test_size, n_pool, "--test-size")
    val = 0 if n_val else _count(request.val_size, n_pool, "--val-size")
    if request.train_size is not None and request.train_size < 1:
        raise UsageError(f"--train-size {request.train_size}: must be at least 1.")
    if test + val >= n_pool:
        raise UsageError(
            f"{val} validation and {test} test rows leave no training row of {n_pool}: "
            "lower --val-size or --test-size."
        )
    return test, val


def _count(size: float, n: int, option: str) -> int:
    """Turn a fraction (< 1, of n, at least one row) or a count (not 1) into a number of rows."""
    if not (0.0 <= size < 1.0 or (size >= 1.0 and float(size).is_integer())):
        raise UsageError(f"{option} {size:g}: a fraction below 1 or a whole number of rows.")
    if size == 1.0:
        raise UsageError(
            f"{option} 1: one row measures nothing; a fraction below 1, or at least 2 rows."
        )
    if 0.0 < size < 1.0:
        return max(1, int(np.floor(size * n + 0.5)))
    return int(size)


@dataclass(frozen=True)
class _Order:
    """Rows in the order they are taken in; `ends` closes what stays whole."""

    rows: Ints
    ends: Ints

    @staticmethod
    def draw(dataset: Dataset, pool: Ints, rng: np.random.Generator) -> _Order:
        """Draw the order of the rows at `pool`: every stretch of it is stratified.

        A group comes whole, placed by its main class. By time it is from the last to the first.
        """
        if dataset.times is not None:
            times = dataset.times[pool]
            latest = np.argsort(-times, kind="stable")
            changes = np.flatnonzero(np.diff(times[latest])) + 1
            return _Order(pool[latest], np.append(changes, len(pool)))
        labels = _labels(dataset)[pool]
        if dataset.groups is None:
            return _Order(pool[_stratified(labels, rng)], np.arange(1, len(pool) + 1))
        _, group, sizes = np.unique(dataset.groups[pool], return_inverse=True, return_counts=True)
        order = _stratified(_majority(group, labels), rng)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return _Order(pool[np.argsort(rank[group], kind="stable")], np.cumsum(sizes[order]))

    def cut(self, n: int) -> tuple[Ints, Ints]:
        """Return the first n rows and the rest; with groups, n to the nearest whole group."""
        if n == 0:
            return self.rows[:0], self.rows
        if len(self.ends) < 2:
            raise DataError(
                "too few groups, or moments of --time-column: each stays whole, and one at least "
                "must be left to train."
            )
        inner = self.ends[:-1]
        end = inner[np.argmin(np.abs(inner - n))]
        return self.rows[:end], self.rows[end:]


def _labels(dataset: Dataset) -> Ints:
    n = len(dataset.target)
    return dataset.target if dataset.task == "classification" else np.zeros(n, dtype=np.intp)


def _majority(group: Ints, labels: Ints) -> Ints:
    """Return each group's most frequent label."""
    width = int(labels.max()) + 1
    counts = np.bincount(group * width + labels, minlength=(int(group.max()) + 1) * width)
    most: Ints = counts.reshape(-1, width).argmax(axis=1)
    return most


def _stratified(labels: Ints, rng: np.random.Generator) -> Ints:
    """Return a random order of len(labels) items that spreads every class evenly over it.

    Systematic sampling: item j of a class's n stands at (j + u) / n, u ~ U(0, 1) per class. The
    last item of every class stands behind all others, where training rows are taken from.
    """
    shuffled = rng.permutation(len(labels))
    label = labels[shuffled]
    counts = np.bincount(label, minlength=1)
    by_class = np.argsort(label, kind="stable")
    within = np.empty_like(by_class)
    within[by_class] = np.arange(len(label)) - np.repeat(np.cumsum(counts) - counts, counts)
    offset = rng.random(len(counts))[label]
    place = (within + offset) / counts[label]
    place[within == counts[label] - 1] = 1.0 + offset[within == counts[label] - 1]
    order: NDArray[Any] = shuffled[np.argsort(place, kind="stable")]
    return order


def _check_groups(dataset: Dataset, found: Split) -> None:
    if dataset.groups is None:
        return
    pairs = {"training and validation": (found.train, found.val)}
    pairs |= {"training and test": (found.train, found.test)}
    pairs |= {"validation and test": (found.val, found.test)}
    for where, (one, other) in pairs.items():
        both = np.intersect1d(dataset.groups[one], dataset.groups[other])
        if both.size:
            row = dataset.row_ids[other][dataset.groups[other] == both[0]][0]
            raise DataError(
                f"{both.size} groups stand among {where} rows, such as data row {row}'s."
            )
