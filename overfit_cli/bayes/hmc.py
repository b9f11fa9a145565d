"""Hamiltonian Monte Carlo with Gibbs-sampled precisions (Neal 1996, chapter 3; Neal 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.diagnostics import diagnose
from overfit_cli.bayes.inference import Inference, Problem, Settings
from overfit_cli.bayes.leapfrog import Move, inner, move
from overfit_cli.bayes.potential import Likelihood
from overfit_cli.bayes.prior import (
    PrecisionPrior,
    noise_prior,
    spread,
    sums_of_squares,
    weight_prior,
)
from overfit_cli.bayes.step_size import group_steps, init_tuning, tune
from overfit_cli.core.layout import Array
from overfit_cli.core.optimizers import State
from overfit_cli.core.replicas import Replicas
from overfit_cli.records import Axis

TARGET_ACCEPTANCE = 0.7
JITTER = 0.2
WATCHED_ROWS = 20


class HamiltonianSampler:
    """One draw: precisions given the parameters (Gibbs), then parameters given the precisions.

    state: "hmc.precision" (R, G) and, for regression, "hmc.noise_precision" (R, T); the tuning of
    step_size; "hmc.evaluations" (R,): gradients so far; and traces of the S counted draws:
    "hmc.acceptance", "hmc.divergent" and "hmc.log_posterior" (R, S), the last with the precisions
    integrated out and up to a constant; "hmc.predictions" (R, S, k): probabilities, or means, on
    at most 20 training rows.
    """

    axis: Axis = "draw"

    def __init__(self, problem: Problem, settings: Settings):
        self.problem, self.layout = problem, problem.network.layout
        self.warmup, self.samples = int(settings["warmup"]), int(settings["samples"])
        self.n_steps = int(settings["leapfrog"])
        self._likelihood: Likelihood | None = None
        self._ids: NDArray[Any] = np.empty(0, np.intp)

    def init(self, replicas: Replicas) -> None:
        """Start from the networks' initial weights and hidden biases from N(0, 1).

        From biases of 0 their precision would start far above its posterior, and come down slowly.
        """
        n_chains, likelihood = len(replicas), self._likelihood_of(replicas)
        for layer, biases in enumerate(self.layout.biases(replicas.parameters)[:-1]):
            streams = replicas.streams("initial-weights", self.layout.n_layers + layer)
            biases[:, 0] = [rng.standard_normal(biases.shape[2]) for rng in streams]
        n_watched = likelihood.predictions(replicas.parameters, WATCHED_ROWS).shape[1]
        replicas.state |= init_tuning(n_chains) | {
            "hmc.precision": np.ones((n_chains, len(self.layout.groups))),
            "hmc.evaluations": np.zeros(n_chains, np.int64),
            "hmc.acceptance": np.full((n_chains, self.samples), np.nan),
            "hmc.divergent": np.zeros((n_chains, self.samples), np.bool_),
            "hmc.log_posterior": np.full((n_chains, self.samples), np.nan),
            "hmc.predictions": np.full((n_chains, self.samples, n_watched), np.nan),
        }
        if likelihood.is_gaussian:
            shape = (n_chains, self.layout.sizes[-1])
            replicas.state["hmc.noise_precision"] = np.ones(shape)

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Take draw number `epoch` (from 1, warm-up included) of every chain."""
        likelihood, state = self._likelihood_of(replicas), replicas.state
        prior = weight_prior(self.layout, replicas.hyper["prior_width"])
        self._draw_precisions(replicas, likelihood, prior)
        precision, noise = state["hmc.precision"], state.get("hmc.noise_precision")
        steps = group_steps(likelihood, precision, noise) * self._factors(replicas, epoch)
        moved = move(
            likelihood.potential(spread(self.layout, precision), noise),
            replicas.parameters,
            spread(self.layout, steps),
            self.n_steps,
            replicas.streams("momentum"),
            replicas.streams("accept"),
        )
        replicas.parameters[...] = moved.q
        state["hmc.evaluations"] += self.n_steps + 1
        if epoch <= self.warmup:
            tune(state, epoch, moved.acceptance, TARGET_ACCEPTANCE)
        else:
            self._trace(replicas, epoch - self.warmup - 1, moved, likelihood, prior)
        return np.full(len(replicas), np.nan)

    def noise_variance(self, replicas: Replicas) -> Array | None:
        """Return the noise of this draw (R, T) in standardised units; None for classes."""
        precision = replicas.state.get("hmc.noise_precision")
        return None if precision is None else np.asarray(1 / precision)

    def _likelihood_of(self, replicas: Replicas) -> Likelihood:
        if self._likelihood is None or not np.array_equal(self._ids, replicas.ids):
            self._likelihood = Likelihood(self.problem, replicas.rows)
            self._ids = replicas.ids.copy()
        return self._likelihood

    def _draw_precisions(
        self, replicas: Replicas, likelihood: Likelihood, prior: PrecisionPrior
    ) -> None:
        state, q = replicas.state, replicas.parameters
        state["hmc.precision"][...] = prior.draw(
            sums_of_squares(self.layout, q), lambda group: replicas.streams("precision", group)
        )
        if likelihood.is_gaussian:
            n_groups = len(self.layout.groups)
            noise = noise_prior(self.layout.sizes[-1], likelihood.n_rows)
            state["hmc.noise_precision"][...] = noise.draw(
                likelihood.residual_squares(q),
                lambda target: replicas.streams("precision", n_groups + target),
            )

    def _factors(self, replicas: Replicas, epoch: int) -> Array:
        tuned = "hmc.log_step" if epoch <= self.warmup else "hmc.log_step_mean"
        # without jitter, a trajectory can come back to where it began, again and again
        jitter = [rng.uniform(1 - JITTER, 1 + JITTER) for rng in replicas.streams("trajectory")]
        return np.asarray(np.exp(replicas.state[tuned]) * jitter)[:, None]

    def _trace(
        self,
        replicas: Replicas,
        place: int,
        moved: Move,
        likelihood: Likelihood,
        prior: PrecisionPrior,
    ) -> None:
        state, q = replicas.state, replicas.parameters
        squares = sums_of_squares(self.layout, q)
        if likelihood.is_gaussian:
            noise = noise_prior(self.layout.sizes[-1], likelihood.n_rows)
            log_likelihood = noise.log_marginal(likelihood.residual_squares(q))
        else:
            log_likelihood = inner(state["hmc.precision"], squares) / 2 - moved.potential
        state["hmc.log_posterior"][:, place] = log_likelihood + prior.log_marginal(squares)
        state["hmc.acceptance"][:, place] = moved.acceptance
        state["hmc.divergent"][:, place] = moved.divergent
        state["hmc.predictions"][:, place] = likelihood.predictions(q, WATCHED_ROWS)


def _words(settings: Settings) -> str:
    return (
        f"Hamiltonian Monte Carlo, {settings['chains']} chains of "
        f"{settings['warmup']} warm-up and {settings['samples']} counted draws"
    )


def _diagnostics(state: State, settings: Settings) -> dict[str, Any]:
    del settings
    figures, warnings = diagnose(
        state["hmc.log_posterior"].T[:, :, None], state["hmc.predictions"].swapaxes(0, 1)
    )
    divergences = int(state["hmc.divergent"].sum())
    if divergences:
        warnings = [
            f"{divergences} of {state['hmc.divergent'].size} draws diverged and were rejected; "
            "the average may miss part of the posterior. Try more --warmup.",
            *warnings,
        ]
    return {
        "acceptance": float(state["hmc.acceptance"].mean()),
        "divergences": divergences,
        "step_sizes": np.exp(state["hmc.log_step_mean"]).tolist(),
        "gradient_evaluations": int(state["hmc.evaluations"].sum()),
        **figures,
        "warnings": warnings,
    }


HMC = Inference(
    name="hmc",
    summary="Hamiltonian Monte Carlo with Gibbs-sampled prior precisions; the reference",
    source="Neal 1996; Neal 2011; Hoffman & Gelman 2014",
    members=lambda settings: int(settings["chains"]),
    words=_words,
    options=("chains", "warmup", "samples", "leapfrog", "prior_width"),
    refuses=("l1", "l2", "max-norm", "dropout", "early-stopping"),
    stepper=HamiltonianSampler,
    epochs=lambda settings: int(settings["warmup"]) + int(settings["samples"]),
    dtype="float64",
    why_refused="the prior is the penalty",
    diagnostics=_diagnostics,
)
