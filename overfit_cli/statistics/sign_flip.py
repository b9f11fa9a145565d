"""The exact sign-flip test over independent seeds, and its interval."""

from __future__ import annotations

import math

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
    sums = _over_subsets(np.array([group.sum() for group in groups]))
    counts = _over_subsets(np.array([len(group) for group in groups], np.float64))
    means = sums[1:] / counts[1:]  # the first subset is the empty one
    means[np.abs(means) <= ROUNDING * np.abs(differences).max()] = 0
    mean, flips = float(means[-1]), len(sums)
    beyond = 1 + int(np.count_nonzero(means <= 0 if mean > 0 else means >= 0))
    low, high = _limits(means, math.floor(LEVEL / 2 * flips))
    return Estimate(mean, low, high, min(1.0, 2 * beyond / flips))


def _over_subsets(values: Floats) -> Floats:
    """Return the sum over every subset of values (g,), (2^g,), from the empty one to all."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def _limits(means: Floats, k: int) -> tuple[float, float]:
    if k == 0:
        return -math.inf, math.inf
    ordered = np.partition(means, [k - 1, len(means) - k])
    return float(ordered[k - 1]), float(ordered[-k])
