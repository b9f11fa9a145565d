"""Means over seeds that few of the seeds decide."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

from overfit_cli.comparison.records import Arm

FAR = 2.0
"""Times the middle half's spread from the median to the mean. Normal values are as far apart in 1%
of samples of five and in fewer of more, heavy tails (Student's t of 3 degrees) in 2%."""

FEWEST = 5
"""Of fewer values none is so far from the others that it must stand alone."""


def decided_by_few(arms: Iterable[Arm], metric: str) -> list[str]:
    """Return the methods whose mean test value is far from their median.

    Farther than FAR times the distance of the quartiles, and than what practically matters.
    """
    return [arm.name for arm in arms if _is_far(list(arm.values(metric).values()), metric)]


def _is_far(values: Sequence[float], metric: str) -> bool:
    known = [value for value in values if math.isfinite(value)]
    if len(known) < FEWEST:
        return False
    low, median, high = statistics.quantiles(known, n=4, method="inclusive")
    away = abs(statistics.fmean(known) - median)
    return away > FAR * (high - low) and _matters(away, metric, median)


def _matters(away: float, metric: str, median: float) -> bool:
    # the tests' module, which a report of a stored comparison does without
    from overfit_cli.comparison.verdicts import default_rope

    return away > default_rope(metric, [median])


def tails_told(arms: Sequence[Arm], metric: str) -> Iterator[str]:
    """Yield that means are no typical values, if that is so of any method."""
    few = decided_by_few(arms, metric)
    if few:
        whose = "all methods" if len(few) == len(arms) > 1 else ", ".join(few)
        yield f"few seeds decide the mean test {metric} of {whose}: look at the medians."
