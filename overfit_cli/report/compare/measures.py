"""Metrics as they are written in comparisons: names, units, and as many digits as are known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overfit_cli.comparison.records import HIGHER_IS_BETTER, Arm, Interval, Problem
from overfit_cli.report.figures import LARGE, MOST_DECIMALS, fixed, mean, number


@dataclass(frozen=True)
class Measure:
    """How a metric is written.

    label: in tables and on axes. unit: behind a difference in a sentence, with its blank.
    factor: 100 for what is a fraction in the records and percent on the page.
    """

    key: str
    label: str
    unit: str = ""
    factor: float = 1.0

    @property
    def of_difference(self) -> str:
        """The label where differences are shown: percent differ by points."""
        return f"{self.key} (points)" if self.factor != 1 else self.label

    @property
    def higher_is_better(self) -> bool:
        """Whether larger values are better."""
        return self.key in HIGHER_IS_BETTER


_KNOWN = (
    Measure("nll", "nll", " nats"),
    Measure("error", "error %", " percentage points", 100),
    Measure("brier", "Brier"),
    Measure("ece", "ECE"),
    Measure("auc", "AUC"),
    Measure("rmse", "rmse", " units of the target"),
    Measure("mae", "mae", " units of the target"),
    Measure("r2", "r2"),
)
MEASURES = {each.key: each for each in _KNOWN}


def measure(key: str) -> Measure:
    """Return how `key` is written; an unknown metric stands for itself."""
    return MEASURES.get(key) or Measure(key, key)


def known_metrics(problem: Problem) -> list[str]:
    """Return the test metrics that some run or reference has, in the usual order."""
    scores = [t.scores.get("test", {}) for arm in problem.arms for t in arm.trials]
    found = dict.fromkeys(key for each in [*scores, *problem.references.values()] for key in each)
    return [key for key in MEASURES if key in found] + [k for k in found if k not in MEASURES]


def typical(values: Iterable[float]) -> float:
    """Return the mean of `values`, NaN without any."""
    known = list(values)
    return mean(known) if known else math.nan


def test_mean(arm: Arm, metric: str) -> float:
    """Return the mean test value over seeds, NaN without any."""
    return typical(arm.values(metric).values())


def enough_decimals(interval: Interval) -> int:
    """Return the decimals that give half the interval's width two digits.

    None at least, unless its ends are so large that they take an exponent.
    """
    factor = measure(interval.metric).factor
    width = (interval.high - interval.low) / 2 * factor
    size = width if math.isfinite(width) and width > 0 else abs(interval.difference) * factor / 10
    if not math.isfinite(size) or size <= 0:
        return 3
    places = 1 - math.floor(math.log10(size))
    return places if _largest(interval) >= LARGE else max(0, places)


def _largest(interval: Interval) -> float:
    ends = (abs(v) for v in (interval.difference, interval.low, interval.high) if math.isfinite(v))
    return measure(interval.metric).factor * max(ends, default=0.0)


def takes_exponent(interval: Interval) -> bool:
    """Whether its numbers are too large or too small to be written out."""
    return _largest(interval) >= LARGE or enough_decimals(interval) > MOST_DECIMALS


def bounds(low: float, high: float, decimals: int, exponent: bool = False) -> str:
    """Return `[0.022, 0.060]`, nothing where there is no interval."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"[{fixed(low, decimals, exponent)}, {fixed(high, decimals, exponent)}]"


def interval_texts(intervals: Sequence[Interval | None]) -> tuple[str, ...]:
    """Return a column of intervals, all with an exponent if one takes it; nothing for None."""
    exponent = any(takes_exponent(each) for each in intervals if each is not None)
    return tuple("" if each is None else interval_text(each, exponent) for each in intervals)


def interval_text(interval: Interval, exponent: bool = False) -> str:
    """Return `-0.041 [-0.060, -0.022]`, percent for fractions, `-` without a difference."""
    if not math.isfinite(interval.difference):
        return "-"
    factor, decimals = measure(interval.metric).factor, enough_decimals(interval)
    low, high = interval.low * factor, interval.high * factor
    shown = exponent or takes_exponent(interval)
    middle = fixed(interval.difference * factor, decimals, shown)
    return f"{middle} {bounds(low, high, decimals, shown)}".rstrip()


def plain(value: float) -> str:
    """Return a limit such as a rope as it was given: `0.01`, `412.5`; four digits at least."""
    return number(value, 0) if 1e4 <= abs(value) < LARGE else f"{value:.4g}"
