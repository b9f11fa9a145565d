"""Optimizers over flat (R, P) parameters: init makes the state, step moves in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.layout import Array

State = dict[str, NDArray[Any]]

# Numbers handled at a time: the arrays of one block stay in the cache between operations.
BLOCK = 2**15

Block = tuple[slice, slice]


@dataclass(frozen=True)
class Optimizer:
    """One optimizer.

    init(parameters) -> state, arrays that lead with R. step(parameters, gradient, state, lr,
    momentum): lr and momentum (R, 1); the gradient (R, P) may be overwritten; lr None is a rate
    of 1, where `linear` allows it.
    effective_step(state, lr, momentum) -> (R, 1) or (R, P): how far a constant unit gradient
    moves a parameter per step in the long run, which is what a proximal step must use.
    linear: steps are proportional to the gradients, so that a learning rate that never changes
    may as well be multiplied into them, where that is cheaper.
    """

    init: Callable[[Array], State]
    step: Callable[[Array, Array, State, Array | None, Array], None]
    effective_step: Callable[[State, Array, Array], Array]
    linear: bool = False


def blocks(array: Array) -> list[Block]:
    """Return (rows, columns) of about BLOCK numbers each, in the order of memory of (R, P)."""
    n_rows, n_columns = array.shape
    height = max(1, BLOCK // max(1, n_columns))
    width = min(n_columns, BLOCK)
    return [
        (slice(row, row + height), slice(column, column + width))
        for row in range(0, n_rows, height)
        for column in range(0, n_columns, max(1, width))
    ]


def _init_sgd(parameters: Array) -> State:
    return {"velocity": np.zeros_like(parameters)}


def _sgd(
    parameters: Array, gradient: Array, state: State, lr: Array | None, momentum: Array
) -> None:
    """Heavy ball: v <- m v + g, w <- w - lr v (Polyak 1964)."""
    # into the gradient's buffer, without a temporary array: that is worth more than the cache
    v = state["velocity"]
    v *= momentum
    v += gradient
    parameters -= v if lr is None else np.multiply(v, lr, out=gradient)


def _nesterov(
    parameters: Array, gradient: Array, state: State, lr: Array | None, momentum: Array
) -> None:
    """Nesterov's momentum: v <- m v + g, w <- w - lr (g + m v) (Sutskever et al. 2013)."""
    v = state["velocity"]
    v *= momentum
    v += gradient
    for block in blocks(parameters):
        gradient[block] += v[block] * momentum[block[0]]
    parameters -= gradient if lr is None else np.multiply(gradient, lr, out=gradient)


def _sgd_effective_step(state: State, lr: Array, momentum: Array) -> Array:
    del state
    return lr / (1 - momentum)


BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
# What the rule multiplies and adds, in its order.
ADAM = (BETA1, 1 - BETA1, BETA2, 1 - BETA2, EPSILON)


def _init_adam(parameters: Array) -> State:
    return {
        "mean": np.zeros_like(parameters),
        "square": np.zeros_like(parameters),
        "count": np.zeros((len(parameters), 1)),
    }


def _adam(
    parameters: Array, gradient: Array, state: State, lr: Array | None, momentum: Array
) -> None:
    """Adam with beta1 = .9, beta2 = .999, epsilon = 1e-8 (Kingma & Ba 2015, algorithm 1)."""
    del momentum
    rate, correction = adam_rates(state, lr, parameters.dtype)
    for block in blocks(parameters):
        mean, square = state["mean"][block], state["square"][block]
        g, rows = gradient[block], block[0]
        mean *= BETA1
        mean += g * (1 - BETA1)
        g *= g
        g *= 1 - BETA2
        square *= BETA2
        square += g
        np.divide(mean, _root(square, correction[rows]), out=g)
        g *= rate[rows]
        parameters[block] -= g


def adam_rates(state: State, lr: Array | None, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Count a step; return its rate and what corrects the squares' bias, (R, 1) each.

    Raises:
        TypeError: without a rate.
    """
    if lr is None:
        raise TypeError("Adam's steps are not proportional to the gradients: it needs a rate")
    count = state["count"]
    count += 1
    return (lr / (1 - BETA1**count)).astype(dtype), _correction(count, dtype)


def _correction(count: Array, dtype: np.dtype[Any]) -> Array:
    return np.asarray(1 - BETA2**count, dtype)


def _root(square: Array, correction: Array) -> Array:
    return np.sqrt(square / correction) + np.asarray(EPSILON, square.dtype)


def _adam_effective_step(state: State, lr: Array, momentum: Array) -> Array:
    del momentum
    square = state["square"]
    return lr / _root(square, _correction(state["count"], square.dtype))


OPTIMIZERS = {
    "sgd": Optimizer(_init_sgd, _sgd, _sgd_effective_step, linear=True),
    "nesterov": Optimizer(_init_sgd, _nesterov, _sgd_effective_step, linear=True),
    "adam": Optimizer(_init_adam, _adam, _adam_effective_step),
}
