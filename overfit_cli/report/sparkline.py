"""A curve on one line."""

from __future__ import annotations

import math
from collections.abc import Sequence

LOG_FROM = 5.0
"""From this ratio of largest to smallest on, levels are of the logarithm: on a linear scale the
first epochs would flatten the part where training and validation come apart."""


def sparkline(values: Sequence[float], levels: str, width: int) -> str:
    """Return `values` in at most `width` characters of `levels`, lowest first; `!` is not finite.

    A bin shows the mean of its values.
    """
    bins = [_bin(values, start, width) for start in range(min(width, len(values)))]
    heights = _heights(bins)
    finite = [height for height in heights if math.isfinite(height)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_level(height, low, high, levels) for height in heights)


def _bin(values: Sequence[float], position: int, width: int) -> float:
    bins = min(width, len(values))
    part = values[position * len(values) // bins : (position + 1) * len(values) // bins]
    return sum(part) / len(part)


def _heights(values: Sequence[float]) -> list[float]:
    finite = [value for value in values if math.isfinite(value)]
    if finite and min(finite) > 0 and max(finite) / min(finite) >= LOG_FROM:
        return [math.log(value) if math.isfinite(value) else value for value in values]
    return list(values)


def _level(height: float, low: float, high: float, levels: str) -> str:
    if not math.isfinite(height):
        return "!"
    # halves, because the whole difference of two large numbers can overflow
    share = (height / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0
    return levels[min(len(levels) - 1, int(share * len(levels)))]
