"""The minibatch procedure as it is told: delete units, step the smaller network, put them back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from oracles import loop_network
from overfit_cli.core.layout import Array


def places(sizes: Sequence[int], kept: Sequence[Sequence[int]]) -> list[int]:
    """Where the smaller network's parameters lie in the whole flat array."""
    number, where = 0, []
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        where += [number + i * n_out + j for i in kept[layer] for j in kept[layer + 1]]
        number += n_in * n_out
    for layer, n_out in enumerate(sizes[1:]):
        where += [number + j for j in kept[layer + 1]]
        number += n_out
    return where


def incoming(sizes: Sequence[int], layer: int, unit: int) -> list[int]:
    """Where one unit's incoming weights lie."""
    start = sum(a * b for a, b in pairwise(sizes[: layer + 1]))
    return [start + i * sizes[layer + 1] + unit for i in range(sizes[layer])]


def step(
    sizes: Sequence[int],
    activation: str,
    likelihood: str,
    state: Mapping[str, Array],
    kept: Sequence[Sequence[int]],
    inputs: Array,
    targets: Array,
    how: Mapping[str, Any],
) -> dict[str, Array]:
    """Return the state after one step on the kept units only: parameters and what moves them.

    state: "parameters"; "velocity", or for adam "mean", "square" and the "count" after the step.
    how: optimizer, lr, momentum, l1, l2, max_norm.
    """
    after = {name: np.array(values) for name, values in state.items()}
    own = places(sizes, kept)
    small = [len(units) for units in kept]
    flat = state["parameters"][own]
    _, slope = loop_network.loss_and_gradient(
        small, activation, likelihood, flat, inputs[:, kept[0]], targets
    )
    n_small_weights = sum(a * b for a, b in pairwise(small))
    for number, place in enumerate(own):
        g, w = slope[number], flat[number]
        is_weight = number < n_small_weights
        if is_weight:
            g += how["l2"] * w
        new, reach = _move(after, place, g, how)
        if is_weight:
            new = math.copysign(max(abs(new) - how["l1"] * reach, 0.0), new)
        after["parameters"][place] = new
    for layer in range(len(sizes) - 1):
        for unit in kept[layer + 1]:
            _shorten(
                after["parameters"], incoming(sizes, layer, unit), kept[layer], how["max_norm"]
            )
    return after


def _move(
    after: dict[str, Array], place: int, g: float, how: Mapping[str, Any]
) -> tuple[float, float]:
    w, lr, m = after["parameters"][place], how["lr"], how["momentum"]
    if how["optimizer"] == "adam":
        mean = after["mean"][place] = 0.9 * after["mean"][place] + 0.1 * g
        square = after["square"][place] = 0.999 * after["square"][place] + 0.001 * g * g
        count = after["count"][0]
        reach = lr / (math.sqrt(square / (1 - 0.999**count)) + 1e-8)
        return w - reach * mean / (1 - 0.9**count), reach
    v = after["velocity"][place] = m * after["velocity"][place] + g
    return w - lr * (g + m * v if how["optimizer"] == "nesterov" else v), lr / (1 - m)


def _shorten(flat: Array, column: Sequence[int], kept: Sequence[int], limit: float) -> None:
    total = math.fsum(flat[place] ** 2 for place in column)
    if total <= limit**2:
        return
    moving = math.fsum(flat[column[i]] ** 2 for i in kept)
    room = max(limit**2 - (total - moving), 0.0)
    for i in kept:
        flat[column[i]] *= math.sqrt(room / moving)
