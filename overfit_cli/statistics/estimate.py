"""What a paired test found about a mean difference."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

LEVEL = 0.05
"""Of every test: intervals are 95%, verdicts need p <= .05."""

ROUNDING = 1e-9
"""Differences of metrics that agree to this relative size differ by rounding only."""


class Estimate(NamedTuple):
    """A mean difference, its 95% interval and the two-sided p of "no difference".

    The interval holds 0 exactly if p > .05. low, high: infinite where n is too small to bound it.
    """

    difference: float
    low: float
    high: float
    p: float
