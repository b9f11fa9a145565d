"""Weight scaling against the average over all thinned networks: identities 1 to 3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.assembly import One, hooks_of, problem
from oracles.enumeration import all_thinned, every_mask
from scipy.special import log_softmax, softmax

from overfit_cli.core.hooks import Hooks, prediction_parameters
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network, Workspace, forward, loss_and_gradient

KEEPS = (0.8, 0.3)
INPUTS = np.random.default_rng(0).normal(size=(9, 5))


def averages(sizes: tuple[int, ...], activation: str, settings: list[dict[str, Any]]) -> Any:
    """Per replica (R, n, K): geometric mean of all thinned networks, weight scaling, and the
    arithmetic mean."""
    network = Network(Layout(sizes), activation, "categorical")
    hooks = hooks_of(network.layout, [One(settings={"dropout": one}) for one in settings])
    flat = np.random.default_rng(1).normal(size=(len(settings), network.layout.n_parameters))
    every = all_thinned(network.layout, hooks, flat)
    logits = np.stack([forward(network, one, INPUTS) for one in every.networks])
    np.testing.assert_allclose(every.probability.sum(axis=0), 1, rtol=1e-13)
    weight = every.probability[:, :, None, None]
    geometric = (weight * log_softmax(logits, axis=-1)).sum(axis=0)
    arithmetic = (weight * softmax(logits, axis=-1)).sum(axis=0)
    scaled = prediction_parameters(network.layout, hooks, hooks.hyper, flat)
    return (
        softmax(geometric, axis=-1),
        softmax(forward(network, scaled, INPUTS), axis=-1),
        arithmetic,
    )


def test_softmax_regression_with_masked_inputs_is_exact_for_any_p() -> None:
    settings = [{"p": 1.0, "p_input": keep} for keep in KEEPS]
    geometric, scaled, arithmetic = averages((5, 3), "relu", settings)
    np.testing.assert_allclose(geometric, scaled, rtol=1e-10)
    assert (np.abs(arithmetic - scaled).max(axis=(1, 2)) > 1e-3).all()


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_exact_when_only_the_last_hidden_layer_is_masked(activation: str) -> None:
    settings = [{"p": [1.0, keep]} for keep in KEEPS]
    geometric, scaled, arithmetic = averages((5, 4, 6, 3), activation, settings)
    np.testing.assert_allclose(geometric, scaled, rtol=1e-10)
    assert (np.abs(arithmetic - scaled).max(axis=(1, 2)) > 1e-3).all()


def test_exact_for_linear_hidden_layers_however_many_are_masked() -> None:
    settings = [{"p": [keep, 0.6], "p_input": 0.9} for keep in KEEPS]
    geometric, scaled, arithmetic = averages((5, 3, 2, 3), "identity", settings)
    np.testing.assert_allclose(geometric, scaled, rtol=1e-10)
    assert (np.abs(arithmetic - scaled).max(axis=(1, 2)) > 1e-3).all()


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_not_exact_where_a_masked_unit_feeds_a_nonlinearity(activation: str) -> None:
    settings = [{"p": [keep, 1.0]} for keep in KEEPS]
    geometric, scaled, _ = averages((5, 6, 4, 3), activation, settings)
    assert (np.abs(geometric - scaled).max(axis=(1, 2)) > 1e-3).all()


def linear_dropout(keeps: tuple[float, ...]) -> tuple[Network, Hooks, Array, Array, Array]:
    given = problem((5, 1), "identity", "gaussian", n_train=12, n_val=0)
    hooks = hooks_of(
        given.network.layout,
        [One(settings={"dropout": {"p": 1.0, "p_input": keep}}) for keep in keeps],
    )
    flat = np.random.default_rng(2).normal(size=(len(keeps), 6))
    # the identity is about a model without bias
    flat[:, -1] = 0
    return given.network, hooks, flat, given.data.inputs, given.data.targets


def every_loss(network: Network, flat: Array, inputs: Array, targets: Array) -> tuple[Array, Array]:
    """nll (2^n,) and gradient (2^n, P) of one network under every mask of its inputs."""
    masks = np.array([joint[0] for joint in every_mask([5])])
    work = Workspace(network, len(masks), len(inputs), np.dtype(np.float64))
    work.inputs[...], work.targets[...] = inputs, targets
    work.masks[0] = masks[:, None]
    gradient = np.empty((len(masks), 6))
    return loss_and_gradient(network, np.tile(flat, (len(masks), 1)), work, gradient), gradient


def test_linear_regression_with_dropout_is_ridge_on_scaled_weights() -> None:
    network, hooks, flat, x, y = linear_dropout(KEEPS)
    probability = all_thinned(network.layout, hooks, flat).probability
    scaled = prediction_parameters(network.layout, hooks, hooks.hyper, flat)
    residual = forward(network, scaled, x) - y
    n, squares = len(x), (x**2).sum(axis=0)
    for replica, p in enumerate(KEEPS):
        losses, gradients = every_loss(network, flat[replica], x, y)
        w, w_scaled = flat[replica, :5], scaled[replica, :5]
        expected = 2 * n * (probability[:, replica] @ losses)
        fit = (residual[replica] ** 2).sum()
        np.testing.assert_allclose(expected, fit + p * (1 - p) * squares @ w**2, rtol=1e-10)
        ridge = (1 - p) / p * squares @ w_scaled**2
        np.testing.assert_allclose(expected, fit + ridge, rtol=1e-10)
        slope = n * (probability[:, replica] @ gradients)[:5]
        by_hand = p * x.T @ residual[replica, :, 0] + p * (1 - p) * squares * w
        np.testing.assert_allclose(slope, by_hand, rtol=1e-10)
