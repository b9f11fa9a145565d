"""Numbers that are probably not what they seem: told, and used as they are."""

from __future__ import annotations

import numpy as np

from overfit_cli.data.dataset import Dataset, Floats, Ints
from overfit_cli.data.naming import detailed, shown
from overfit_cli.words import count

FAR = 20
"""Interquartile ranges from the median beyond which no ordinary tail reaches."""

CODES = (99999.0, 9999.0, 999.0, 99.0)
"""Numbers that, or whose negatives, are often written where there is none."""


def codes_for_missing(numbers: Floats) -> str:
    """Say which of CODES stand in several rows, farther from all others than these are apart."""
    ends = np.fmin.reduce(numbers), np.fmax.reduce(numbers)
    if not {abs(end) for end in ends} & {*CODES}:  # one of the ends is a code, if any is far
        return ""
    others = numbers[~np.isnan(numbers)]
    told: list[str] = []
    for code in CODES:
        far = _far_codes(others, code)
        told += (
            f"{each:.0f} in {count(int(np.count_nonzero(others == each)))} rows" for each in far
        )
        others = others[~np.isin(others, far)] if far else others
    between = f", all others from {others.min():.4g} to {others.max():.4g}"
    return ", ".join(told) + between if told else ""


def _far_codes(numbers: Floats, code: float) -> list[float]:
    """Return the code, its negative, both or neither."""
    others = numbers[np.abs(numbers) != code]
    if not len(others) or not np.ptp(others):
        return []
    low, high = others.min(), others.max()
    return [
        each
        for each in (code, -code)
        if max(low - each, each - high) > high - low and np.count_nonzero(numbers == each) > 1
    ]


def extreme_targets(dataset: Dataset) -> tuple[str, ...]:
    """Return a note on the regression targets whose far values outweigh all others."""
    columns = dict(zip(dataset.target_names, dataset.target.T, strict=True))
    found = {name: far for name, column in columns.items() if len(far := outweighing(column))}
    if not found:
        return ()
    told = detailed(
        [(shown(name), _furthest(dataset, columns[name], found[name])) for name in found]
    )
    positive = all(columns[name].min() > 0 for name in found)
    return (
        f"target values more than {FAR} interquartile ranges from the median outweigh all others "
        f"in rmse and nll: {told}. Check them{', or predict the logarithm' if positive else ''}.",
    )


def outweighing(values: Floats) -> Ints:
    """Return the rows far from the median, if most of the squared distances from it are theirs.

    There are none where half of the values (n,) are alike.
    """
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    distance = np.abs(values - median)
    far = distance > FAR * (high - low)
    squares = (distance / max(distance.max(), np.finfo(float).tiny)) ** 2
    outweighs = high > low and 2 * squares[far].sum() > squares.sum()
    return np.flatnonzero(far) if outweighs else np.empty(0, np.intp)


def _furthest(dataset: Dataset, values: Floats, far: Ints) -> str:
    row = int(far[np.argmax(np.abs(values[far] - np.median(values)))])
    of = f"{count(len(far))} of {count(len(values))}"
    return f"{of}, the furthest {values[row]:.6g} in {dataset.place(row)}"
