"""Exact class probabilities of classes that are Gaussian-smeared point sets and curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from overfit_cli.data.dataset import Floats

NODES = 8  # Gauss-Legendre nodes per panel: exact to about 1e-10 on a panel two noise sds long
BLOCK = 1 << 20  # numbers held at once while distances are taken


def curve_nodes(speed: float, sd: float) -> tuple[Floats, Floats]:
    """Return nodes t (M,) in [0, 1] and weights (M,), summing to 1, for integrals along a curve.

    Composite Gauss-Legendre. `speed` bounds |d curve / dt|, so that a panel is at most two noise
    standard deviations long and the smeared density is smooth on it.
    """
    panels = int(np.ceil(speed / (2.0 * sd)))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    t = (np.arange(panels)[:, None] + (nodes + 1.0) / 2.0) / panels
    return t.ravel(), np.tile(weights / (2.0 * panels), panels)


def posterior(points: Floats, weights: Floats, sd: float) -> Callable[[Floats], Floats]:
    """Return x (n, D) -> P(class | x) (n, K) for equally likely classes.

    Class k has density sum_m weights[m] N(x; points[k, m], sd^2 I). points (K, M, d), weights
    (M,). Only the first d of the D inputs matter; the others are alike in all classes.
    """

    def predict(x: Floats) -> Floats:
        rows = max(1, BLOCK // points[0].size)
        blocks = [x[i : i + rows] for i in range(0, len(x), rows)]
        parts = [_softmax(_log_densities(block, points, weights, sd)) for block in blocks]
        return np.concatenate(parts) if parts else np.empty((0, len(points)))

    return predict


def _log_densities(x: Floats, points: Floats, weights: Floats, sd: float) -> Floats:
    """Return (n, K) log densities, up to a constant that all classes share."""
    out = np.empty((len(x), len(points)))
    for k, curve in enumerate(points):
        distance = np.zeros((len(x), len(curve)))
        for axis, place in enumerate(curve.T):
            distance += (x[:, axis, None] - place) ** 2
        closest = distance.min(axis=1, keepdims=True)
        smeared = np.exp((closest - distance) / (2.0 * sd**2)) @ weights
        out[:, k] = np.log(smeared) - closest[:, 0] / (2.0 * sd**2)
    return out


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares
