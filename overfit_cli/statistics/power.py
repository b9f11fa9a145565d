"""How many seeds would decide what so many have not: the power of the verdicts' own tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy.special import nctdtr, stdtr, stdtrit

from overfit_cli.statistics.estimate import LEVEL
from overfit_cli.statistics.sign_flip import MOST as MOST_FLIPS

POWER = 0.8
MOST = 10_000
"""More seeds than this are not looked at."""


class Design(NamedTuple):
    """A paired comparison whose mean and spread over seeds are taken to be those seen so far.

    mean, sd: of the differences. test_over_train: n_test / n_train of the corrected t, 0 for
    independent seeds. comparisons: the test's level is .05 / comparisons, the strictest that Holm
    may ask for. flips: whether the test is the sign flip, whose power is near the t's.
    """

    mean: float
    sd: float
    test_over_train: float
    rope: float
    comparisons: int
    flips: bool


def seeds_to_decide(design: Design, least: int) -> int | None:
    """Return the smallest n >= least with 80% power to find a difference, or to find equality.

    None if MOST seeds have less: under the corrected t the mean's variance, s^2 (1/n + n_test /
    n_train), does not go to 0, so there may be no such n (Nadeau & Bengio 2003, section 3).
    """
    if math.isnan(most_power(design)):
        return None
    found = (_smallest(each, design, least) for each in (_differs, _equal))
    return min((n for n in found if n is not None), default=None)


def most_power(design: Design) -> float:
    """Return the power of MOST seeds to find a difference or equality; NaN without a spread.

    Under the corrected t a difference has half only if |mean| / (s sqrt(n_test / n_train)) is
    above the test's critical value.
    """
    if not (design.sd > 0 and math.isfinite(design.mean)):
        return math.nan
    return max(_differs(design, MOST), _equal(design, MOST))


def _smallest(power: Callable[[Design, int], float], design: Design, low: int) -> int | None:
    """Bisect: more seeds never have less power."""
    high = MOST
    if power(design, high) < POWER:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(design, middle) >= POWER else (middle + 1, high)
    return high


def _differs(design: Design, n: int) -> float:
    """Return about P(p <= level, |mean seen| > rope): t is noncentral, by its standard error.

    0 for a mean within the rope: that it is not 0 decides nothing.
    """
    if abs(design.mean) <= design.rope:
        return 0.0
    df = _df(design, n)
    critical = float(stdtrit(df, 1 - LEVEL / design.comparisons / 2))
    # nctdtr is NaN far out, where the test is certain long before
    shift = min(abs(design.mean) / _standard_error(design, n), critical + 8)
    beyond = (abs(design.mean) - design.rope) / _standard_error(design, n)
    return min(1 - float(nctdtr(df, shift, critical)), float(stdtr(df, beyond)))


def _equal(design: Design, n: int) -> float:
    """Return about P(the posterior, or for the sign flip the interval, is within +-rope)."""
    df, error = _df(design, n), _standard_error(design, n)
    tail = LEVEL / 2 if design.flips else LEVEL
    room = design.rope / error - float(stdtrit(df, 1 - tail))
    mean = abs(design.mean) / error
    return float(stdtr(df, room - mean) - stdtr(df, -room - mean)) if room > 0 else 0.0


def _standard_error(design: Design, n: int) -> float:
    return design.sd * math.sqrt(1 / n + design.test_over_train)


def _df(design: Design, n: int) -> int:
    return (min(n, MOST_FLIPS) if design.flips else n) - 1
