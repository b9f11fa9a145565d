"""The optimizers' update rules for a single number, as their papers write them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator


def momentum(w: float, gradients: Iterable[float], lr: float, m: float) -> Iterator[float]:
    """Polyak 1964 in the form v <- m v + g, w <- w - lr v."""
    v = 0.0
    for g in gradients:
        v = m * v + g
        w = w - lr * v
        yield w


def nesterov(w: float, gradients: Iterable[float], lr: float, m: float) -> Iterator[float]:
    """Sutskever et al. 2013, written for the shifted point as everyone does: w - lr (g + m v)."""
    v = 0.0
    for g in gradients:
        v = m * v - lr * g
        w = w + m * v - lr * g
        yield w


def adam(w: float, gradients: Iterable[float], lr: float, _: float) -> Iterator[float]:
    """Kingma & Ba 2015, algorithm 1."""
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w -= lr * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        yield w


RULES = {"sgd": momentum, "nesterov": nesterov, "adam": adam}
