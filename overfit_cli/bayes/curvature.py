"""The generalised Gauss-Newton matrix of one network: exact, its diagonal, Kronecker factors.

H = sum_n w_n J_n' L_n J_n with J_n = d outputs / d parameters and L_n the second derivative of
row n's nll in the outputs: for these likelihoods the Fisher matrix too, never indefinite
(Schraudolph 2002). A Gaussian likelihood gives one matrix per target, each at noise precision 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from overfit_cli.core.activations import Scratch
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network

BLOCK = 2**21


@dataclass(frozen=True)
class Seen:
    """One network, parameters (P,), and the rows it was trained on.

    inputs (n, D); exponents (n,): each row's part of the likelihood.
    """

    network: Network
    parameters: Array
    inputs: Array
    exponents: Array

    @property
    def n_parts(self) -> int:
        """Matrices whose sum, weighted by the noise precisions, is the curvature."""
        network = self.network
        return network.layout.sizes[-1] if network.likelihood == "gaussian" else 1


def full(seen: Seen) -> Array:
    """Return the exact matrices (T, P, P)."""
    layout = seen.network.layout
    found = np.zeros((seen.n_parts, layout.n_parameters, layout.n_parameters))
    for part, inputs, deltas in _slopes(seen, layout.n_parameters):
        slopes = np.empty((len(deltas[0]), layout.n_parameters))
        views = layout.views(slopes)
        for a, delta, weights, biases in zip(inputs, deltas, *views, strict=True):
            np.multiply(a[:, :, None], delta[:, None, :], out=weights)
            biases[:, 0] = delta
        found[part] += slopes.T @ slopes
    return found


def diagonal(seen: Seen) -> Array:
    """Return the exact diagonals (T, P)."""
    layout = seen.network.layout
    found = np.zeros((seen.n_parts, layout.n_parameters))
    for part, inputs, deltas in _slopes(seen, max(layout.sizes)):
        weights, biases = layout.views(found[part : part + 1])
        for layer, (a, delta) in enumerate(zip(inputs, deltas, strict=True)):
            weights[layer][0] += (a * a).T @ (delta * delta)
            biases[layer][0] += (delta * delta).sum(axis=0)
    return found


def kronecker(seen: Seen) -> tuple[list[Array], list[Array]]:
    """Return per layer A (in + 1, in + 1) and B (T, out, out): the curvature is near A (x) B.

    A = sum_n w_n a a' / N over the layer's inputs with a 1 behind them, B = sum_n w_n d d' over
    the derivatives of the roots of L_n in the layer's sums: exact for one row, and where B's terms
    do not vary between rows (Martens & Grosse 2015; Botev, Ritter & Barber 2017).
    """
    sizes, n_parts = seen.network.layout.sizes, seen.n_parts
    inner: list[Array] = [np.zeros((width + 1, width + 1)) for width in sizes[:-1]]
    outer: list[Array] = [np.zeros((n_parts, width, width)) for width in sizes[1:]]
    weight = seen.exponents / seen.exponents.sum()
    for rows in _blocks(seen, max(sizes)):
        inputs, outputs = layer_inputs(seen, seen.inputs[rows])
        for a, total in zip(inputs, inner, strict=True):
            extended = np.concatenate([a, np.ones((len(a), 1))], axis=1)
            total += extended.T @ (extended * weight[rows, None])
        for part, root in _roots(seen, outputs, seen.exponents[rows]):
            for delta, matrices in zip(_backward(seen, inputs, root), outer, strict=True):
                matrices[part] += delta.T @ delta
    return inner, outer


def _slopes(seen: Seen, width: int) -> Iterator[tuple[int, list[Array], list[Array]]]:
    """Yield (part, every layer's inputs, derivatives in every layer's sums), block by block."""
    for rows in _blocks(seen, width):
        inputs, outputs = layer_inputs(seen, seen.inputs[rows])
        for part, root in _roots(seen, outputs, seen.exponents[rows]):
            yield part, inputs, _backward(seen, inputs, root)


def _blocks(seen: Seen, width: int) -> list[slice]:
    height = max(1, BLOCK // width)
    return [slice(start, start + height) for start in range(0, len(seen.inputs), height)]


def layer_inputs(seen: Seen, inputs: Array) -> tuple[list[Array], Array]:
    """Return what every layer is fed, (n, in) each, and the outputs (n, K)."""
    network = seen.network
    weights, biases = network.layout.views(seen.parameters[None].astype(np.float64))
    fed: list[Array] = []
    a: Array = inputs.astype(np.float64)
    for layer in range(network.layout.n_layers):
        fed.append(a)
        a = a @ weights[layer][0]
        network.f_of(layer).forward(a, biases[layer][0])
    return fed, a


def _roots(seen: Seen, outputs: Array, exponents: Array) -> Iterator[tuple[int, Array]]:
    """Yield (part, r (n, K)) with L_n = sum of r_n r_n' over the roots of a part.

    Softmax: diag(p) - p p' = sum_k p_k (e_k - p)(e_k - p)'.
    """
    n_outputs, likelihood = outputs.shape[1], seen.network.likelihood
    share = np.sqrt(exponents)[:, None]
    if likelihood == "bernoulli":
        # p (1 - p) = 1 / (4 cosh^2(z / 2)), which cannot overflow
        decay = np.exp(-np.abs(outputs) / 2)
        yield 0, share * decay / (1 + decay * decay)
        return
    eye = np.eye(n_outputs)
    if likelihood == "gaussian":
        yield from ((target, share * eye[target]) for target in range(n_outputs))
        return
    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    p = shifted / shifted.sum(axis=1, keepdims=True)
    yield from ((0, share * np.sqrt(p[:, k : k + 1]) * (eye[k] - p)) for k in range(n_outputs))


def _backward(seen: Seen, inputs: list[Array], delta: Array) -> list[Array]:
    network = seen.network
    weights = network.layout.weights(seen.parameters[None].astype(np.float64))
    deltas = [delta]
    for layer in range(network.layout.n_layers - 1, 0, -1):
        a = inputs[layer]
        delta = delta @ weights[layer][0].T
        network.f.backward(delta, a, Scratch(np.empty_like(a), np.empty(a.shape, np.bool_)))
        deltas.insert(0, delta)
    return deltas
