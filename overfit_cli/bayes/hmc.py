"""Hamiltonian Monte Carlo with Gibbs-sampled precisions (Neal 1996, chapter 3; Neal 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np

from overfit_cli.bayes.diagnostics import diagnose
from overfit_cli.bayes.hierarchy import Hierarchy
from overfit_cli.bayes.inference import Inference, Problem, Settings
from overfit_cli.bayes.leapfrog import Move, move
from overfit_cli.bayes.prior import spread
from overfit_cli.bayes.step_size import group_steps, init_tuning, tune
from overfit_cli.core.layout import Array
from overfit_cli.core.optimizers import State
from overfit_cli.core.replicas import Replicas
from overfit_cli.records import Axis
from overfit_cli.words import plural

TARGET_ACCEPTANCE = 0.7
LOW_ACCEPTANCE = 0.4
JITTER = 0.2


class HamiltonianSampler:
    """One draw: precisions given the parameters (Gibbs), then parameters given the precisions.

    state: that of Hierarchy; the tuning of step_size; and of the S counted draws
    "hmc.acceptance" and "hmc.divergent" (R, S).
    """

    axis: Axis = "draw"

    def __init__(self, problem: Problem, settings: Settings):
        self.warmup, self.samples = int(settings["warmup"]), int(settings["samples"])
        self.n_steps = int(settings["leapfrog"])
        self.layout = problem.network.layout
        self.hierarchy = Hierarchy(problem, "hmc", self.samples)

    def init(self, replicas: Replicas) -> None:
        """Make the chains' state, and where they start."""
        n_chains = len(replicas)
        self.hierarchy.init(replicas)
        replicas.state |= init_tuning(n_chains) | {
            "hmc.acceptance": np.full((n_chains, self.samples), np.nan),
            "hmc.divergent": np.zeros((n_chains, self.samples), np.bool_),
        }

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Take draw number `epoch` (from 1, warm-up included) of every chain."""
        likelihood, state = self.hierarchy.likelihood(replicas), replicas.state
        precision, noise = self.hierarchy.draw_precisions(replicas)
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
            self._trace(replicas, epoch - self.warmup - 1, moved)
        return np.full(len(replicas), np.nan)

    def noise_variance(self, replicas: Replicas) -> Array | None:
        """Return the noise of this draw (R, T) in standardised units; None for classes."""
        return self.hierarchy.noise_variance(replicas)

    def _factors(self, replicas: Replicas, epoch: int) -> Array:
        tuned = "hmc.log_step" if epoch <= self.warmup else "hmc.log_step_mean"
        # without jitter, a trajectory can come back to where it began, again and again
        jitter = [rng.uniform(1 - JITTER, 1 + JITTER) for rng in replicas.streams("trajectory")]
        return np.asarray(np.exp(replicas.state[tuned]) * jitter)[:, None]

    def _trace(self, replicas: Replicas, place: int, moved: Move) -> None:
        replicas.state["hmc.acceptance"][:, place] = moved.acceptance
        replicas.state["hmc.divergent"][:, place] = moved.divergent
        self.hierarchy.trace(replicas, place, moved.potential)


def _words(settings: Settings) -> str:
    return (
        f"Hamiltonian Monte Carlo, {plural(settings['chains'], 'chain')} of "
        f"{settings['warmup']:,} warm-up and {plural(settings['samples'], 'counted draw')}"
    )


def _diagnostics(state: State, settings: Settings) -> dict[str, Any]:
    del settings
    figures, warnings = diagnose(
        state["hmc.log_posterior"].T[:, :, None], state["hmc.predictions"].swapaxes(0, 1)
    )
    acceptance = float(state["hmc.acceptance"].mean())
    if not acceptance >= LOW_ACCEPTANCE:
        warnings = [
            f"only {acceptance:.0%} of the draws were accepted, under {LOW_ACCEPTANCE:.0%}: the "
            "steps are too long for where the chains went; raise --warmup.",
            *warnings,
        ]
    divergences = int(state["hmc.divergent"].sum())
    if divergences:
        verb = "was" if divergences == 1 else "were"
        warnings = [
            f"{divergences} of {plural(state['hmc.divergent'].size, 'draw')} diverged and {verb} "
            "rejected; the average may miss part of the posterior. Try more --warmup.",
            *warnings,
        ]
    return {
        "acceptance": acceptance,
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
    options=("chains", "warmup", "samples", "leapfrog", "prior_width", "prior_sd"),
    refuses=("l1", "l2", "max-norm", "dropout", "early-stopping"),
    stepper=HamiltonianSampler,
    epochs=lambda settings: int(settings["warmup"]) + int(settings["samples"]),
    passes=lambda layout, settings, share: float(
        (settings["warmup"] + settings["samples"]) * (settings["leapfrog"] + 1)
    ),
    dtype="float64",
    why_refused="the prior is the penalty",
    diagnostics=_diagnostics,
)
