"""Laplace's approximation: a Gaussian about a mode, its prior set by the marginal likelihood.

Defaults by validation nll (digits, 5,000 rows of MNIST, Neal's problem, Concrete): the output layer
alone with Kronecker factors, as Daxberger et al. 2021 recommend; draws through the linearised
network, as Immer, Korzepa & Bauer 2021 do; a tenth of the covariance. Where few rows are fitted
with certainty the Hessian at the mode is nearly flat, and the average of the whole Gaussian is not
sure enough (Wenzel et al. 2020 call what is narrower a cold posterior). --temperature 1 is Bayes.

--layers all of few rows: the precisions with the highest evidence are not those of the lowest test
nll. With Kronecker factors they leave out what layers share, and of 200 rows of friedman1 the tanh
network whose evidence was 30 nats higher had the worse test nll (2.19 against 2.01; relu 2.17, with
--curvature full 2.09; the single relu network 2.45).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.evidence import HIGHEST, LOWEST, Precisions, at_its_limit
from overfit_cli.bayes.gaussians import Gaussian, SingularError, diagonal, full
from overfit_cli.bayes.inference import Inference, Problem, Settings
from overfit_cli.bayes.kronecker import kfac
from overfit_cli.bayes.leapfrog import inner
from overfit_cli.bayes.linearised import linearised
from overfit_cli.bayes.target import Reached, Target, last_layer
from overfit_cli.core.ballot import Ballot
from overfit_cli.core.descent import Descent
from overfit_cli.core.hooks import Hyper
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.core.optimizers import State
from overfit_cli.core.predictor import Respond
from overfit_cli.core.replicas import Replicas
from overfit_cli.errors import UsageError
from overfit_cli.records import Axis
from overfit_cli.rng import stream
from overfit_cli.words import plural

CURVATURES = {"diagonal": diagonal, "kfac": kfac, "full": full}

FIRST_SD = 1.0
LAST_PASSES = 20
FAR = 0.5
STALLED = 0.02

# A P x P matrix of more parameters than these is better replaced by its factors.
MOST_FULL = 3000


def penalty(layout: Layout, hyper: Hyper, parameters: Array) -> tuple[Array, Array]:
    """Return a/(2 N) |w|^2 (R,) and its gradient (R, P): a prior of precision a on a mean nll."""
    del layout
    strength = hyper["laplace.strength"].astype(parameters.dtype)
    return strength / 2 * inner(parameters, parameters), parameters * strength[:, None]


class ModeSeeker:
    """Ordinary descent on the penalised nll, then rounds towards the mode on all rows at once.

    A round, counted as an epoch, sets the precisions by the marginal likelihood and goes towards
    the mode that belongs to them, until that has lowered the marginal likelihood; the last one
    draws the voters. state: "laplace.prior" (R, G), "laplace.noise" (R, T), "laplace.determined"
    (R, G), "laplace.evidence", "laplace.distance" and "laplace.fell" (R,), see Posterior and
    Reached; "laplace.widest" (R,): the prior's standard deviation where the Hessian was singular,
    else 0; "settled" (R,): whether the precisions are; in the end "laplace.voters"
    (R, 1 + draws, P), the mode before the draws.
    """

    axis: Axis = "epoch"
    warmup = 0

    def __init__(self, descent: Descent, problem: Problem, settings: Settings):
        self.descent, self.problem, self.settings = descent, problem, settings
        self.epochs = descent.epochs + int(settings["rounds"])
        penalties = (*descent.hooks.penalties, penalty)
        descent.hooks = replace(descent.hooks, penalties=penalties)

    def init(self, replicas: Replicas) -> None:
        """Start from the prior's first precision, and noise as large as the targets' spread."""
        n_replicas, layout = len(replicas), self.problem.network.layout
        sd = replicas.hyper.get("prior_sd", np.full(n_replicas, FIRST_SD))
        weights = self.problem.data.weights
        counted = replicas.rows >= 0 if weights is None else weights[replicas.rows] > 0
        replicas.hyper["laplace.strength"] = sd**-2.0 / counted.sum(axis=1)
        shape = (n_replicas, len(layout.groups))
        is_gaussian = self.problem.network.likelihood == "gaussian"
        replicas.state |= {
            "laplace.prior": np.broadcast_to(sd[:, None] ** -2.0, shape).copy(),
            "laplace.noise": np.ones((n_replicas, layout.sizes[-1] if is_gaussian else 1)),
            "laplace.determined": np.full(shape, np.nan),
            "laplace.evidence": np.full(n_replicas, np.nan),
            "laplace.distance": np.full(n_replicas, np.nan),
            "laplace.fell": np.full(n_replicas, np.nan),
            "laplace.widest": np.zeros(n_replicas),
            "settled": np.zeros(n_replicas, np.bool_),
        }
        self.descent.init(replicas)

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Train one epoch, or take one round."""
        if epoch <= self.descent.epochs:
            return self.descent.advance(replicas, epoch)
        if epoch == self.epochs:
            shape = (len(replicas), 1 + int(self.settings["draws"]), replicas.parameters.shape[1])
            replicas.state["laplace.voters"] = np.empty(shape, replicas.parameters.dtype)
        return np.array([self._caught(replicas, place, epoch) for place in range(len(replicas))])

    def noise_variance(self, replicas: Replicas) -> None:
        """Curves estimate the noise from residuals, as those of other descents."""
        del replicas

    def _caught(self, replicas: Replicas, place: int, epoch: int) -> float:
        """Take one replica's round; one without a Gaussian leaves, as if it had diverged."""
        try:
            return self._round(replicas, place, epoch)
        except SingularError as error:
            replicas.state["laplace.widest"][place] = error.prior_sd
            return np.inf
        except np.linalg.LinAlgError:
            # numbers in it are not finite
            return np.inf

    def _round(self, replicas: Replicas, place: int, epoch: int) -> float:
        last, state = epoch == self.epochs, replicas.state
        target, at, groups = self._target(replicas, place)
        start = replicas.parameters[place, at].astype(np.float64)
        now = Precisions(state["laplace.prior"][place, groups], state["laplace.noise"][place])
        if target.is_absurd(start, now):
            return np.inf
        n_passes, evidence = LAST_PASSES if last else 1, float(state["laplace.evidence"][place])
        # the first round only goes to the mode of the first precisions
        first = epoch == self.descent.epochs + 1
        if first:
            now = replace(now, noise=target.noise_left(start, now.noise))
        if first or state["settled"][place]:
            found = target.reach(start, now, n_passes)
        else:
            found = target.climb(start, now, evidence, "prior_sd" in replicas.hyper, n_passes)
            state["settled"][place] = found.precisions is now
        replicas.parameters[place, at] = found.mode.point
        self._keep(state, place, groups, found)
        if last:
            self._draw(replicas, place, at, found.posterior.gaussian)
        lost = target.is_absurd(found.mode.point, found.precisions)
        lost |= not np.isfinite(found.posterior.log_evidence)
        per_row = found.mode.value / (target.n_rows * found.precisions.noise.mean())
        return np.inf if lost else float(per_row)

    def _keep(self, state: State, place: int, groups: NDArray[np.intp], found: Reached) -> None:
        state["laplace.prior"][place, groups] = found.precisions.prior
        state["laplace.noise"][place] = found.precisions.noise
        state["laplace.determined"][place, groups] = found.posterior.determined
        state["laplace.evidence"][place] = found.posterior.log_evidence
        state["laplace.distance"][place] = found.posterior.distance
        state["laplace.fell"][place] = found.fell

    def _target(
        self, replicas: Replicas, place: int
    ) -> tuple[Target, NDArray[np.intp], NDArray[np.intp]]:
        """Return the posterior, which parameters it is of, and which groups."""
        problem, rows, layout = self.problem, replicas.rows[place], self.problem.network.layout
        at, groups = np.arange(layout.n_parameters), np.arange(len(layout.groups))
        if self.settings["layers"] == "last":
            problem = last_layer(problem, replicas.parameters[place], rows)
            rows = np.arange(len(rows))
            at = np.concatenate([at[layout.weight_slices[-1]], at[layout.bias_slices[-1]]])
            groups = groups[layout.n_layers - 1 :: layout.n_layers]
        return Target(problem, rows, CURVATURES[self.settings["curvature"]]), at, groups

    def _draw(
        self, replicas: Replicas, place: int, at: NDArray[np.intp], gaussian: Gaussian
    ) -> None:
        voters, (seed, member) = replicas.state["laplace.voters"][place], replicas.keys[place]
        half = -(-(len(voters) - 1) // 2)
        z = stream(seed, "voters", member).standard_normal((half, len(at)))
        away = gaussian.draw(z) * np.sqrt(self.settings["temperature"])
        voters[...] = replicas.parameters[place]
        # in pairs about the mode, so that linearised means are exact
        voters[1::2, at] += away
        voters[2::2, at] -= away[: (len(voters) - 1) // 2]


def _voters(network: Network, state: State, settings: Settings) -> Ballot:
    """Return the draws with equal weights, and before them the mode with none."""
    del settings
    parameters = state["laplace.voters"][0]
    n_draws = len(parameters) - 1
    log_weights = np.array([-np.inf, *[-np.log(n_draws)] * n_draws])
    noise = 1 / state["laplace.noise"] if network.likelihood == "gaussian" else None
    return Ballot(parameters, log_weights, noise)


def _respond(settings: Settings, parameters: Array) -> Respond:
    return linearised(parameters[0]) if settings["predictive"] == "linearised" else forward


def _notes(network: Network, settings: Settings) -> tuple[str, ...]:
    sizes = network.layout.sizes
    layout = Layout(sizes[-2:]) if settings["layers"] == "last" else network.layout
    if settings["curvature"] == "full" and layout.n_parameters > MOST_FULL:
        raise UsageError(
            f"--curvature full: the Hessian of {layout.n_parameters:,} parameters is too large "
            f"(at most {MOST_FULL:,}); use --curvature kfac, or --layers last."
        )
    return ()


def _diagnostics(state: State, settings: Settings) -> dict[str, Any]:
    prior, known = state["laplace.prior"][0], state["laplace.determined"][0]
    distance = float(state["laplace.distance"][0])
    # a layer's weights and biases share theirs
    by_layer = {f"layer {n + 1}": float(prior[n]) for n in range(len(prior) // 2)}
    warnings, n_determined = [], float(np.nansum(known))
    if n_determined < 1:
        warnings.append(
            "the marginal likelihood prefers a network that ignores its inputs; use another "
            "--curvature, or set the prior by --prior-sd."
        )
    if settings.get("prior_sd") is None and at_its_limit(prior):
        warnings.append(f"{_driven('a precision')}; set the prior by --prior-sd.")
    if at_its_limit(state["laplace.noise"][0]):
        warnings.append(f"{_driven('the precision of the noise')}.")
    if not distance <= FAR:
        warnings.append(_not_reached(distance, float(state["laplace.fell"][0])))
    return {
        "log_evidence": float(state["laplace.evidence"][0]),
        "prior_precision": by_layer,
        "determined_parameters": n_determined,
        "distance_to_mode": distance,
        "warnings": warnings,
    }


def _driven(what: str) -> str:
    return (
        f"the marginal likelihood drove {what} to the end of its range ({LOWEST:g} to {HIGHEST:g})"
    )


def _not_reached(distance: float, fell: float) -> str:
    far = f"it is {distance:.2g} posterior standard deviations away, more than {FAR:g}"
    # a quadratic of that distance and gradient is distance^2 / 2 above its minimum
    if fell < STALLED * distance**2 / 2:
        return (
            f"mode not reached: {far}, but steps hardly lower the objective, as among the kinks "
            "of relu; use --activation tanh, or --layers last."
        )
    return f"mode not reached: {far}; raise --rounds or --epochs."


def _why_failed(state: State) -> str | None:
    """Return why there is no Gaussian about the mode; None where the descent diverged."""
    widest = float(state["laplace.widest"].max())
    return str(SingularError(widest)) if widest else None


def _words(settings: Settings) -> str:
    what = "output layer" if settings["layers"] == "last" else "network"
    return (
        f"Laplace's approximation about a mode of the {what} ({settings['curvature']} curvature), "
        f"{plural(settings['draws'], settings['predictive'] + ' draw')} at temperature "
        f"{settings['temperature']:g}"
    )


LAPLACE = Inference(
    name="laplace",
    summary="a Gaussian about a mode, prior precisions by marginal likelihood",
    source="MacKay 1992; Ritter, Botev & Barber 2018; Immer et al. 2021",
    members=lambda settings: 1,
    words=_words,
    options=(
        "curvature",
        "layers",
        "predictive",
        "temperature",
        "rounds",
        "draws",
        "prior_sd",
    ),
    prior="a precision by marginal likelihood",
    refuses=("l1", "l2", "max-norm", "dropout", "early-stopping"),
    why_refused="the prior is the penalty",
    around=ModeSeeker,
    voters=_voters,
    fits_noise=True,
    respond=_respond,
    notes=_notes,
    state_size=lambda layout, settings: int(settings["draws"]) * layout.n_parameters,
    dtype="float64",
    diagnostics=_diagnostics,
    why_failed=_why_failed,
    version=4,
)
