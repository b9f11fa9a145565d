"""Stochastic weight averaging, Gaussian: the moments of the path of SGD (Maddox et al. 2019).

Rank 20 as in the paper. By validation nll on digits (400 rows), Neal's problem and Concrete, the
learning rate of the run itself and the second half of the epochs did as well as any: a rate three
times as high, or collection from 30% on, helped on one and hurt on another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from overfit_cli.bayes.inference import Inference, Problem, Settings
from overfit_cli.core.ballot import Ballot
from overfit_cli.core.descent import Descent
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network
from overfit_cli.core.optimizers import State
from overfit_cli.core.replicas import Replicas
from overfit_cli.core.schedules import Schedule
from overfit_cli.records import Axis
from overfit_cli.rng import stream
from overfit_cli.words import plural

FEWEST = 10


def held(schedule: Schedule, share: float, factor: float) -> Schedule:
    """Return `schedule` up to a share of all updates, and the constant `factor` after that."""

    def factor_of(t: int, total: int) -> float:
        return schedule(t, total) if t < share * total else factor

    return factor_of


class Collector:
    """Ordinary descent, and the moments of the parameters at the ends of its later epochs.

    state, of n collected points w: "swag.count" (R,): n; "swag.mean" (R, P): their mean, the
    present parameters before the first; "swag.squares" (R, P): sum of (w - mean)^2;
    "swag.deviations" (R, K, P): the last K of w - mean, the mean as it was then, number i in row
    i mod K; "swag.key" (R, 2): seed and member.
    """

    axis: Axis = "epoch"
    warmup = 0

    def __init__(self, descent: Descent, problem: Problem, settings: Settings):
        self.descent, self.epochs = descent, descent.epochs
        self.n_layers = problem.network.layout.n_layers
        self.rank, share = int(settings["swag_rank"]), float(settings["swag_start"])
        self.before = min(int(share * self.epochs), self.epochs - 1)
        descent.schedule = held(
            descent.schedule, self.before / self.epochs, float(settings["swag_lr"])
        )

    def init(self, replicas: Replicas) -> None:
        """Make room for the moments."""
        self.descent.init(replicas)
        n_replicas, n_parameters = replicas.parameters.shape
        shape = (n_replicas, self.rank, n_parameters)
        replicas.state |= {
            "swag.count": np.zeros(n_replicas, np.int64),
            "swag.mean": replicas.parameters.astype(np.float64),
            "swag.squares": np.zeros((n_replicas, n_parameters)),
            "swag.deviations": np.zeros(shape, replicas.parameters.dtype),
            "swag.key": np.array(replicas.keys, np.int64).reshape(n_replicas, 2),
        }

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Train one epoch and collect its last point."""
        loss = self.descent.advance(replicas, epoch)
        if epoch > self.before:
            self._collect(replicas.parameters, replicas.state)
        else:
            replicas.state["swag.mean"][...] = replicas.parameters
        return loss

    def noise_variance(self, replicas: Replicas) -> None:
        """Optimisers do not model the noise: it is estimated from residuals."""
        del replicas

    def _collect(self, parameters: Array, state: State) -> None:
        first = state["swag.count"][0] == 0
        state["swag.count"] += 1
        count = int(state["swag.count"][0])
        if first:
            state["swag.mean"][...] = parameters
        away = parameters - state["swag.mean"]
        state["swag.mean"] += away / count
        left = parameters - state["swag.mean"]
        state["swag.squares"] += away * left
        if self.rank:
            state["swag.deviations"][:, (count - 1) % self.rank] = left


def _voters(network: Network, state: State, settings: Settings) -> Ballot:
    """Draw mean + (variance^(1/2) z1 + D z2 / (K - 1)^(1/2)) / 2^(1/2), equation 1.

    With rank 0, mean + variance^(1/2) z1, the diagonal alone.
    """
    del network
    mean, count = state["swag.mean"][0], max(1, int(state["swag.count"][0]))
    deviations = state["swag.deviations"][0][:count].astype(np.float64)
    n_draws, (seed, member) = int(settings["draws"]), state["swag.key"][0].tolist()
    rng = stream(seed, "voters", member)
    away = rng.standard_normal((n_draws, len(mean)))
    away *= np.sqrt(state["swag.squares"][0] / count)
    if len(deviations):
        along = rng.standard_normal((n_draws, len(deviations))) @ deviations
        away = (away + along / np.sqrt(max(1, len(deviations) - 1))) / np.sqrt(2)
    log_weights = np.full(n_draws, -np.log(n_draws))
    dtype = state["swag.deviations"].dtype
    return Ballot((mean + away).astype(dtype), log_weights)


def _diagnostics(state: State, settings: Settings) -> dict[str, Any]:
    count = int(state["swag.count"][0])
    warnings = []
    if count < FEWEST:
        warnings.append(
            f"swag collected {plural(count, 'point')}, under {FEWEST}: too few to say how far the "
            "path scatters; lower --swag-start or raise --epochs."
        )
    spread = float(np.sqrt((state["swag.squares"][0] / max(1, count)).mean()))
    return {"collected": count, "spread": spread, "warnings": warnings}


SWAG = Inference(
    name="swag",
    summary="a Gaussian with the moments of the path of SGD; accepts all but --average mc",
    source="Maddox, Garipov, Izmailov, Vetrov & Wilson 2019",
    members=lambda settings: 1,
    words=lambda settings: (
        f"SWAG, {plural(settings['draws'], 'draw')} from a Gaussian of rank "
        f"{settings['swag_rank']} and its diagonal, collected after "
        f"{settings['swag_start']:.0%} of the epochs"
    ),
    options=("swag_start", "swag_rank", "swag_lr", "draws"),
    around=Collector,
    voters=_voters,
    state_size=lambda layout, settings: (
        (int(settings["swag_rank"]) + int(settings["draws"])) * layout.n_parameters
    ),
    diagnostics=_diagnostics,
)
