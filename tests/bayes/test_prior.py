"""Gibbs conditionals and marginals of the precisions against numerical integrals."""

import numpy as np
import pytest

from overfit_cli.bayes.prior import (
    PrecisionPrior,
    noise_prior,
    spread,
    sums_of_squares,
    weight_prior,
)
from overfit_cli.core.layout import Layout

A, MEAN, COUNT, SQUARES = 0.25, 7.0, 3.0, 0.9
LOG_PRECISION = np.linspace(-60, 8, 400_001)


def joint(squares: float) -> np.ndarray:
    """Gamma density of the precision times N(x; 0, 1/precision), per unit of log precision."""
    precision = np.exp(LOG_PRECISION)
    log_gamma = A * LOG_PRECISION - A / MEAN * precision
    log_normal = COUNT / 2 * LOG_PRECISION - precision * squares / 2
    return np.exp(log_gamma + log_normal)


def one_group(n_replicas: int) -> PrecisionPrior:
    ones = np.ones((n_replicas, 1))
    return PrecisionPrior(np.array([A]), MEAN * ones, COUNT * ones)


def test_conditional_of_the_precision_is_the_numerical_one() -> None:
    n = 20_000
    rng = np.random.default_rng(1)
    drawn = one_group(n).draw(np.full((n, 1), SQUARES), lambda group: [rng] * n)[:, 0]
    density = joint(SQUARES)
    for quantile in (0.1, 0.5, 0.9):
        edge = LOG_PRECISION[np.searchsorted(density.cumsum() / density.sum(), quantile)]
        below = np.mean(np.log(drawn) < edge)
        assert abs(below - quantile) < 4 * np.sqrt(quantile * (1 - quantile) / n)


@pytest.mark.parametrize("squares", [1e-6, 0.2, 5.0, 300.0])
def test_marginal_with_the_precision_integrated_out(squares: float) -> None:
    expected = np.log(joint(squares).sum() / joint(SQUARES).sum())
    found = one_group(2).log_marginal(np.array([[squares], [SQUARES]]))
    assert found[0] - found[1] == pytest.approx(expected, rel=1e-7)


def test_a_fixed_precision_is_not_drawn_and_has_a_normal_density() -> None:
    prior = PrecisionPrior(np.array([np.inf]), np.full((1, 1), MEAN), np.full((1, 1), COUNT))
    assert prior.draw(np.ones((1, 1)), lambda group: [np.random.default_rng(0)])[0, 0] == MEAN
    assert prior.log_marginal(np.array([[2.0]]))[0] == -MEAN


def test_an_empty_group_draws_from_the_prior() -> None:
    n, rng = 40_000, np.random.default_rng(2)
    prior = PrecisionPrior(np.array([A]), np.full((n, 1), MEAN), np.zeros((n, 1)))
    drawn = prior.draw(np.zeros((n, 1)), lambda group: [rng] * n)[:, 0]
    # a Gamma of shape a has the variance mean^2 / a
    assert abs(drawn.mean() - MEAN) < 4 * MEAN / np.sqrt(A * n)


def test_widths_of_a_deep_network() -> None:
    """Groups: the weights of three layers, then their biases."""
    prior = weight_prior(Layout((3, 7, 5, 2)), np.array([0.05, 0.1]))
    widths = prior.mean**-0.5
    np.testing.assert_allclose(widths[0], [0.05, 0.05, 0.05 / np.sqrt(5), 0.05, 0.05, 100])
    np.testing.assert_allclose(widths[1, :3], [0.1, 0.1, 0.1 / np.sqrt(5)])
    assert prior.sampled == [0, 1, 2, 3, 4]
    assert prior.shape[:5].tolist() == [0.25] * 5
    assert prior.count[0].tolist() == [21, 35, 10, 7, 5, 2]


def test_without_hidden_units_the_output_weights_have_the_width_itself() -> None:
    prior = weight_prior(Layout((3, 2)), np.array([0.05]))
    np.testing.assert_allclose(prior.mean**-0.5, [[0.05, 100]])


def test_noise_precision_has_mean_one_in_standardised_units() -> None:
    prior = noise_prior(2, np.array([30, 40]))
    assert prior.mean.tolist() == [[1, 1], [1, 1]]
    assert prior.shape.tolist() == [0.25, 0.25]
    assert prior.count.tolist() == [[30, 30], [40, 40]]


def test_groups_of_flat_parameters() -> None:
    layout = Layout((2, 2, 1))
    q = np.arange(1.0, 10)[None]
    assert sums_of_squares(layout, q).tolist() == [[1 + 4 + 9 + 16, 25 + 36, 49 + 64, 81]]
    assert spread(layout, np.array([[1.0, 2, 3, 4]])).tolist() == [[1, 1, 1, 1, 2, 2, 3, 3, 4]]
