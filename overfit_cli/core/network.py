"""The multilayer perceptron: initial parameters, forward, loss and gradient, all by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from overfit_cli.core.activations import Activation, Scratch
from overfit_cli.core.kernels import NUMPY, Kernels
from overfit_cli.core.layout import Array, Layout, Views
from overfit_cli.core.losses import Loss
from overfit_cli.rng import stream

# Numbers in one layer's activations that `forward` handles at a time: they stay in the cache.
ROOM = 2**17


@dataclass(frozen=True)
class Network:
    """Architecture shared by all replicas of a stack.

    layout: layer sizes; activation: of the hidden layers, a key of ACTIVATIONS; likelihood: a key
    of LOSSES; kernels: who computes them, which is nobody's identity.
    """

    layout: Layout
    activation: str
    likelihood: str
    kernels: Kernels = field(default=NUMPY, compare=False, repr=False)

    @property
    def f(self) -> Activation:
        """The hidden layers' activation function."""
        return self.kernels.activations[self.activation]

    def f_of(self, layer: int) -> Activation:
        """A layer's activation function: the last one's is the identity."""
        last = layer == self.layout.n_layers - 1
        return self.kernels.activations["identity"] if last else self.f

    @property
    def loss(self) -> Loss:
        """The likelihood's loss."""
        return self.kernels.losses[self.likelihood]


def initial_parameters(
    network: Network, keys: Sequence[tuple[int, int]], dtype: np.dtype[Any]
) -> Array:
    """Draw (R, P) initial parameters, one row per (seed, member); biases are 0.

    relu: W ~ N(0, 2 / fan_in), He et al. 2015, eq. 10; else W ~ U(-a, a) with
    a^2 = 6 / (fan_in + fan_out), Glorot & Bengio 2010, eq. 16. Drawn in double precision, so that
    float32 and float64 networks start from the same point.
    """
    flat = np.zeros((len(keys), network.layout.n_parameters), dtype)
    for layer, weights in enumerate(network.layout.weights(flat)):
        _, fan_in, fan_out = weights.shape
        for replica, (seed, member) in enumerate(keys):
            rng = stream(seed, "initial-weights", member, layer)
            if network.f.he:
                weights[replica] = rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)
            else:
                weights[replica] = rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(
                    6 / (fan_in + fan_out)
                )
    return flat


class Workspace:
    """Buffers for one stack's minibatch of B rows: made once, overwritten at every step.

    share (R, 1, B): each row's part of the mean. masks[l] is None, or multiplies the input of
    layer l: (R, B or 1, width). rate (R, 1, 1) is None, or multiplies the gradient.
    """

    def __init__(self, network: Network, n_replicas: int, n_rows: int, dtype: np.dtype[Any]):
        sizes = network.layout.sizes
        shape = (n_replicas, n_rows)
        self.inputs = np.empty((*shape, sizes[0]), dtype)
        self.targets = np.empty((*shape, sizes[-1]), dtype)
        self.share = np.full((n_replicas, 1, n_rows), 1 / n_rows, dtype)
        self.activations = [np.empty((*shape, width), dtype) for width in sizes[1:]]
        self.deltas = [np.empty((*shape, width), dtype) for width in sizes[1:-1]]
        self.ones = np.ones((n_replicas, 1, n_rows), dtype)
        self.masks: list[Array | None] = [None] * network.layout.n_layers
        self.rate: Array | None = None
        self.masked = [np.empty((*shape, width), dtype) for width in sizes[:-1]]
        self.scratch = [
            Scratch(np.empty((*shape, width), dtype), np.empty((*shape, width), np.bool_))
            for width in sizes[1:-1]
        ]
        self._mask_buffers: dict[tuple[int, str], Array] = {}

    def mask_buffer(self, layer: int, scope: str) -> Array:
        """Return the buffer (R, B, width), or (R, 1, width) in minibatch scope, of one mask."""
        name = (layer, scope)
        if name not in self._mask_buffers:
            n_replicas, n_rows, width = self.masked[layer].shape
            shape = (n_replicas, 1 if scope == "minibatch" else n_rows, width)
            self._mask_buffers[name] = np.empty(shape, self.inputs.dtype)
        return self._mask_buffers[name]


def loss_and_gradient(
    network: Network, parameters: Array, work: Workspace, gradient: Array
) -> Array:
    """Return the minibatch's nll (R,) and write its gradient (R, P); penalties not included."""
    layout = network.layout
    return backpropagate(network, layout.views(parameters), work, layout.views(gradient))


def backpropagate(network: Network, parameters: Views, work: Workspace, gradient: Views) -> Array:
    """Return the minibatch's nll (R,) and write its gradient through views of both flat arrays.

    A `rate` multiplies the output's error, a small array, and so the whole gradient.
    Forward: y^l = m^l * a^l, z = y^l W^l + b^l, a^(l+1) = f(z). Backward: the same masks m^l
    multiply the errors on their way back (Srivastava et al. 2014, section 5.1).
    """
    last = network.layout.n_layers - 1
    layer_inputs: list[Array] = []
    a = work.inputs
    for layer, weights in enumerate(parameters.weights):
        layer_inputs.append(_masked(a, work.masks[layer], work.masked[layer]))
        a = work.activations[layer]
        np.matmul(layer_inputs[layer], weights, out=a)
        network.f_of(layer).forward(a, parameters.biases[layer])
    nll = network.loss.gradient(a, work.targets, work.share)
    delta = a if work.rate is None else np.multiply(a, work.rate, out=a)
    for layer in range(last, -1, -1):
        np.matmul(layer_inputs[layer].swapaxes(1, 2), delta, out=gradient.weights[layer])
        np.matmul(work.ones, delta, out=gradient.biases[layer])
        if layer > 0:
            below = work.deltas[layer - 1]
            np.matmul(delta, parameters.weights[layer].swapaxes(1, 2), out=below)
            mask = work.masks[layer]
            if mask is not None:
                np.multiply(below, mask, out=below)
            network.f.backward(below, work.activations[layer - 1], work.scratch[layer - 1])
            delta = below
    return nll


def _masked(a: Array, mask: Array | None, out: Array) -> Array:
    return a if mask is None else np.multiply(a, mask, out=out)


def forward(network: Network, parameters: Array, inputs: Array | Sequence[Array]) -> Array:
    """Return the logits (R, n, K) of every replica, without masks.

    inputs: rows (n, D) that all replicas see, or one such array for each replica.
    """
    sizes = network.layout.sizes
    own = [inputs] if isinstance(inputs, np.ndarray) else inputs
    n_rows = len(own[0])
    logits = np.empty((len(parameters), n_rows, sizes[-1]), parameters.dtype)
    # the block's height depends on the network alone: a replica's logits must not depend on how
    # many others there are, and the last bits of a matrix product can depend on its height
    height = max(64, min(1024, ROOM // max(sizes)))
    group = max(1, ROOM // (max(sizes) * min(height, n_rows)))
    rooms = [np.empty((group, min(height, n_rows), n), parameters.dtype) for n in sizes[1:-1]]
    for first in range(0, len(parameters), group):
        replicas = slice(first, first + group)
        views = network.layout.views(parameters[replicas])
        seen = own if len(own) == 1 else own[replicas]
        for start in range(0, n_rows, height):
            rows = slice(start, start + height)
            parts = [each[None, rows] for each in seen]
            a = parts[0] if len(parts) == 1 else np.concatenate(parts)
            _propagate(network, views, a, rooms, logits[replicas, rows])
    return logits


def _propagate(
    network: Network, parameters: Views, a: Array, rooms: Sequence[Array], out: Array
) -> None:
    """Write the logits (r, n, K) of inputs (r or 1, n, D) into `out`, by way of the rooms."""
    for layer, room in enumerate(rooms):
        a = np.matmul(a, parameters.weights[layer], out=room[: len(out), : a.shape[1]])
        network.f.forward(a, parameters.biases[layer])
    np.matmul(a, parameters.weights[-1], out=out)
    network.f_of(len(rooms)).forward(out, parameters.biases[-1])
