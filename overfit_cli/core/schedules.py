"""Learning-rate schedules: a factor on the base rate as a function of the update's number."""

from __future__ import annotations

import math
from collections.abc import Callable

from overfit_cli.errors import UsageError, unknown

Schedule = Callable[[int, int], float]

FORMS = {
    "constant": "lr",
    "inverse:T": "lr / (1 + t / T)",
    "exponential:T": "lr * exp(-t / T)",
    "cosine": "lr * (1 + cos(pi t / total)) / 2",
    "step:T,F": "lr * F^floor(t / T)",
}


def _power(factor: float, exponent: float) -> float:
    try:
        return float(factor**exponent)
    except OverflowError:
        return math.inf


def schedule(text: str) -> Schedule:
    """Return factor(t, total) of update t = 0, 1, … of `total`, from one of FORMS.

    inverse: Srivastava et al. 2014, appendix A.2 (T = 10^4); cosine: Loshchilov & Hutter 2017.

    Raises:
        UsageError: for an unknown form or a bad number.
    """
    name, _, rest = text.partition(":")
    try:
        numbers = [float(number) for number in rest.split(",")] if rest else []
    except ValueError:
        numbers = [math.nan]
    builders: dict[str, tuple[int, Callable[..., Schedule]]] = {
        "constant": (0, lambda: lambda t, total: 1.0),
        "inverse": (1, lambda period: lambda t, total: 1 / (1 + t / period)),
        "exponential": (1, lambda period: lambda t, total: math.exp(-t / period)),
        "cosine": (0, lambda: lambda t, total: (1 + math.cos(math.pi * t / total)) / 2),
        "step": (2, lambda period, factor: lambda t, total: _power(factor, t // period)),
    }
    if name not in builders:
        raise UsageError(unknown(name, FORMS, "learning-rate schedule"))
    count, build = builders[name]
    if len(numbers) != count or not all(number > 0 for number in numbers):
        form = next(form for form in FORMS if form.split(":")[0] == name)
        raise UsageError(
            f"learning-rate schedule '{text}': write {form}, every number above 0 ({FORMS[form]})."
        )
    return build(*numbers)
