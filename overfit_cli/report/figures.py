"""How numbers are written in tables and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

LARGE = 1e6
"""From here on a number is written with an exponent: its digits would only widen the table."""

SMALL = 1e-3
"""Where all numbers are below it, a column shows three digits of them, however many decimals."""

MOST_DECIMALS = 6
"""With more, or fewer than none, numbers are written with an exponent, to the same last place."""

ROUNDING = 1e-12
"""Values that differ by less than this share are the same value, averaged in another order."""

ZERO = 1e-8
"""Parts of the last decimal below which a value is a zero, averaged in another order."""


def number(value: float | None, decimals: int = 4) -> str:
    """Return `value` with so many decimals; `-` for absent, no zero for what is small.

    decimals: how many may be known; -4 is to ten thousands.
    """
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    if abs(value) < ZERO * 10.0 ** -max(0, decimals):
        return fixed(0.0, decimals)
    small, large = abs(value) < 0.5 * 10.0**-decimals, abs(value) >= LARGE and decimals >= 0
    return f"{value:.1e}" if small or large else fixed(value, decimals)


def fixed(value: float, decimals: int, exponent: bool = False) -> str:
    """Return finite `value` to so many decimals, and no minus before a zero.

    exponent: write it so where it need not be, as others beside it must.
    """
    near = round(value, decimals) + 0.0
    if 0 <= decimals <= MOST_DECIMALS and not exponent:
        return f"{near:.{decimals}f}"
    return f"{near:.{max(0, decimals + _magnitude(near))}e}" if near else "0"


def _magnitude(value: float) -> int:
    """Return the power of ten of the first digit."""
    return math.floor(math.log10(abs(value)))


def rounded(value: float, decimals: int = 2) -> str:
    """Return `value` for a sentence, where 0.0004 is 0.00."""
    return number(round(value, decimals) + 0.0, decimals) if math.isfinite(value) else str(value)


def percent(fraction: float | None) -> str:
    """Return a fraction as percent with two decimals, without the sign."""
    return number(None if fraction is None else 100 * fraction, 2)


def decimals(values: Iterable[float | None], beside: Iterable[float] = ()) -> int:
    """Return how many decimals give a typical one of `values` about five digits, at most four.

    Where all are small, or some so large that they take an exponent and the typical one large too,
    three digits and as many decimals as these need, fewer than none too. beside: numbers in the
    same column that are to be written like them.
    """
    sizes = sorted(abs(v) for v in values if v is not None and v and math.isfinite(v))
    usual = [size for size in sizes if size < LARGE] or sizes or [1.0]
    magnitude = _magnitude(usual[len(usual) // 2])
    largest = max([*usual, *sizes, *(abs(v) for v in beside if math.isfinite(v))])
    if largest < SMALL or (largest >= LARGE and magnitude >= 3):
        return 2 - magnitude
    return min(4, max(0, 4 - magnitude))


def mean(values: Sequence[float]) -> float:
    """Return the mean; non-finite values make it non-finite."""
    return sum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Return the standard deviation (n - 1), None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    if math.isfinite(centre) and max(values) - min(values) <= ROUNDING * abs(centre):
        return 0.0
    return math.sqrt(
        sum((value - centre) * (value - centre) for value in values) / (len(values) - 1)
    )


def whole_range(values: Iterable[int]) -> str:
    """Return `14`, or `12 to 16`."""
    found = sorted(values)
    return str(found[0]) if found[0] == found[-1] else f"{found[0]} to {found[-1]}"


def at_epochs(values: Iterable[int]) -> str:
    """Return `epoch 14`, or `epochs 12 to 16`."""
    written = whole_range(values)
    return f"epochs {written}" if " " in written else f"epoch {written}"


def listed(values: Iterable[int], limit: int = 8) -> str:
    """Return `0, 3, 4`, or the range where there are more than `limit`."""
    found = list(values)
    return ", ".join(map(str, found)) if len(found) <= limit else whole_range(found)


def duration(seconds: float) -> str:
    """Return `3.2 s`, `4 min 10 s` or `2 h 5 min`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"


def size(number_of_bytes: float) -> str:
    """Return bytes as `340 kB`, `12 MB` or `3.1 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number_of_bytes >= factor:
            return f"{number_of_bytes / factor:.3g} {unit}"
    return f"{number_of_bytes:.0f} bytes"
