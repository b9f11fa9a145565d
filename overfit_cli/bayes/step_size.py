"""Step sizes: one per group from the prior, times one per chain tuned in warm-up."""

from __future__ import annotations

import numpy as np

from overfit_cli.bayes.potential import Likelihood
from overfit_cli.core.layout import Array
from overfit_cli.core.optimizers import State

GAMMA, T0, KAPPA = 0.05, 10.0, 0.75
INITIAL = 0.5


def group_steps(likelihood: Likelihood, precision: Array, noise_precision: Array | None) -> Array:
    """Return a step (R, G) per group: 1 / sqrt(precision + curvature of the likelihood).

    precision (R, G). With A^l the mean square of a unit that feeds layer l and C^l the curvature
    of a row's nll in one of the layer's sums, N A^l C^l is the curvature of its weights, N C^l of
    its biases; C^(l-1) = C^l width / precision of W^l. Depends on the hyperparameters only, never
    on the parameters, so that a trajectory can be run backwards (Neal 1996, section 3.4).
    """
    network, n_layers = likelihood.network, likelihood.network.layout.n_layers
    sizes, variance = network.layout.sizes, 1 / precision
    curvature = np.empty_like(precision)
    squares = [likelihood.input_square]
    for layer in range(n_layers - 1):
        grown = sizes[layer] * squares[-1] * variance[:, layer] + variance[:, n_layers + layer]
        squares.append(grown if network.activation in ("relu", "identity") else np.ones_like(grown))
    per_row = _output_curvature(likelihood, noise_precision)
    for layer in range(n_layers - 1, -1, -1):
        curvature[:, n_layers + layer] = likelihood.n_rows * per_row
        curvature[:, layer] = likelihood.n_rows * per_row * squares[layer]
        per_row = per_row * sizes[layer + 1] * variance[:, layer]
    return np.asarray(1 / np.sqrt(precision + curvature))


def _output_curvature(likelihood: Likelihood, noise_precision: Array | None) -> Array:
    if noise_precision is not None:
        return np.asarray(noise_precision.max(axis=1))
    n_classes = max(2, likelihood.network.layout.sizes[-1])
    return np.full(len(likelihood.inputs), (1 - 1 / n_classes) / n_classes)


def init_tuning(n_chains: int) -> State:
    """Return the state of dual averaging: each chain's factor on its steps starts at INITIAL."""
    return {
        "hmc.log_step": np.full(n_chains, np.log(INITIAL)),
        "hmc.log_step_mean": np.full(n_chains, np.log(INITIAL)),
        "hmc.shortfall": np.zeros(n_chains),
    }


def tune(state: State, count: int, accept: Array, target: float) -> None:
    """Move each chain's step towards acceptance `target`, after warm-up draw `count` (from 1).

    Hoffman & Gelman 2014, equation 6 and algorithm 5, with their constants but for the point
    towards which the logarithm shrinks: the steps have a scale already.
    """
    shortfall, log_step = state["hmc.shortfall"], state["hmc.log_step"]
    shortfall += (target - accept - shortfall) / (count + T0)
    log_step[...] = np.log(INITIAL) - np.sqrt(count) / GAMMA * shortfall
    state["hmc.log_step_mean"] += count**-KAPPA * (log_step - state["hmc.log_step_mean"])
