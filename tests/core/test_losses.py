"""Class probabilities of logits: the right ones, stable, and those that the loss means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, log_expit, log_softmax

from overfit_cli.core.losses import LOSSES


def probabilities(likelihood: str, logits: np.ndarray) -> np.ndarray:
    function = LOSSES[likelihood].log_probabilities
    assert function is not None
    return function(logits)


def test_categorical_is_the_log_softmax_and_leaves_its_argument_alone() -> None:
    logits = np.random.default_rng(0).normal(scale=30, size=(2, 7, 4))
    before = logits.copy()
    np.testing.assert_allclose(
        probabilities("categorical", logits), log_softmax(logits, axis=-1), rtol=1e-13, atol=1e-13
    )
    assert np.array_equal(logits, before)


def test_bernoulli_is_the_logistic_of_one_logit() -> None:
    logits = np.array([-1000.0, -30, -1, 0, 2, 40, 1000]).reshape(1, 7, 1)
    expected = np.concatenate([log_expit(-logits), log_expit(logits)], axis=-1)
    np.testing.assert_allclose(probabilities("bernoulli", logits), expected, rtol=1e-14)
    np.testing.assert_allclose(np.exp(expected[..., 1:]), expit(logits))


@pytest.mark.parametrize(("likelihood", "width"), [("categorical", 4), ("bernoulli", 1)])
def test_the_loss_is_the_mean_of_minus_the_log_probabilities(likelihood: str, width: int) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(3, 8, width))
    codes = rng.integers(0, max(2, width), size=8)
    targets = np.eye(width)[codes] if width > 1 else codes[:, None].astype(float)
    share = rng.dirichlet(np.ones(8), size=(3, 1))
    log_p = probabilities(likelihood, logits)[:, np.arange(8), codes]
    loss = LOSSES[likelihood].gradient(logits.copy(), np.broadcast_to(targets, logits.shape), share)
    np.testing.assert_allclose(loss, -(share[:, 0] * log_p).sum(axis=1), rtol=1e-13)


def test_regression_is_half_the_squared_error_summed_over_targets() -> None:
    assert LOSSES["gaussian"].log_probabilities is None
    outputs, targets = np.array([[[1.0, 2.0], [0.0, 0.0]]]), np.array([[[0.0, 4.0], [0.0, 1.0]]])
    loss = LOSSES["gaussian"].gradient(outputs, targets, np.full((1, 1, 2), 0.5))
    assert loss.tolist() == [(0.5 * (1 + 4) + 0.5 * 1) / 2]
    assert outputs.tolist() == [[[0.5, -1.0], [0.0, -0.5]]]
