"""A run's predictor, from its spec and its parameters: the same after training and from a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from overfit_cli.core.evaluation import Part
from overfit_cli.core.hooks import Hooks, prediction_parameters
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.predictor import Predictor, fixed_votes, with_estimated_noise
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import hooks_of, network_of, units_of


def predictor_of(
    spec: RunSpec,
    data: Prepared,
    parameters: Array,
    noise_variance: Array | None,
    noise_part: Part | None,
) -> Predictor:
    """Return the networks that vote for this run: draws, members, or thinned networks.

    parameters (M, P) as trained. noise_variance (M, T) if it is known; else for regression it is
    estimated from residuals on noise_part.
    """
    network = network_of(spec, data)
    sampler = spec.inference is not None and spec.inference.stepper is not None
    hooks = Hooks() if sampler else hooks_of([spec] * len(parameters), network.layout)
    predictor = Predictor(network, _votes(spec, hooks, network.layout, parameters), units_of(data))
    if network.likelihood != "gaussian":
        return predictor
    if noise_variance is None and noise_part is not None:
        return with_estimated_noise(predictor, noise_part)
    return Predictor(network, predictor.votes, predictor.units, noise_variance)


def _votes(
    spec: RunSpec, hooks: Hooks, layout: Layout, parameters: Array
) -> Callable[[], Iterator[tuple[Array, Array]]]:
    log_weights = np.full(len(parameters), -np.log(len(parameters)))
    if hooks.votes is None:
        scaled = prediction_parameters(layout, hooks, hooks.hyper, parameters)
        return fixed_votes(scaled, log_weights)
    keys = [(spec.seed, member) for member in range(len(parameters))]
    networks = partial(hooks.votes, layout, hooks.hyper, parameters, keys)
    return lambda: ((network, log_weights) for network in networks())
