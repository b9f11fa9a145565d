"""Two classifiers on the same test rows, one training of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the exact two-sided p of McNemar's test; correctness by row, (n,) each.

    Among the rows that only one gets right, either is as likely: Binomial(b + c, 1/2), the
    smaller tail doubled (McNemar 1947). It speaks of these two trained networks, not of methods.

    Raises:
        ValueError: for different numbers of rows.
    """
    if first.shape != second.shape:
        raise ValueError(f"correctness of {first.shape} and {second.shape} rows")
    only_first = int(np.count_nonzero(first & ~second))
    only_second = int(np.count_nonzero(second & ~first))
    fewer, discordant = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * float(bdtr(float(fewer), discordant, 0.5)))
