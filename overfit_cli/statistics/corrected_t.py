"""Comparing two learners over random splits of one table: corrected t and its Bayesian twin.

The seeds' test and training rows overlap, so their differences are correlated, and the usual
variance of their mean, s^2 / n, is too small.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtr, stdtrit

from overfit_cli.statistics.estimate import LEVEL, ROUNDING, Estimate, Floats


def has_spread(differences: Floats) -> bool:
    """Whether differences (n,), n >= 1, vary by more than rounding: without it no t exists."""
    return bool(np.ptp(differences) > ROUNDING * np.abs(differences).max())


def corrected_t(differences: Floats, test_over_train: float) -> Estimate:
    """Return the corrected resampled t test of differences (n,), n >= 2 and not all equal.

    t = mean / (s sqrt(1/n + n_test/n_train)) with n - 1 degrees of freedom (Nadeau & Bengio 2003,
    section 3); test_over_train 0 is Student's paired t.
    """
    mean, scale = _location_and_scale(differences, test_over_train)
    df = len(differences) - 1
    reach = float(stdtrit(df, 1 - LEVEL / 2)) * scale
    p = min(1.0, 2 * float(stdtr(df, -abs(mean) / scale)))
    return Estimate(mean, mean - reach, mean + reach, p)


def posterior(
    differences: Floats, test_over_train: float, rope: float
) -> tuple[float, float, float]:
    """Return the probabilities that the mean difference is below, within and above +-rope.

    The posterior is Student's t with the location, scale and n - 1 degrees of freedom of
    `corrected_t`; rho / (1 - rho) = n_test / n_train (Corani & Benavoli 2015, eq. 6; Benavoli et
    al. 2017, section 3).
    """
    mean, scale = _location_and_scale(differences, test_over_train)
    df = len(differences) - 1
    below = float(stdtr(df, (-rope - mean) / scale))
    above = float(stdtr(df, (mean - rope) / scale))
    return below, max(0.0, 1 - below - above), above


def _location_and_scale(differences: Floats, test_over_train: float) -> tuple[float, float]:
    if len(differences) < 2 or not has_spread(differences):
        raise ValueError("a t needs two differences at least, and not all equal")
    variance = float(np.var(differences, ddof=1))
    return float(differences.mean()), math.sqrt(variance * (1 / len(differences) + test_over_train))
