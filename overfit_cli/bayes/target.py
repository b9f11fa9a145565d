"""The log posterior of one network given its precisions, and the Gaussian about its mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.curvature import Seen, layer_inputs
from overfit_cli.bayes.evidence import Precisions, determined, limited, log_evidence, raised
from overfit_cli.bayes.gaussians import Fit, Gaussian
from overfit_cli.bayes.inference import Problem
from overfit_cli.bayes.mode import Mode, Objective, minimise
from overfit_cli.bayes.potential import Likelihood
from overfit_cli.bayes.prior import spread
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network

STEPS = 25
ABSURD = 1e6


@dataclass(frozen=True)
class Posterior:
    """The Gaussian about a mode, and what is known of it.

    determined (G,): parameters of each group that the data determine. distance: from the mode to
    where the gradient vanishes, in posterior standard deviations.
    """

    gaussian: Gaussian
    log_evidence: float
    determined: Array
    distance: float


@dataclass(frozen=True)
class Reached:
    """A mode, the precisions that it belongs to, and the Gaussian about it.

    fell: by how much the last pass towards it lowered the objective.
    """

    mode: Mode
    fell: float
    precisions: Precisions
    posterior: Posterior


class Target:
    """One network's posterior; rows (n,) are those it was trained on."""

    def __init__(self, problem: Problem, rows: NDArray[np.intp], curvature: Callable[[Seen], Fit]):
        self.layout = problem.network.layout
        self.likelihood = Likelihood(problem, rows[None], np.float64)
        self.n_rows = int(self.likelihood.n_rows[0])
        self._curvature = curvature

    def objective(self, precisions: Precisions) -> Objective:
        """Return parameters (P,) -> -log posterior, up to a constant, and its gradient (P,)."""
        both = self.likelihood.objective(self._spread(precisions)[None], self._noise(precisions))

        def objective(parameters: Array) -> tuple[float, Array]:
            value, gradient = both(parameters[None])
            return float(value[0]), gradient[0]

        return objective

    def reach(self, parameters: Array, precisions: Precisions, n_passes: int) -> Reached:
        """Go from `parameters` (P,) towards the mode, and look about there.

        At most n_passes of at most STEPS steps, each pass with the curvature where it begins.
        """
        objective, mode, fell = (
            self.objective(precisions),
            Mode(parameters, np.inf, parameters),
            0.0,
        )
        for _ in range(n_passes):
            before = objective(mode.point)[0]
            solve = self._gaussian(self._fit(mode.point), precisions).solve
            mode = minimise(objective, mode.point, solve, STEPS)
            fell = before - mode.value
            if mode.n_steps < STEPS:
                break
        return Reached(mode, fell, precisions, self.posterior(mode.point, precisions))

    def climb(
        self, parameters: Array, now: Precisions, evidence: float, fixed_prior: bool, n_passes: int
    ) -> Reached:
        """Change the precisions by one step, from `evidence`, and go towards their mode.

        Where the evidence is lower there, go towards that of the precisions `now` instead. They
        must be near a mode of `now` (Immer, Bauer, Fortuin, Raetsch & Khan 2021, algorithm 1, in
        which descent and such steps alternate).
        """
        gaussian = self._gaussian(self._fit(parameters), now)
        squares = self._residual_squares(parameters)
        higher = raised(self.layout, gaussian, now, parameters, squares, self.n_rows, fixed_prior)
        found = self.reach(parameters, higher, n_passes)
        if found.posterior.log_evidence >= evidence:
            return found
        return self.reach(parameters, now, n_passes)

    def noise_left(self, parameters: Array, otherwise: Array) -> Array:
        """Return the noise precision (T,) of a regression's residuals at `parameters` (P,).

        With the targets' spread for noise, a mode begins near that of the prior alone, all zeros,
        and relu units that died there do not come back.
        """
        squares = self._residual_squares(parameters)
        return otherwise if squares is None else limited(self.n_rows, squares)

    def is_absurd(self, parameters: Array, precisions: Precisions) -> bool:
        """Whether parameters are so much worse than all zeros that a descent must have diverged."""
        objective = self.objective(precisions)
        worst = ABSURD * objective(np.zeros_like(parameters))[0]
        return not objective(parameters)[0] <= worst

    def posterior(self, mode: Array, precisions: Precisions) -> Posterior:
        """Return the Gaussian about `mode` (P,)."""
        gaussian = self._gaussian(self._fit(mode), precisions)
        value, gradient = self.objective(precisions)(mode)
        evidence = log_evidence(
            value, gaussian, self._spread(precisions), self._noise(precisions), self.n_rows
        )
        return Posterior(
            gaussian,
            evidence,
            determined(self.layout, gaussian, precisions.prior),
            float(np.sqrt(gradient @ gaussian.solve(gradient))),
        )

    def _fit(self, parameters: Array) -> Fit:
        own = self.likelihood
        seen = Seen(own.network, parameters, own.inputs[0], own.exponents[0])
        return self._curvature(seen)

    def _gaussian(self, fit: Fit, precisions: Precisions) -> Gaussian:
        return fit(self._spread(precisions), precisions.noise)

    def _spread(self, precisions: Precisions) -> Array:
        return np.asarray(spread(self.layout, precisions.prior[None])[0])

    def _noise(self, precisions: Precisions) -> Any:
        return precisions.noise[None] if self.likelihood.is_gaussian else None

    def _residual_squares(self, parameters: Array) -> Array | None:
        if not self.likelihood.is_gaussian:
            return None
        return np.asarray(self.likelihood.residual_squares(parameters[None])[0])


def last_layer(problem: Problem, parameters: Array, rows: NDArray[np.intp]) -> Problem:
    """Return the problem of the output layer alone, fed with what the hidden ones make of rows."""
    network, data = problem.network, problem.data
    inputs = np.asarray(data.inputs[rows], np.float64)
    seen = Seen(network, parameters, inputs, np.ones(len(rows)))
    weights = None if data.weights is None else data.weights[rows]
    output = Network(Layout(network.layout.sizes[-2:]), network.activation, network.likelihood)
    features = TrainingData(layer_inputs(seen, inputs)[0][-1], data.targets[rows], weights)
    return Problem(output, features, len(rows))
