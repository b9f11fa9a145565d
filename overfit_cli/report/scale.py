"""An axis: from values to places between 0 and 1, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOG_FROM = 20.0
"""From this ratio of largest to smallest on a positive axis is logarithmic."""


@dataclass(frozen=True)
class Scale:
    """low < high; both positive if logarithmic."""

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, values: Sequence[float], may_log: bool = True) -> Scale:
        """Return the scale that spans finite `values`, of which there is at least one."""
        low, high = min(values), max(values)
        if low == high:
            room = max(abs(low), 1.0) * 0.5
            return cls(low - room, high + room, False)
        return cls(low, high, may_log and low > 0 and high / low >= LOG_FROM)

    def place(self, value: float) -> float:
        """Return where `value` lies: 0 at low, 1 at high, NaN if it is not finite."""
        if not math.isfinite(value):
            return math.nan
        low, high, here = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (here - low) / (high - low)

    def ticks(self, about: int) -> list[float]:
        """Return round values within the scale: 1, 2 or 5 times a power of ten, or its steps."""
        return self._decades(about) if self.log else self._steps(about)

    def _decades(self, about: int) -> list[float]:
        powers = range(math.floor(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        ticks = [10.0**power for power in powers[:: math.ceil(len(powers) / about)]]
        if len(powers) <= 3:
            ticks = [factor * tick for tick in ticks for factor in (1, 2, 5)]
        return [tick for tick in ticks if self.low <= tick <= self.high]

    def _steps(self, about: int) -> list[float]:
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]

    @staticmethod
    def label(tick: float) -> str:
        """Return a tick in at most eight characters."""
        return f"{tick:.4g}"
