"""The mode of a posterior: preconditioned quasi-Newton steps on all rows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from overfit_cli.core.layout import Array

Objective = Callable[[Array], tuple[float, Array]]

MEMORY = 10
ENOUGH = 1e-4
SHRINKS = 30
# A step that shrank beyond this is lost in rounding.
CLOSE = 1e-3


@dataclass(frozen=True)
class Mode:
    """Where the descent ended: point (P,), objective and gradient (P,) there; steps it took."""

    point: Array
    value: float
    gradient: Array
    n_steps: int = 0


def minimise(
    objective: Objective,
    start: Array,
    solve: Callable[[Array], Array],
    n_steps: int,
    tolerance: float = CLOSE,
) -> Mode:
    """Return the mode that at most n_steps of L-BFGS reach from `start` (P,).

    solve(v): an approximate inverse Hessian times v, from which each direction starts (Nocedal &
    Wright 2006, algorithms 7.4 and 3.1). Ends where sqrt(g' H^-1 g), the distance to the mode in
    posterior standard deviations, is below `tolerance`, or no step lowers the objective.
    """
    point: Array = start.astype(np.float64)
    value, gradient = objective(point)
    pairs: list[tuple[Array, Array]] = []
    for number in range(n_steps):
        direction = -_two_loops(gradient, pairs, solve)
        slope = float(gradient @ direction)
        if not slope < -(tolerance**2):
            return Mode(point, value, gradient, number)
        found = _search(objective, point, value, direction, slope)
        if found is None:
            if not pairs:
                return Mode(point, value, gradient, number)
            # what was learnt of the curvature does not hold here
            pairs = []
            continue
        change = found.gradient - gradient
        if change @ (found.point - point) > 0:
            pairs = [*pairs, (found.point - point, change)][-MEMORY:]
        point, value, gradient = found.point, found.value, found.gradient
    return Mode(point, value, gradient, n_steps)


def _two_loops(
    gradient: Array, pairs: list[tuple[Array, Array]], solve: Callable[[Array], Array]
) -> Array:
    direction: Array = gradient.copy()
    factors = []
    for step, change in reversed(pairs):
        factor = step @ direction / (step @ change)
        direction -= factor * change
        factors.append(factor)
    direction = solve(direction) * _scale(pairs, solve)
    for (step, change), factor in zip(pairs, reversed(factors), strict=True):
        direction += step * (factor - change @ direction / (step @ change))
    return direction


def _scale(pairs: list[tuple[Array, Array]], solve: Callable[[Array], Array]) -> float:
    """Return s'y / y'H^-1 y of the last step: how far `solve` is off, equation 7.20."""
    if not pairs:
        return 1.0
    step, change = pairs[-1]
    return float(step @ change / (change @ solve(change)))


def _search(
    objective: Objective, point: Array, value: float, direction: Array, slope: float
) -> Mode | None:
    """Return the first of the steps 1, 1/2, 1/4, … that lowers the objective enough."""
    length = 1.0
    for _ in range(SHRINKS):
        trial = point + length * direction
        lower, gradient = objective(trial)
        if lower <= value + ENOUGH * length * slope:
            return Mode(trial, lower, gradient)
        length /= 2
    return None
