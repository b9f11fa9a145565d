"""The hand-written gradient against finite differences and against a loop over examples."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import loop_network
from oracles.assembly import LIKELIHOODS, One, hooks_of, problem

from overfit_cli.core.activations import ACTIVATIONS
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network, Workspace, forward, loss_and_gradient
from overfit_cli.rng import stream

DROPOUTS: dict[str, dict[str, Any] | None] = {
    "no mask": None,
    "bernoulli per example": {"p": 0.6, "p_input": 0.7},
    "bernoulli per minibatch": {"p": 0.6, "p_input": 0.7, "scope": "minibatch"},
    "exact": {"p": 0.5, "p_input": 0.8, "mask": "exact"},
    "gaussian": {"p": 0.5, "p_input": 0.8, "mask": "gaussian"},
}
HIDDEN = {0: (), 1: (7,), 2: (7, 4)}
CASES = list(product(HIDDEN, ACTIVATIONS, LIKELIHOODS, [False, True], DROPOUTS))


def filled(
    network: Network, rows: NDArray[Any], targets: Array, weights: Array | None, copies: int
) -> Workspace:
    """A workspace in which every replica has the same minibatch."""
    work = Workspace(network, copies, len(rows), np.dtype(np.float64))
    work.inputs[...], work.targets[...] = rows, targets
    if weights is not None:
        work.share[...] = weights / weights.sum()
    return work


def draw_masks(network: Network, work: Workspace, settings: dict[str, Any]) -> None:
    """The same masks for every replica, drawn by the remedy itself."""
    hooks = hooks_of(network.layout, [One(settings={"dropout": settings})])
    (mask,) = hooks.masks
    for layer in mask.layers:
        out = work.mask_buffer(layer, mask.scope)
        mask.draw(hooks.hyper, layer, [stream(5, "mask", 0, layer)], out[:1])
        out[...] = out[:1]
        work.masks[layer] = out


@pytest.mark.parametrize(("n_hidden", "activation", "likelihood", "weighted", "dropout"), CASES)
def test_the_gradient_is_that_of_the_loss(
    n_hidden: int, activation: str, likelihood: str, weighted: bool, dropout: str
) -> None:
    sizes = (5, *HIDDEN[n_hidden], LIKELIHOODS[likelihood])
    given = problem(sizes, activation, likelihood, n_train=6, weighted=weighted)
    rows = slice(0, 6)
    inputs, targets = given.data.inputs[rows], given.data.targets[rows]
    weights = None if given.data.weights is None else given.data.weights[rows]
    n_parameters = given.network.layout.n_parameters
    flat = np.random.default_rng(1).normal(size=n_parameters)

    def losses(points: Array) -> tuple[Array, Array, Workspace]:
        work = filled(given.network, inputs, targets, weights, len(points))
        settings = DROPOUTS[dropout]
        if settings is not None:
            draw_masks(given.network, work, settings)
        gradient = np.full_like(points, np.nan)
        return loss_and_gradient(given.network, points, work, gradient), gradient, work

    nll, gradient, work = losses(flat[None])
    # one stack of 2 P replicas, each a little off in one parameter
    step = 1e-5
    off = np.eye(n_parameters) * step
    differences = losses(np.concatenate([flat + off, flat - off]))[0].reshape(2, -1)
    numeric = (differences[0] - differences[1]) / (2 * step)
    assert np.abs(numeric - gradient[0]).max() <= 1e-6 * np.abs(gradient).max()

    masks = [
        None if mask is None else np.broadcast_to(mask[0], (6, mask.shape[2])).tolist()
        for mask in work.masks
    ]
    own, slope = loop_network.loss_and_gradient(
        sizes, activation, likelihood, flat, inputs, targets, weights, masks
    )
    np.testing.assert_allclose(nll, own, rtol=1e-12)
    np.testing.assert_allclose(gradient[0], slope, rtol=1e-9, atol=1e-12)
    assert dropout == "no mask" or n_hidden == 0 or any(mask is not None for mask in masks)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_forward_is_the_loop_over_examples(activation: str, likelihood: str) -> None:
    sizes = (5, 7, 4, LIKELIHOODS[likelihood])
    given = problem(sizes, activation, likelihood)
    stack = np.random.default_rng(2).normal(size=(3, given.network.layout.n_parameters))
    logits = forward(given.network, stack, given.data.inputs)
    for replica, row in product(range(3), [0, 11, 45]):
        expected = loop_network.forward(sizes, activation, stack[replica], given.data.inputs[row])
        np.testing.assert_allclose(logits[replica, row], expected, rtol=1e-12, atol=1e-13)


def test_forward_in_blocks_is_forward_row_by_row() -> None:
    given = problem((5, 7, 3), n_train=2100)
    stack = np.random.default_rng(3).normal(size=(2, given.network.layout.n_parameters))
    inputs = given.data.inputs
    logits = forward(given.network, stack, inputs)
    rows = np.concatenate(
        [forward(given.network, stack, inputs[i : i + 7]) for i in range(0, 2117, 7)], axis=1
    )
    assert logits.shape == (2, 2117, 3)
    np.testing.assert_allclose(logits, rows[:, :2117], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_huge_logits_give_finite_loss_and_gradient(likelihood: str) -> None:
    given = problem((5, 7, LIKELIHOODS[likelihood]), "logistic", likelihood, n_train=6)
    network = given.network
    for size in (1e3, -1e3):
        flat = np.full((1, network.layout.n_parameters), size)
        work = filled(network, given.data.inputs[:6], given.data.targets[:6], None, 1)
        gradient = np.empty_like(flat)
        assert np.isfinite(loss_and_gradient(network, flat, work, gradient)).all()
        assert np.isfinite(gradient).all()
