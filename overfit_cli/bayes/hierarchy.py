"""What samplers share: precisions drawn given the parameters (Gibbs), and their traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.inference import Problem
from overfit_cli.bayes.leapfrog import inner
from overfit_cli.bayes.potential import Likelihood
from overfit_cli.bayes.prior import PrecisionPrior, noise_prior, prior_of, sums_of_squares
from overfit_cli.core.layout import Array
from overfit_cli.core.replicas import Replicas

WATCHED_ROWS = 20


class Hierarchy:
    """The likelihood of a stack of chains and the priors above it, for the sampler NAME.

    state: "NAME.precision" (R, G) and, for regression, "NAME.noise_precision" (R, T);
    "NAME.evaluations" (R,): gradients so far, in passes over the rows; and traces of
    the S counted draws:
    "NAME.log_posterior" (R, S), with the precisions integrated out and up to a constant;
    "NAME.predictions" (R, S, k): probabilities, or means, on at most 20 training rows.
    """

    def __init__(self, problem: Problem, name: str, samples: int):
        self.problem, self.layout = problem, problem.network.layout
        self.name, self.samples = name, samples
        self._likelihood: Likelihood | None = None
        self._ids: NDArray[Any] = np.empty(0, np.intp)

    def init(self, replicas: Replicas) -> None:
        """Start from the networks' initial weights and hidden biases from N(0, 1).

        From biases of 0 their precision would start far above its posterior, and come down slowly.
        """
        n_chains, likelihood = len(replicas), self.likelihood(replicas)
        for layer, biases in enumerate(self.layout.biases(replicas.parameters)[:-1]):
            streams = replicas.streams("initial-weights", self.layout.n_layers + layer)
            biases[:, 0] = [rng.standard_normal(biases.shape[2]) for rng in streams]
        n_watched = likelihood.predictions(replicas.parameters, WATCHED_ROWS).shape[1]
        state: dict[str, NDArray[Any]] = {
            "precision": np.ones((n_chains, len(self.layout.groups))),
            "evaluations": np.zeros(n_chains),
            "log_posterior": np.full((n_chains, self.samples), np.nan),
            "predictions": np.full((n_chains, self.samples, n_watched), np.nan),
        }
        if likelihood.is_gaussian:
            state["noise_precision"] = np.ones((n_chains, self.layout.sizes[-1]))
        replicas.state |= {f"{self.name}.{key}": values for key, values in state.items()}

    def likelihood(self, replicas: Replicas) -> Likelihood:
        """Return the likelihood of the chains that are still there."""
        if self._likelihood is None or not np.array_equal(self._ids, replicas.ids):
            self._likelihood = Likelihood(self.problem, replicas.rows)
            self._ids = replicas.ids.copy()
        return self._likelihood

    def draw_precisions(self, replicas: Replicas) -> tuple[Array, Array | None]:
        """Draw and return the precisions (R, G), and those of the noise (R, T) of a regression."""
        q, precision = replicas.parameters, replicas.state[f"{self.name}.precision"]
        precision[...] = prior_of(self.layout, replicas.hyper).draw(
            sums_of_squares(self.layout, q), lambda group: replicas.streams("precision", group)
        )
        noise = replicas.state.get(f"{self.name}.noise_precision")
        if noise is not None:
            n_groups, likelihood = len(self.layout.groups), self.likelihood(replicas)
            noise[...] = self._noise_prior(likelihood).draw(
                likelihood.residual_squares(q),
                lambda target: replicas.streams("precision", n_groups + target),
            )
        return precision, noise

    def noise_variance(self, replicas: Replicas) -> Array | None:
        """Return the noise of this draw (R, T) in standardised units; None for classes."""
        precision = replicas.state.get(f"{self.name}.noise_precision")
        return None if precision is None else np.asarray(1 / precision)

    def trace(self, replicas: Replicas, place: int, potential: Array | None = None) -> None:
        """Record counted draw number `place` (from 0); potential (R,) there, if it is known."""
        likelihood, state, q = self.likelihood(replicas), replicas.state, replicas.parameters
        squares = sums_of_squares(self.layout, q)
        if likelihood.is_gaussian:
            noise = self._noise_prior(likelihood)
            log_likelihood = noise.log_marginal(likelihood.residual_squares(q))
        elif potential is None:
            log_likelihood = likelihood.log_classes(q)
        else:
            log_likelihood = inner(state[f"{self.name}.precision"], squares) / 2 - potential
        prior = prior_of(self.layout, replicas.hyper)
        state[f"{self.name}.log_posterior"][:, place] = log_likelihood + prior.log_marginal(squares)
        state[f"{self.name}.predictions"][:, place] = likelihood.predictions(q, WATCHED_ROWS)

    def _noise_prior(self, likelihood: Likelihood) -> PrecisionPrior:
        return noise_prior(self.layout.sizes[-1], likelihood.n_rows)
