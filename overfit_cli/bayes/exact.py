"""The definition itself: every point of a grid of parameters votes with its posterior mass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.diagnostics import effective_voters, entropy
from overfit_cli.bayes.grid import PRIOR_SD, Grid
from overfit_cli.bayes.inference import Inference, Problem, Settings
from overfit_cli.bayes.leapfrog import inner
from overfit_cli.bayes.potential import Likelihood
from overfit_cli.bayes.prior import noise_prior
from overfit_cli.core.answers import classify
from overfit_cli.core.ballot import Ballot
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.core.optimizers import State
from overfit_cli.core.replicas import Replicas
from overfit_cli.errors import UsageError
from overfit_cli.records import Axis

MOST_SETTINGS = 10_000_000

# What the voters that are not kept may carry of the posterior, all together.
LOST_MASS = 1e-6

# Numbers in the widest array of a block of settings: it stays in the cache.
BLOCK = 2**15

EDGE_MASS = 0.05
FEWEST_PER_PARAMETER = 2

# Of a regression: the variance of its noise given fewer residuals has no mean.
FEWEST_ROWS = 2


class Enumerator:
    """Visits the settings of a grid, one block after another.

    log p(D | w) - |w|^2 / (2 sd^2), the noise precision of a regression integrated out; each of
    its voters then speaks with the mean of the noise's variance given its residuals, which one row
    alone leaves infinite. state: "exact.log_posterior" (R, n), -inf where not visited, and of a
    regression "exact.noise" (R, n, T) and "exact.rows" (R,), those with a weight above 0.
    """

    axis: Axis = "setting"
    warmup = 0

    def __init__(self, problem: Problem, settings: Settings):
        layout = problem.network.layout
        announced(problem.network, settings)
        self.problem, self.grid = problem, Grid(layout.n_parameters, settings)
        self._visited = np.empty(0, np.intp)

    def init(self, replicas: Replicas) -> None:
        """Make room for every setting's log posterior."""
        shape = (len(replicas), len(self.grid))
        replicas.state["exact.log_posterior"] = np.full(shape, -np.inf)
        if self.problem.network.likelihood == "gaussian":
            n_targets = self.problem.network.layout.sizes[-1]
            replicas.state["exact.noise"] = np.zeros((*shape, n_targets))
            replicas.state["exact.rows"] = Likelihood(self.problem, replicas.rows).n_rows

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Visit block number `epoch` (from 1) of every replica; what has too few rows leaves."""
        self._visited = self.grid.block(epoch - 1)
        if "exact.rows" in replicas.state:
            replicas.parameters[replicas.state["exact.rows"] < FEWEST_ROWS] = np.nan
        for place in range(len(replicas)):
            likelihood = Likelihood(self.problem, replicas.rows[place : place + 1])
            largest = likelihood.inputs[0].shape[0] * max(self.problem.network.layout.sizes)
            for chosen in _blocks(self._visited, max(1, BLOCK // largest)):
                self._visit(replicas, place, likelihood, chosen)
        return np.full(len(replicas), np.nan)

    def noise_variance(self, replicas: Replicas) -> None:
        """Every voter has its own (see ballots)."""
        del replicas

    def counted(self, epoch: int) -> int:
        """Return the settings visited by then."""
        return epoch * len(self.grid) // self.grid.values

    def ballots(self, replicas: Replicas) -> list[Ballot]:
        """Return the last block's voters, less those whose mass cannot matter any more."""
        found = []
        for place, log_posterior in enumerate(replicas.state["exact.log_posterior"]):
            least = log_posterior.max() + math.log(LOST_MASS / len(self.grid))
            chosen = self._visited[log_posterior[self._visited] > least]
            noise = replicas.state.get("exact.noise")
            found.append(
                Ballot(
                    self.grid.parameters(chosen),
                    log_posterior[chosen],
                    None if noise is None else noise[place, chosen],
                )
            )
        return found

    def _visit(
        self, replicas: Replicas, place: int, likelihood: Likelihood, chosen: NDArray[np.intp]
    ) -> None:
        q, state = self.grid.parameters(chosen), replicas.state
        outputs = forward(self.problem.network, q, likelihood.inputs[0])
        if likelihood.is_gaussian:
            squares = _residual_squares(likelihood, outputs)
            noise = noise_prior(outputs.shape[2], likelihood.n_rows)
            log_likelihood = noise.log_marginal(squares)
            state["exact.noise"][place, chosen] = noise.mean_variance(squares)
        else:
            log_likelihood = _log_classes(likelihood, outputs)
        log_prior = -inner(q, q) / (2 * self.grid.sd**2)
        state["exact.log_posterior"][place, chosen] = log_likelihood + log_prior


def _blocks(numbers: NDArray[np.intp], size: int) -> list[NDArray[np.intp]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _residual_squares(likelihood: Likelihood, outputs: Array) -> Array:
    """Return the weighted sums of squared residuals (m, T) of outputs (m, n, T)."""
    squared = (outputs - likelihood.targets) ** 2
    return np.asarray(np.matmul(likelihood.exponents[:, None], squared)[:, 0])


def _log_classes(likelihood: Likelihood, outputs: Array) -> Array:
    """Return the weighted log likelihood (m,) of outputs (m, n, K)."""
    targets = likelihood.targets[0]
    if likelihood.network.likelihood == "bernoulli":
        own = _log_logistic(outputs[..., 0] * (2 * targets[:, 0] - 1))
    else:
        log_p = np.asarray(classify("categorical", outputs).log_probabilities)
        own = np.where(targets == 1, log_p, 0).sum(axis=2)
    return np.asarray(np.matmul(own[:, None], likelihood.exponents[0][:, None])[:, 0, 0])


def _log_logistic(margins: Array) -> Array:
    """Return log 1/(1 + exp(-u)) = min(u, 0) - log(1 + exp(-|u|)); faster than logaddexp."""
    tail = np.log1p(np.exp(-np.abs(margins)))
    return np.asarray(np.minimum(margins, 0) - tail)


def kept(log_posterior: Array) -> NDArray[np.intp]:
    """Return the fewest settings that carry all but 1e-6 of the posterior, the heaviest first."""
    order = np.argsort(-log_posterior, kind="stable")
    carried = np.cumsum(np.exp(log_posterior[order] - log_posterior[order[0]]))
    few = int(np.searchsorted(carried, (1 - LOST_MASS) * carried[-1])) + 1
    return np.asarray(order[:few])


def _voters(network: Network, state: State, settings: Settings) -> Ballot:
    log_posterior = state["exact.log_posterior"][0]
    numbers, noise = kept(log_posterior), state.get("exact.noise")
    own = log_posterior[numbers] - log_posterior[numbers[0]]
    return Ballot(
        Grid(network.layout.n_parameters, settings).parameters(numbers),
        own - np.log(np.exp(own).sum()),
        None if noise is None else noise[0, numbers],
    )


def _why_failed(state: State) -> str | None:
    """Return why there is no average of a regression."""
    n_rows = int(state.get("exact.rows", np.array([FEWEST_ROWS])).min())
    if n_rows >= FEWEST_ROWS:
        return None
    return (
        f"exact: a regression needs at least {FEWEST_ROWS} training rows to tell how large its "
        f"noise is, and there is {n_rows}; give it more rows."
    )


def announced(network: Network, settings: Settings) -> tuple[str, ...]:
    """Return how many settings there are.

    Raises:
        UsageError: more than can be visited; says how many, and what to do instead.
    """
    values, n_parameters = settings["grid_values"], network.layout.n_parameters
    digits = n_parameters * math.log10(values)
    size = f"{values}^{n_parameters:,}"
    if digits > math.log10(MOST_SETTINGS):
        much = f"10^{digits:,.0f}" if digits > 15 else f"{values**n_parameters:,}"
        raise UsageError(
            f"--inference exact: {size} = {much} settings of the {n_parameters:,} parameters, and "
            f"at most {MOST_SETTINGS:,} can be visited. Take a tiny network (--hidden 1, few "
            "inputs) or fewer --grid-values; or an inference that does not visit them all: "
            "--inference hmc, sghmc, laplace, swag or ensemble."
        )
    return (f"exact: {size} = {values**n_parameters:,} settings of the parameters are visited.",)


def _state_size(layout: Layout, settings: Settings) -> int:
    return int(settings["grid_values"] ** layout.n_parameters) * (1 + layout.sizes[-1])


def _words(settings: Settings) -> str:
    return (
        f"exact enumeration, {settings['grid_values']} values of each parameter, "
        "each setting weighted by its posterior probability"
    )


def _diagnostics(state: State, settings: Settings) -> dict[str, Any]:
    log_posterior = state["exact.log_posterior"][0]
    n_parameters = round(math.log(len(log_posterior)) / math.log(settings["grid_values"]))
    voters, edge = effective_voters(log_posterior), _edge(log_posterior, n_parameters, settings)
    warnings = []
    if voters < FEWEST_PER_PARAMETER**n_parameters:
        warnings.append(
            "the posterior falls between the points of the grid: its settings are worth only "
            f"{voters:.1f} equal voters, fewer than the {FEWEST_PER_PARAMETER**n_parameters} that "
            f"{FEWEST_PER_PARAMETER} values of each parameter make; raise --grid-values."
        )
    if edge > EDGE_MASS:
        warnings.append(
            f"{100 * edge:.0f}% of the posterior lie on the edge of the grid, and more may lie "
            "beyond it; raise --grid-width (or lower --prior-sd)."
        )
    return {
        "settings": len(log_posterior),
        "voters_kept": len(kept(log_posterior)),
        "effective_voters": voters,
        "entropy": entropy(log_posterior),
        "edge_mass": edge,
        "warnings": warnings,
    }


def _edge(log_posterior: Array, n_parameters: int, settings: Settings) -> float:
    """Return the posterior mass of settings with some parameter at its lowest or highest value."""
    grid, numbers = Grid(n_parameters, settings), kept(log_posterior)
    places, weights = grid.places(numbers), np.exp(log_posterior[numbers] - log_posterior.max())
    outside = ((places == 0) | (places == grid.values - 1)).any(axis=1)
    return float(weights[outside].sum() / weights.sum())


EXACT = Inference(
    name="exact",
    summary="every point of a finite grid of parameter values, for tiny networks",
    source="the definition: sum over w of p(t | x, w) p(w | D)",
    members=lambda settings: 1,
    words=_words,
    options=("grid_values", "grid_width", "prior_sd"),
    prior=f"sd {PRIOR_SD:g} of every parameter",
    notes=announced,
    state_size=_state_size,
    refuses=("l1", "l2", "max-norm", "dropout", "early-stopping"),
    stepper=Enumerator,
    epochs=lambda settings: int(settings["grid_values"]),
    # forward only, a third of a gradient
    passes=lambda layout, settings, share: (
        float(settings["grid_values"]) ** layout.n_parameters / 3
    ),
    voters=_voters,
    dtype="float64",
    why_refused="the prior is the penalty",
    diagnostics=_diagnostics,
    why_failed=_why_failed,
)
