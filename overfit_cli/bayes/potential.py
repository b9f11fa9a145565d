"""The negative log posterior of a network's parameters and its gradient, on all rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.inference import Problem
from overfit_cli.bayes.leapfrog import Potential, inner
from overfit_cli.core.answers import classify
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network, Workspace, forward, loss_and_gradient


class Likelihood:
    """The likelihood of R chains, each with its own training rows (R, n).

    Weights are exponents on the rows' likelihoods, scaled so that they sum to `n_rows` (R,), the
    number of rows with a weight above 0: a row of weight 0 is as if it were not there. Gradients
    are taken in precision `dtype`, values always in double.
    """

    def __init__(self, problem: Problem, rows: NDArray[np.intp], dtype: Any = np.float32):
        self.network = problem.network
        weights = problem.data.weights
        exponents = np.ones(rows.shape) if weights is None else weights[rows].astype(np.float64)
        self.n_rows = (exponents > 0).sum(axis=1)
        total = inner(exponents, np.ones_like(exponents))
        self.exponents = exponents * (self.n_rows / total)[:, None]
        self.targets = problem.data.targets[rows].astype(np.float64)
        self._exact, self._fast = (
            self._workspace(problem, rows, kind) for kind in (np.float64, dtype)
        )

    @property
    def is_gaussian(self) -> bool:
        """Whether the likelihood has a noise precision."""
        return self.network.likelihood == "gaussian"

    def potential(self, precision: Array, noise_precision: Array | None) -> Potential:
        """Return U(q) = -log p(D | q) + sum_i precision_i q_i^2 / 2, up to a constant.

        precision (R, P): of each parameter's prior. noise_precision (R, T): of a Gaussian
        likelihood, which is that of unit precision once the targets and the output layer's
        weights and biases are multiplied by its root. Only the last potential made may be used.
        """
        scale = self._scale(noise_precision)

        def value(q: Array) -> Array:
            nll, _ = _evaluate(self.network, q * scale, self._exact)
            return nll + inner(precision * q, q) / 2

        def gradient(q: Array) -> Array:
            _, slope = _evaluate(self.network, q * scale, self._fast)
            return slope * scale + precision * q

        return Potential(value, gradient)

    @property
    def inputs(self) -> Array:
        """The rows' inputs (R, n, D)."""
        return self._exact.inputs

    def residual_squares(self, q: Array) -> Array:
        """Return the weighted sum of squared residuals (R, T) of a Gaussian likelihood."""
        residuals = self._outputs(q, self.inputs) - self.targets
        return np.asarray(np.matmul(self.exponents[:, None], residuals**2)[:, 0])

    def predictions(self, q: Array, n_rows: int) -> Array:
        """Return (R, k): class probabilities, or means, of at most n_rows training rows."""
        every = -(-self.targets.shape[1] // n_rows)
        outputs = self._outputs(q, self.inputs[:, ::every])
        if not self.is_gaussian:
            log_probabilities = classify(self.network.likelihood, outputs).log_probabilities
            outputs = np.exp(np.asarray(log_probabilities)[..., 1:])
        return outputs.reshape(len(q), -1)

    def _outputs(self, q: Array, inputs: Array) -> Array:
        pairs = zip(q, inputs, strict=True)
        return np.concatenate([forward(self.network, own[None], rows) for own, rows in pairs])

    def _workspace(self, problem: Problem, rows: NDArray[np.intp], dtype: Any) -> Workspace:
        n_chains, n_rows = rows.shape
        work = Workspace(self.network, n_chains, n_rows, np.dtype(dtype))
        work.inputs[...], work.targets[...] = problem.data.inputs[rows], self.targets
        work.share[:, 0] = self.exponents
        return work

    def _scale(self, noise_precision: Array | None) -> Array:
        layout = self.network.layout
        scale = np.ones((len(self.targets), layout.n_parameters))
        if noise_precision is not None:
            root = np.sqrt(noise_precision)[:, None]
            layout.weights(scale)[-1][...] = root
            layout.biases(scale)[-1][...] = root
            for work in (self._exact, self._fast):
                work.targets[...] = self.targets * root
        return scale


def _evaluate(network: Network, parameters: Array, work: Workspace) -> tuple[Array, Array]:
    own = parameters.astype(work.inputs.dtype)
    gradient = np.empty_like(own)
    return loss_and_gradient(network, own, work, gradient), gradient
