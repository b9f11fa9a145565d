"""Several comparisons at once: Holm's adjustment, and how many seeds exact tests need."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from overfit_cli.statistics.estimate import LEVEL


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return Holm's adjusted p (1979): of the i-th smallest of m, max_(j <= i) (m - j + 1) p_(j).

    At most 1, in the order given; p_adjusted <= .05 rejects, with a familywise error of 5%.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    stepped = p[order] * np.arange(len(p), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(stepped))
    return tuple(adjusted.tolist())


def needed_seeds(comparisons: int) -> int:
    """Return the smallest n with comparisons * 2 / 2^n <= .05: 6 for one, 8 for five.

    2 / 2^n is the smallest p of a sign flip over n seeds, and Holm multiplies the smallest of
    all by `comparisons`. Fewer seeds cannot decide, whatever they say.
    """
    return math.ceil(math.log2(2 * comparisons / LEVEL))
