"""Optimizers over flat (R, P) parameters: init makes the state, step moves in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.layout import Array

State = dict[str, NDArray[Any]]

# Columns handled at a time: the arrays of one block stay in the cache between operations.
BLOCK = 2**15


@dataclass(frozen=True)
class Optimizer:
    """One optimizer.

    init(parameters) -> state, arrays that lead with R. step(parameters, gradient, state, lr,
    momentum, scratch): lr and momentum (R, 1); gradient and scratch (R, P) may be overwritten.
    effective_step(state, lr, momentum) -> (R, 1) or (R, P): how far a constant unit gradient
    moves a parameter per step in the long run, which is what a proximal step must use.
    """

    init: Callable[[Array], State]
    step: Callable[[Array, Array, State, Array, Array, Array], None]
    effective_step: Callable[[State, Array, Array], Array]


def blocks(array: Array) -> list[slice]:
    """Return slices of the columns of (R, P) that hold about BLOCK numbers each."""
    width = max(1, BLOCK // max(1, len(array)))
    return [slice(start, start + width) for start in range(0, array.shape[1], width)]


def _init_sgd(parameters: Array) -> State:
    return {"velocity": np.zeros_like(parameters)}


def _sgd(
    parameters: Array, gradient: Array, state: State, lr: Array, momentum: Array, scratch: Array
) -> None:
    """Heavy ball: v <- m v + g, w <- w - lr v (Polyak 1964)."""
    velocity = state["velocity"]
    for part in blocks(parameters):
        v, room = velocity[:, part], scratch[:, part]
        v *= momentum
        v += gradient[:, part]
        np.multiply(v, lr, out=room)
        parameters[:, part] -= room


def _nesterov(
    parameters: Array, gradient: Array, state: State, lr: Array, momentum: Array, scratch: Array
) -> None:
    """Nesterov's momentum: v <- m v + g, w <- w - lr (g + m v) (Sutskever et al. 2013)."""
    velocity = state["velocity"]
    for part in blocks(parameters):
        v, g, room = velocity[:, part], gradient[:, part], scratch[:, part]
        v *= momentum
        v += g
        np.multiply(v, momentum, out=room)
        room += g
        room *= lr
        parameters[:, part] -= room


def _sgd_effective_step(state: State, lr: Array, momentum: Array) -> Array:
    del state
    return lr / (1 - momentum)


BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def _init_adam(parameters: Array) -> State:
    return {
        "mean": np.zeros_like(parameters),
        "square": np.zeros_like(parameters),
        "count": np.zeros((len(parameters), 1)),
    }


def _adam(
    parameters: Array, gradient: Array, state: State, lr: Array, momentum: Array, scratch: Array
) -> None:
    """Adam with beta1 = .9, beta2 = .999, epsilon = 1e-8 (Kingma & Ba 2015, algorithm 1)."""
    del momentum
    count = state["count"]
    count += 1
    rate = (lr / (1 - BETA1**count)).astype(parameters.dtype)
    for part in blocks(parameters):
        mean, square = state["mean"][:, part], state["square"][:, part]
        g, room = gradient[:, part], scratch[:, part]
        mean *= BETA1
        np.multiply(g, 1 - BETA1, out=room)
        mean += room
        g *= g
        g *= 1 - BETA2
        square *= BETA2
        square += g
        room[...] = _root(square, count)
        np.divide(mean, room, out=room)
        room *= rate
        parameters[:, part] -= room


def _root(square: Array, count: Array) -> Array:
    correction = (1 - BETA2**count).astype(square.dtype)
    return np.sqrt(square / correction) + np.asarray(EPSILON, square.dtype)


def _adam_effective_step(state: State, lr: Array, momentum: Array) -> Array:
    del momentum
    return lr / _root(state["square"], state["count"])


OPTIMIZERS = {
    "sgd": Optimizer(_init_sgd, _sgd, _sgd_effective_step),
    "nesterov": Optimizer(_init_sgd, _nesterov, _sgd_effective_step),
    "adam": Optimizer(_init_adam, _adam, _adam_effective_step),
}
