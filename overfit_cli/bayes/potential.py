"""The negative log posterior of a network's parameters and its gradient, on all rows at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
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
        self.network, self.data = problem.network, problem.data
        self._rows, self._dtype = rows, dtype
        self._small: Workspace | None = None
        weights = problem.data.weights
        exponents = np.ones(rows.shape) if weights is None else weights[rows].astype(np.float64)
        self.n_rows = (exponents > 0).sum(axis=1)
        total = inner(exponents, np.ones_like(exponents))
        self.exponents = exponents * (self.n_rows / total)[:, None]
        self.targets = problem.data.targets[rows].astype(np.float64)

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
        scale, targets = self._scale(noise_precision), self.targets * self._root(noise_precision)
        self._fast.targets[...] = targets

        def value(q: Array) -> Array:
            outputs = self._outputs(q * scale, self.inputs)
            nll = self.network.loss.gradient(outputs, targets, self.exponents[:, None])
            return nll + inner(precision * q, q) / 2

        def gradient(q: Array) -> Array:
            _, slope = _evaluate(self.network, q * scale, self._fast)
            return slope * scale + precision * q

        return Potential(value, gradient)

    def objective(
        self, precision: Array, noise_precision: Array | None
    ) -> Callable[[Array], tuple[Array, Array]]:
        """Return q -> U (R,), gradient (R, P) of `potential`, both in double precision."""
        scale = self._scale(noise_precision)
        self._exact.targets[...] = self.targets * self._root(noise_precision)

        def objective(q: Array) -> tuple[Array, Array]:
            nll, slope = _evaluate(self.network, q * scale, self._exact)
            return nll + inner(precision * q, q) / 2, slope * scale + precision * q

        return objective

    def estimated_gradient(
        self, precision: Array, noise_precision: Array | None, batch_size: int
    ) -> Callable[[Array, NDArray[np.intp]], Array]:
        """Return an unbiased estimate of the potential's gradient from B of each chain's n rows.

        n/B sum over the minibatch of exponent_i grad nll_i(q) + precision q; its second argument
        (R, B) holds places among the chain's rows, every row as likely as any other.
        """
        scale, root = self._scale(noise_precision), self._root(noise_precision)
        work = self._minibatch(batch_size)

        def gradient(q: Array, places: NDArray[np.intp]) -> Array:
            work.inputs[...] = self.data.inputs[np.take_along_axis(self._rows, places, 1)]
            work.targets[...] = np.take_along_axis(self.targets, places[..., None], 1) * root
            exponents = np.take_along_axis(self.exponents, places, 1)
            work.share[:, 0] = exponents * (self._rows.shape[1] / batch_size)
            _, slope = _evaluate(self.network, q * scale, work)
            return slope * scale + precision * q

        return gradient

    @cached_property
    def input_square(self) -> Array:
        """The mean square of an input (R,)."""
        return np.stack([np.mean(inputs**2) for inputs in self.inputs])

    @cached_property
    def inputs(self) -> list[Array]:
        """The inputs (n, D) of each chain's rows; chains of the same rows share one copy."""
        held: dict[bytes, Array] = {}
        keys = [rows.tobytes() for rows in self._rows]
        for key, rows in zip(keys, self._rows, strict=True):
            if key not in held:
                held[key] = self.data.inputs[rows].astype(np.float64)
        return [held[key] for key in keys]

    def residual_squares(self, q: Array) -> Array:
        """Return the weighted sum of squared residuals (R, T) of a Gaussian likelihood."""
        residuals = self._outputs(q, self.inputs) - self.targets
        return np.asarray(np.matmul(self.exponents[:, None], residuals**2)[:, 0])

    def log_classes(self, q: Array) -> Array:
        """Return log p(D | q) (R,) of class labels, to which `potential` adds a prior."""
        outputs = self._outputs(q, self.inputs)
        nll, shares = self.network.loss.gradient, self.exponents[:, None]
        return np.asarray(-nll(outputs, self.targets, shares))

    def predictions(self, q: Array, n_rows: int) -> Array:
        """Return (R, k): class probabilities, or means, of at most n_rows training rows."""
        every = -(-self.targets.shape[1] // n_rows)
        outputs = self._outputs(q, [inputs[::every] for inputs in self.inputs])
        if not self.is_gaussian:
            log_probabilities = classify(self.network.likelihood, outputs).log_probabilities
            outputs = np.exp(np.asarray(log_probabilities)[..., 1:])
        return outputs.reshape(len(q), -1)

    def _outputs(self, q: Array, inputs: list[Array]) -> Array:
        return forward(self.network, q, inputs)

    @cached_property
    def _exact(self) -> Workspace:
        return self._workspace(np.float64)

    @cached_property
    def _fast(self) -> Workspace:
        return self._workspace(self._dtype)

    def _workspace(self, dtype: Any) -> Workspace:
        n_chains, n_rows = self._rows.shape
        work = Workspace(self.network, n_chains, n_rows, np.dtype(dtype))
        for own, inputs in zip(work.inputs, self.inputs, strict=True):
            own[...] = inputs
        work.share[:, 0] = self.exponents
        return work

    def _minibatch(self, batch_size: int) -> Workspace:
        if self._small is None:
            n_chains = len(self._rows)
            self._small = Workspace(self.network, n_chains, batch_size, np.dtype(self._dtype))
        return self._small

    def _root(self, noise_precision: Array | None) -> Array:
        """Return what targets are multiplied by, (R, 1, 1 or T)."""
        if noise_precision is None:
            return np.ones((len(self.targets), 1, 1))
        return np.asarray(np.sqrt(noise_precision)[:, None])

    def _scale(self, noise_precision: Array | None) -> Array:
        """Return what parameters are multiplied by, (R, P)."""
        layout = self.network.layout
        scale = np.ones((len(self.targets), layout.n_parameters))
        if noise_precision is not None:
            layout.weights(scale)[-1][...] = self._root(noise_precision)
            layout.biases(scale)[-1][...] = self._root(noise_precision)
        return scale


def _evaluate(network: Network, parameters: Array, work: Workspace) -> tuple[Array, Array]:
    own = parameters.astype(work.inputs.dtype)
    gradient = np.empty_like(own)
    return loss_and_gradient(network, own, work, gradient), gradient
