"""Linear regression without a bias to learn: the quadratics on which shrinkage has closed forms."""

from __future__ import annotations

import numpy as np

from oracles.assembly import Problem
from overfit_cli.core.answers import Units
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.evaluation import Part, View
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network

N_ROWS = 40


def quadratic(hessian: Array, optimum: Array) -> Problem:
    """Half the mean squared error of n rows is (w - w*)' H (w - w*) / 2 + constant, and its
    gradient in the bias is zero: inputs and noise are centred, the noise orthogonal to the inputs.
    """
    n_inputs = len(optimum)
    rng = np.random.default_rng(n_inputs)
    centred = rng.normal(size=(N_ROWS, n_inputs + 1))
    centred -= centred.mean(axis=0)
    basis = np.linalg.qr(centred)[0] * np.sqrt(N_ROWS)
    inputs = basis[:, :n_inputs] @ np.linalg.cholesky(hessian).T
    targets = inputs @ optimum + basis[:, n_inputs] * 0.3
    rows = targets[:, None]
    part = Part(inputs, rows, rows, np.full(N_ROWS, 1 / N_ROWS))
    network = Network(Layout((n_inputs, 1)), "identity", "gaussian")
    view = View(part, part, Units(np.zeros(1), np.ones(1)))
    return Problem(network, TrainingData(inputs, rows, None), (view,), N_ROWS)


def lasso(hessian: Array, optimum: Array, strength: float) -> Array:
    """argmin (w - w*)' H (w - w*) / 2 + strength |w|_1 by coordinate descent (Friedman 2007)."""
    w = np.zeros_like(optimum)
    target = hessian @ optimum
    for _ in range(10_000):
        before = w.copy()
        for j in range(len(w)):
            rest = target[j] - hessian[j] @ w + hessian[j, j] * w[j]
            w[j] = np.sign(rest) * max(abs(rest) - strength, 0) / hessian[j, j]
        if np.abs(w - before).max() < 1e-15:
            break
    return w
