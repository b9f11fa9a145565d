"""The exact sign-flip test over independent seeds, and its interval."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from overfit_cli.statistics.estimate import LEVEL, ROUNDING, Estimate, Floats

MOST = 20
"""Differences (or groups of them) that are flipped apart: 2^20 flips, 8 MiB an array."""


def sign_flip(differences: Floats) -> Estimate:
    """Return the sign-flip test of a zero mean of differences (n,), n >= 1, and its interval.

    p is the share of the 2^n flips whose |mean| is at least the observed one (Fisher 1935,
    section 21): exact if the differences are independent and symmetric about their mean. Zeros
    flip into themselves, so p is that of the others.

    The interval holds every shift that the test of differences less the shift does not reject.
    Flipping the subset I moves the mean to the other side of a shift below it exactly if the mean
    of I is at most the shift; so the limits are the k-th smallest and k-th largest of the means
    of all subsets, k = floor(.025 2^n): Hartigan's typical values (1969, theorem 1). Infinite
    below six differences, where k is 0.

    From 21 differences on, neighbours are flipped together, in 20 groups. These flips are a
    subgroup of all, so p and interval stay exact, without chance (Hemerik & Goeman 2018, theorem
    1); what is lost in power is about 20 against n degrees of freedom.
    """
    groups = np.array_split(differences, min(len(differences), MOST))
    means = _over_subsets([float(group.sum()) for group in groups])[1:]  # but the empty one
    means /= _sizes(tuple(len(group) for group in groups))[1:]
    rounding = ROUNDING * float(np.abs(differences).max())
    mean, flips = float(means[-1]), len(means) + 1
    beyond = 1 + int(np.count_nonzero(means <= rounding if mean > 0 else means >= -rounding))
    low, high = _limits(means, math.floor(LEVEL / 2 * flips))
    p = min(1.0, 2 * beyond / flips)
    return Estimate(mean, _snapped(low, rounding), _snapped(high, rounding), p)


def _over_subsets(values: Sequence[float]) -> Floats:
    """Return the sum over every subset of g values, (2^g,), from the empty one to all."""
    sums = np.zeros(2 ** len(values))
    for place, value in enumerate(values):
        done = 2**place
        np.add(sums[:done], value, out=sums[done : 2 * done])
    return sums


@functools.lru_cache(maxsize=4)
def _sizes(counts: tuple[int, ...]) -> Floats:
    sizes = _over_subsets(counts)
    sizes.flags.writeable = False
    return sizes


def _limits(means: Floats, k: int) -> tuple[float, float]:
    """Return the k-th smallest and the k-th largest; `means` is put into another order."""
    if k == 0:
        return -math.inf, math.inf
    means.partition([k - 1, len(means) - k])
    return float(means[k - 1]), float(means[-k])


def _snapped(value: float, rounding: float) -> float:
    return 0.0 if abs(value) <= rounding else value
