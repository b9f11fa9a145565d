"""Stochastic-gradient HMC with cyclical steps (Chen, Fox & Guestrin 2014; Zhang et al. 2020).

With a fixed prior a cycle explores without noise, as Zhang et al.'s algorithm 1 does. With learned
precisions it cannot: the joint density of weights and their precision has no mode (it is unbounded
where the weights of a group are all 0), and a chain without noise falls into that pit. For the same
reason only a fixed prior's posterior can be made colder: exp(-potential / temperature), temperature
1 being Bayes (Wenzel et al. 2020, equation 1). The noise of a regression stays as Bayes has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.diagnostics import diagnose
from overfit_cli.bayes.hierarchy import Hierarchy
from overfit_cli.bayes.inference import Inference, Problem, Settings
from overfit_cli.bayes.prior import spread
from overfit_cli.bayes.stability import stable_factor, steepest
from overfit_cli.bayes.step_size import group_steps
from overfit_cli.core.hooks import Streams
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network
from overfit_cli.core.optimizers import State
from overfit_cli.core.replicas import Replicas
from overfit_cli.errors import UsageError
from overfit_cli.records import Axis
from overfit_cli.words import plural

# (R, P) parameters and (R, B) places among each chain's rows -> gradient of the potential (R, P).
Gradient = Callable[[Array, NDArray[np.intp]], Array]

HOT = 1.2  # times the temperature that was asked for
# Where in its cycle a chain of a fixed prior stops exploring and starts to sample: Zhang et al.'s
# beta. Steps are small from there on.
TURN = 0.8


@dataclass(frozen=True)
class Cycles:
    """When to explore and when to count: C cycles share W warm-up rounds and S counted draws.

    A round is `thin` steps. A cycle explores, in rounds that are not counted, and then samples;
    its step falls from 1 to 0 times the largest, all the way through: the square root of Zhang et
    al. 2020, equation 1, whose steps multiply the gradient as the square of these does.
    """

    cycles: int
    warmup: int
    samples: int

    def rounds(self, draw: int, turn: float | None = None) -> list[tuple[float, float]]:
        """Return the rounds up to counted draw `draw` (from 1): where in its cycle each lies.

        turn: where exploring ends, if there is any; None: in proportion to the rounds.
        """
        cycle = next(c for c in range(self.cycles) if draw <= self._by(self.samples, c + 1))
        first = self._by(self.samples, cycle) + 1
        counted = self._by(self.samples, cycle + 1) + 1 - first
        explored = self._by(self.warmup, cycle + 1) - self._by(self.warmup, cycle)
        length, last = explored + counted, explored + draw - first
        starts = range(0 if draw == first else last, last + 1)
        if turn is None or explored == 0:
            turn = explored / length
        at = np.hstack([np.linspace(0, turn, explored + 1)[:-1], np.linspace(turn, 1, counted + 1)])
        return [(float(at[start]), float(at[start + 1])) for start in starts]

    def _by(self, total: int, cycle: int) -> int:
        """Return how many of `total` come before cycle number `cycle`."""
        return total * cycle // self.cycles


class StochasticSampler:
    """One draw: precisions given the parameters (Gibbs), then `thin` steps on minibatches.

    Hyperparameters: "step_size" and "momentum" (R,). state: that of Hierarchy; "velocity" (R, P);
    "sghmc.heat" (R,): the mean of `kinetic_temperature` over the draws; "sghmc.step_size" (R,) and
    "sghmc.used" (R,): what was asked for and the smallest that was used; "sghmc.steepest" (R, L):
    what limits it, where the chains start: probabilities are the least certain there, and a row's
    curvature the largest. Full gradients where a minibatch would hold all rows.
    """

    axis: Axis = "draw"
    # what is not counted lies between the draws, in each cycle anew
    warmup = 0

    def __init__(self, problem: Problem, settings: Settings):
        self.layout, self.n_rows = problem.network.layout, problem.n_rows
        self.batch_size = min(problem.batch_size or self.n_rows, self.n_rows)
        samples, self.thin = int(settings["samples"]), int(settings["thin"])
        self.cycles = Cycles(int(settings["cycles"]), int(settings["warmup"]), samples)
        self.temperature = float(settings["temperature"])
        self.hierarchy = Hierarchy(problem, "sghmc", samples)

    def init(self, replicas: Replicas) -> None:
        """Make the chains' state, and where they start."""
        self.hierarchy.init(replicas)
        n_parameters = self.layout.n_parameters
        velocity = [rng.standard_normal(n_parameters) for rng in replicas.streams("momentum")]
        replicas.state["velocity"] = np.sqrt(self.temperature) * np.stack(velocity)
        replicas.state["sghmc.heat"] = np.zeros(len(replicas))
        replicas.state["sghmc.step_size"] = replicas.hyper["step_size"].copy()
        replicas.state["sghmc.used"] = replicas.hyper["step_size"].copy()
        likelihood = self.hierarchy.likelihood(replicas)
        replicas.state["sghmc.steepest"] = steepest(likelihood, replicas.parameters)

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Take counted draw number `epoch` (from 1); the first of a cycle explores before it."""
        fixed = "prior_sd" in replicas.hyper
        *explored, counted = self.cycles.rounds(epoch, TURN if fixed else None)
        if fixed and explored:
            # steps are large again: what moved a chain at the small ones would throw it off
            replicas.state["velocity"][...] = 0
        for places in explored:
            warmth = 0.0 if fixed else self.temperature
            self._round(replicas, np.linspace(*places, self.thin, endpoint=False), warmth)
        self._round(replicas, np.linspace(*counted, self.thin, endpoint=False), self.temperature)
        self.hierarchy.trace(replicas, epoch - 1)
        heat = kinetic_temperature(replicas.state["velocity"], replicas.hyper["momentum"])
        replicas.state["sghmc.heat"] += heat / self.hierarchy.samples
        return np.full(len(replicas), np.nan)

    def noise_variance(self, replicas: Replicas) -> Array | None:
        """Return the noise of this draw (R, T) in standardised units; None for classes."""
        return self.hierarchy.noise_variance(replicas)

    def _round(self, replicas: Replicas, places: Array, temperature: float) -> None:
        precision, noise = self.hierarchy.draw_precisions(replicas)
        whole, keep = self._steps(replicas, precision, noise), replicas.hyper["momentum"][:, None]
        gradient = self._gradient(replicas, spread(self.layout, precision), noise)
        minibatches = self._minibatches(replicas.streams("batch-order"))
        for place in places:
            step = whole * np.cos(np.pi / 2 * place)
            slope = gradient(replicas.parameters, next(minibatches))
            kick(replicas, slope, step, keep, temperature)
        replicas.state["sghmc.evaluations"] += self.thin * self.batch_size / self.n_rows

    def _steps(self, replicas: Replicas, precision: Array, noise: Array | None) -> Array:
        """Return the largest steps (R, P) of a cycle, made smaller where they are not stable."""
        likelihood, state = self.hierarchy.likelihood(replicas), replicas.state
        tightest = np.ones((1, 1)) if noise is None else noise.max(axis=1, keepdims=True)
        if "prior_sd" in replicas.hyper:
            widths = widths_at_unit_curvature(precision, self.n_rows * tightest)
        else:
            widths = group_steps(likelihood, precision, noise)
        steep = state["sghmc.steepest"] * tightest
        limit = stable_factor(steep, widths, precision, replicas.hyper["momentum"])
        factor = np.minimum(replicas.hyper["step_size"], limit)
        state["sghmc.used"][...] = np.minimum(state["sghmc.used"], factor)
        return spread(self.layout, widths * factor[:, None])

    def _gradient(self, replicas: Replicas, precision: Array, noise: Array | None) -> Gradient:
        likelihood = self.hierarchy.likelihood(replicas)
        if self.batch_size < self.n_rows:
            return likelihood.estimated_gradient(precision, noise, self.batch_size)
        whole = likelihood.potential(precision, noise).gradient
        return lambda q, places: whole(q)

    def _minibatches(self, streams: Streams) -> Iterator[NDArray[np.intp]]:
        """Yield places (R, B) among each chain's rows, pass after pass in fresh orders.

        What is left over at the end of a pass is not used, so that all minibatches are alike.
        """
        if self.batch_size == self.n_rows:
            while True:
                yield np.empty((len(streams), 0), np.intp)
        while True:
            order = np.stack([rng.permutation(self.n_rows) for rng in streams])
            for start in range(0, self.n_rows - self.batch_size + 1, self.batch_size):
                yield order[:, start : start + self.batch_size]


def widths_at_unit_curvature(precision: Array, n_rows: Array) -> Array:
    """Return 1 / sqrt(precision + N) (R, G), in place of `group_steps` under a fixed prior.

    n_rows (R or 1, 1): N, times the precision of the noise.

    A wide prior says that weights are large and hence the posterior narrow, which it is not where
    chains are: such steps never come to a mode. f of these widths is descent with a learning rate
    of about f^2, for the potential is N times the mean nll.
    """
    return np.asarray(1 / np.sqrt(precision + n_rows))


def kick(
    replicas: Replicas, gradient: Array, step: Array, keep: Array, temperature: float = 1.0
) -> None:
    """Take one step in place: v <- m v - h gradient + N(0, 2 (1 - m) T); q <- q + h v.

    At temperature T = 0 this is descent with momentum m and learning rates h^2.

    Chen et al. 2014, equation 15, for v / h: their friction alpha is 1 - m, their step eta h^2.
    The covariance of a Gaussian comes out right up to h^2, for every m; m = 0 is Langevin
    dynamics. The noise of the gradient itself is not known and not taken off (their beta = 0):
    it heats the chain by h^2 Var(gradient) / (2 (1 - m)).
    """
    velocity = replicas.state["velocity"]
    velocity *= keep
    velocity -= step * gradient
    if temperature > 0:
        fresh = [rng.standard_normal(velocity.shape[1]) for rng in replicas.streams("momentum")]
        velocity += np.sqrt(2 * (1 - keep) * temperature) * np.stack(fresh)
    replicas.parameters += step * velocity


def kinetic_temperature(velocity: Array, keep: Array) -> Array:
    """Return each chain's kinetic temperature (R,), mean v^2 (1 + m) / 2: T as steps get small.

    v <- m v + N(0, 2 (1 - m) T) leaves the variance 2 T / (1 + m).
    """
    return np.asarray((velocity**2).mean(axis=1) * (1 + keep) / 2)


def _words(settings: Settings) -> str:
    cold = settings["temperature"]
    return (
        f"stochastic-gradient HMC, {plural(settings['chains'], 'chain')} of "
        f"{plural(settings['samples'], 'counted draw')}, {plural(settings['thin'], 'step')} apart, "
        f"in {plural(settings['cycles'], 'cycle')}"
        f"{'' if cold == 1 else f', at temperature {cold:g}'}"
    )


def _check(network: Network, settings: Settings) -> tuple[str, ...]:
    del network
    if settings["cycles"] > settings["samples"]:
        raise UsageError(
            f"--cycles {settings['cycles']}: each cycle counts at least one draw, and --samples "
            f"is {settings['samples']}."
        )
    if settings["temperature"] != 1 and "prior_sd" not in settings:
        raise UsageError(
            f"--temperature {settings['temperature']:g}: where the prior's precisions are learned, "
            "colder weights would only teach them a narrower prior. Fix it: --prior-sd 1."
        )
    return ()


def _diagnostics(state: State, settings: Settings) -> dict[str, Any]:
    figures, warnings = diagnose(
        state["sghmc.log_posterior"].T[:, :, None], state["sghmc.predictions"].swapaxes(0, 1)
    )
    heat, most = float(state["sghmc.heat"].mean()), HOT * settings["temperature"]
    if not heat <= most and most > 0:
        warnings = [
            f"the chains are hotter than the posterior: their kinetic temperature is {heat:.3g}, "
            f"above {most:.3g}; lower --step-size or raise --batch-size.",
            *warnings,
        ]
    warnings = _limited(state, settings) + warnings
    return {
        "temperature": heat,
        "step_size": float(state["sghmc.used"].min()),
        "gradient_evaluations": round(float(state["sghmc.evaluations"].sum()), 3),
        **figures,
        "warnings": warnings,
    }


def _limited(state: State, settings: Settings) -> list[str]:
    asked, used = state["sghmc.step_size"], state["sghmc.used"]
    place = int(np.argmin(used / asked))
    if not used[place] < asked[place]:
        return []
    advice = (
        "" if "prior_sd" in settings else " For images, --prior-sd 1 --temperature 0.1 does better."
    )
    return [
        f"--step-size {asked[place]:g} is more than is surely stable where inputs and hidden units "
        f"rise and fall together as here: {used[place]:.2g} was used.{advice}"
    ]


SGHMC = Inference(
    name="sghmc",
    summary="stochastic-gradient HMC: no Metropolis test, minibatches, cyclical steps; "
    "for images --prior-sd 1 --temperature 0.1",
    source="Chen, Fox & Guestrin 2014; Zhang, Li, Zhang, Chen & Wilson 2020",
    members=lambda settings: int(settings["chains"]),
    words=_words,
    options=(
        "chains",
        "warmup",
        "samples",
        "cycles",
        "thin",
        "step_size",
        "temperature",
        "prior_width",
        "prior_sd",
    ),
    uses=("batch_size", "momentum"),
    refuses=("l1", "l2", "max-norm", "dropout", "early-stopping"),
    notes=_check,
    stepper=StochasticSampler,
    epochs=lambda settings: int(settings["samples"]),
    passes=lambda layout, settings, share: (
        share * settings["thin"] * (settings["warmup"] + settings["samples"])
    ),
    dtype="float64",
    why_refused="the prior is the penalty",
    diagnostics=_diagnostics,
    version=3,
    since={"temperature": 3},
)
