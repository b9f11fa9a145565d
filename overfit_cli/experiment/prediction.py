"""A run's predictor, from its spec and its parameters: the same after training and from a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from overfit_cli.core.answers import Units
from overfit_cli.core.hooks import Hooks, prediction_parameters
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.core.predictor import Predictor, Respond, fixed_votes
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import hooks_of
from overfit_cli.records import Model


def predictor_of(
    spec: RunSpec,
    network: Network,
    units: Units,
    parameters: Array,
    noise_variance: Array | None = None,
    log_weights: Array | None = None,
) -> Predictor:
    """Return the networks that vote for this run: draws, members, or thinned networks.

    parameters (M, P) as trained; noise_variance (1 or M, T) in standardised units, if known.
    log_weights (M,), normalised; None for equal ones.
    """
    sampler = spec.inference is not None and spec.inference.stepper is not None
    hooks = Hooks() if sampler else hooks_of([spec] * len(parameters), network.layout)
    if log_weights is None:
        log_weights = np.full(len(parameters), -np.log(len(parameters)))
    votes = _votes(spec, hooks, network.layout, parameters, log_weights)
    return Predictor(network, votes, units, noise_variance, _respond(spec, parameters))


def stored_predictor(spec: RunSpec, model: Model) -> Predictor:
    """Return the predictor of a stored run."""
    layout = Layout(tuple(model.schema["sizes"]))
    network = Network(layout, spec.activation, model.schema["likelihood"])
    units = Units(model.arrays["target_mean"], model.arrays["target_scale"])
    noise = None if model.noise_sd is None else np.square(model.noise_sd)
    return predictor_of(spec, network, units, model.parameters, noise, model.log_weights)


def _respond(spec: RunSpec, parameters: Array) -> Respond:
    if spec.inference is None or spec.inference.respond is None:
        return forward
    return spec.inference.respond(spec.remedies["bayes"], parameters)


def _votes(
    spec: RunSpec, hooks: Hooks, layout: Layout, parameters: Array, log_weights: Array
) -> Callable[[], Iterator[tuple[Array, Array]]]:
    if hooks.votes is None:
        heard = np.isfinite(log_weights)
        if not heard.all():
            parameters, log_weights = parameters[heard], log_weights[heard]
        scaled = prediction_parameters(layout, hooks, hooks.hyper, parameters)
        return fixed_votes(scaled, log_weights)
    keys = [(spec.seed, member) for member in range(len(parameters))]
    networks = partial(hooks.votes, layout, hooks.hyper, parameters, keys)
    return lambda: ((network, log_weights) for network in networks())
