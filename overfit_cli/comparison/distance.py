"""How far two predictive distributions of the same rows are apart.

Izmailov, Vikram, Hoffman & Wilson 2021, "What are Bayesian neural network posteriors really
like?": agreement and total variation, there between HMC and whatever approximates it. share (n,)
is each row's part of the mean over rows and sums to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Values = NDArray[Any]


def agreement(one: Values, other: Values, share: Values) -> float:
    """Return the part of the rows whose most probable class is equal; probabilities (n, K)."""
    return float(share @ (one.argmax(axis=1) == other.argmax(axis=1)))


def total_variation(one: Values, other: Values, share: Values) -> float:
    """Return the mean over rows of 1/2 sum_k |p_k - q_k|; probabilities (n, K)."""
    return float(share @ np.abs(one.astype(np.float64) - other).sum(axis=1) / 2)


def normal_total_variation(
    one: Values, sd: Values, other: Values, other_sd: Values, share: Values
) -> float:
    """Return the mean over rows and targets of 1/2 int |p - q| between Normals, all (n, T).

    In units of the narrower, N(0, 1) against N(m, s^2) with m >= 0, d = s^2 - 1 >= 0: it is the
    denser where d x^2 + 2 m x <= c, c = m^2 + s^2 log s^2, that is from -(m + r) / d to
    c / (m + r), r^2 = m^2 + d c; there it has as much more as the other has elsewhere. NaN where a
    deviation is 0.
    """
    narrow, wide = np.minimum(sd, other_sd), np.maximum(sd, other_sd)
    with np.errstate(all="ignore"):
        m, d = np.abs(one - other) / narrow, (wide / narrow) ** 2 - 1
        s, c = np.sqrt(d + 1), m**2 + (d + 1) * np.log1p(d)
        reach = m + np.sqrt(m**2 + d * c)
        low, high = -reach / d, c / reach
        more = ndtr(high) - ndtr(low) - ndtr((high - m) / s) + ndtr((low - m) / s)
    # where both are one Normal there is no limit to reach
    return float(share @ np.where(reach == 0, 0, more).clip(0, 1).mean(axis=1))
