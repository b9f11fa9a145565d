"""A network forward and backward, one example and one number at a time, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Numbers = Sequence[float]
Masks = Sequence[Sequence[Numbers] | None]


def f(activation: str, z: float) -> float:
    if activation == "relu":
        return max(z, 0.0)
    if activation == "tanh":
        return math.tanh(z)
    return 1 / (1 + math.exp(-z)) if activation == "logistic" else z


def slope(activation: str, z: float) -> float:
    if activation == "relu":
        return 1.0 if z > 0 else 0.0
    if activation == "tanh":
        return 1 / math.cosh(z) ** 2
    y = 1 / (1 + math.exp(-z))
    return y * (1 - y) if activation == "logistic" else 1.0


def nll_and_error(likelihood: str, z: Numbers, t: Numbers) -> tuple[float, list[float]]:
    """One example's negative log likelihood and its derivative in each logit."""
    if likelihood == "categorical":
        total = math.fsum(math.exp(value) for value in z)
        p = [math.exp(value) / total for value in z]
        nll = -sum(one * math.log(q) for one, q in zip(t, p, strict=True))
        return nll, [q - one for q, one in zip(p, t, strict=True)]
    if likelihood == "bernoulli":
        p = [1 / (1 + math.exp(-value)) for value in z]
        nll = sum(
            math.log1p(math.exp(-value if one else value)) for value, one in zip(z, t, strict=True)
        )
        return nll, [q - one for q, one in zip(p, t, strict=True)]
    errors = [value - one for value, one in zip(z, t, strict=True)]
    return sum(error**2 for error in errors) / 2, errors


def unpack(sizes: Sequence[int], flat: Any) -> tuple[list[Any], list[list[float]]]:
    """All weights first, each (in, out) row by row; all biases after."""
    numbers = [float(value) for value in flat]
    weights, biases = [], []
    for n_in, n_out in pairwise(sizes):
        weights.append([[numbers.pop(0) for _ in range(n_out)] for _ in range(n_in)])
    for n_out in sizes[1:]:
        biases.append([numbers.pop(0) for _ in range(n_out)])
    return weights, biases


def pack(weights: Sequence[Any], biases: Sequence[Any]) -> list[float]:
    flat = [value for matrix in weights for row in matrix for value in row]
    return flat + [value for vector in biases for value in vector]


def trace(
    sizes: Sequence[int], activation: str, flat: Any, x: Numbers, masks: Sequence[Numbers | None]
) -> tuple[list[list[float]], list[list[float]]]:
    """One example's way through the network: what each layer is fed, and its sums z."""
    weights, biases = unpack(sizes, flat)
    fed, sums = [], []
    values = [float(number) for number in x]
    for matrix, bias, mask in zip(weights, biases, masks, strict=True):
        if mask is not None:
            values = [v * float(m) for v, m in zip(values, mask, strict=True)]
        fed.append(values)
        sums.append(
            [
                sum(values[i] * matrix[i][j] for i in range(len(values))) + bias[j]
                for j in range(len(bias))
            ]
        )
        values = [f(activation, z) for z in sums[-1]]
    return fed, sums


def forward(sizes: Sequence[int], activation: str, flat: Any, x: Numbers) -> list[float]:
    """One example's logits."""
    return trace(sizes, activation, flat, x, [None] * (len(sizes) - 1))[1][-1]


def loss_and_gradient(
    sizes: Sequence[int],
    activation: str,
    likelihood: str,
    flat: Any,
    inputs: Any,
    targets: Any,
    row_weights: Any = None,
    masks: Masks | None = None,
) -> tuple[float, list[float]]:
    """The (weighted) mean nll and its gradient; masks[l][row] multiplies layer l's input."""
    n_rows, n_layers = len(inputs), len(sizes) - 1
    shares = [1.0] * n_rows if row_weights is None else [float(w) for w in row_weights]
    total, nll = sum(shares), 0.0
    gradient = [0.0] * len(flat)
    for row in range(n_rows):
        own = [None if mask is None else mask[row] for mask in masks or [None] * n_layers]
        fed, sums = trace(sizes, activation, flat, inputs[row], own)
        loss, errors = nll_and_error(likelihood, sums[-1], [float(t) for t in targets[row]])
        slopes = _backward(sizes, activation, flat, fed, sums, errors, own)
        nll += shares[row] / total * loss
        gradient = [g + shares[row] / total * s for g, s in zip(gradient, slopes, strict=True)]
    return nll, gradient


def _backward(
    sizes: Sequence[int],
    activation: str,
    flat: Any,
    fed: Sequence[Numbers],
    sums: Sequence[Numbers],
    errors: list[float],
    masks: Sequence[Numbers | None],
) -> list[float]:
    weights, _ = unpack(sizes, flat)
    by_weight: list[Any] = [None] * len(weights)
    by_bias: list[Any] = [None] * len(weights)
    for layer in reversed(range(len(weights))):
        by_weight[layer] = [[value * error for error in errors] for value in fed[layer]]
        by_bias[layer] = errors
        if layer > 0:
            mask = masks[layer]
            errors = [
                sum(e * weights[layer][i][j] for j, e in enumerate(errors))
                * (1.0 if mask is None else float(mask[i]))
                * slope(activation, sums[layer - 1][i])
                for i in range(sizes[layer])
            ]
    return pack(by_weight, by_bias)
