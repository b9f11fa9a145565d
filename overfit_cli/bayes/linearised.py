"""Predictions of a network that is linear in its parameters, about a mode."""

from __future__ import annotations

from functools import partial

import numpy as np

from overfit_cli.core.activations import Scratch
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network
from overfit_cli.core.predictor import Respond

BLOCK = 2**19


def linearised(mode: Array) -> Respond:
    """Return respond(network, parameters (r, P), inputs (n, D)) = f(mode) + J (parameters - mode).

    J = d f / d parameters at the mode (P,), times a vector by one forward pass of derivatives
    (Khan et al. 2019; Immer, Korzepa & Bauer 2021, "Improving predictions of Bayesian neural nets
    via local linearization").
    """
    return partial(_respond, mode)


def _respond(mode: Array, network: Network, parameters: Array, inputs: Array) -> Array:
    sizes = network.layout.sizes
    away = parameters - mode
    height = max(1, BLOCK // (max(sizes) * len(parameters)))
    blocks = [
        _outputs(mode, network, away, inputs[start : start + height])
        for start in range(0, len(inputs), height)
    ]
    if not blocks:
        return np.empty((len(parameters), 0, sizes[-1]), parameters.dtype)
    return np.concatenate(blocks, axis=1)


def _outputs(mode: Array, network: Network, away: Array, inputs: Array) -> Array:
    layout, last = network.layout, network.layout.n_layers - 1
    (weights, biases), (moved, shifted) = layout.views(mode[None]), layout.views(away)
    a: Array = inputs[None]
    slope: Array | None = None
    for layer in range(layout.n_layers):
        # where nothing below has moved, all share one forward pass
        if slope is not None or moved[layer].any() or shifted[layer].any():
            added = np.matmul(a, moved[layer]) + shifted[layer]
            slope = added if slope is None else added + np.matmul(slope, weights[layer])
        a = np.matmul(a, weights[layer])
        network.f_of(layer).forward(a, biases[layer])
        if layer < last and slope is not None:
            network.f.backward(slope, a, Scratch(np.empty_like(a), np.empty(a.shape, np.bool_)))
    return np.asarray(np.repeat(a, len(away), axis=0) if slope is None else a + slope)
