"""Steps per group by hand, and dual averaging on an acceptance that is known."""

import numpy as np
from posteriors import small_likelihood

from overfit_cli.bayes.step_size import group_steps, init_tuning, tune


def test_steps_of_each_group_by_hand() -> None:
    """Layout 3-5-4-3, tanh: a row's curvature in a logit is 1/3 (1 - 1/3)."""
    likelihood = small_likelihood("categorical").likelihood
    precision = np.array([[1.0, 2.0, 4.0, 8.0, 16.0, 1e-4]] * 3)
    steps = group_steps(likelihood, precision, None)
    for chain in range(3):
        square = np.mean(likelihood.inputs[chain] ** 2)
        c3 = 2 / 9
        c2 = c3 * 3 / 4
        c1 = c2 * 4 / 2
        curvature = 17 * np.array([c1 * square, c2, c3, c1, c2, c3])
        np.testing.assert_allclose(steps[chain], (precision[chain] + curvature) ** -0.5)


def test_noise_precision_is_the_curvature_of_a_regression() -> None:
    likelihood = small_likelihood("gaussian").likelihood
    precision, noise = np.ones((3, 4)), np.array([[2.0, 9.0]] * 3)
    steps = group_steps(likelihood, precision, noise)
    np.testing.assert_allclose(steps[:, 3], (1 + 17 * 9.0) ** -0.5)
    np.testing.assert_allclose(steps[:, 2], (1 + 17 * 9.0 * 2) ** -0.5)


def test_dual_averaging_finds_the_step_of_the_wanted_acceptance() -> None:
    """Acceptance exp(-s k) of two chains with different k is .8 at s = -log(.8) / k."""
    rng, k = np.random.default_rng(1), np.array([0.5, 5.0])
    state = init_tuning(2)
    for count in range(1, 401):
        accept = np.exp(-np.exp(state["hmc.log_step"]) * k) + 0.1 * rng.uniform(-1, 1, 2)
        tune(state, count, np.clip(accept, 0, 1), 0.8)
    np.testing.assert_allclose(np.exp(state["hmc.log_step_mean"]), -np.log(0.8) / k, rtol=0.12)
