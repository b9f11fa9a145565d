"""U(q) and its gradient against a loop over rows and finite differences."""

import math

import numpy as np
import pytest
from oracles import loop_network
from posteriors import SIZES, Fixture, small_likelihood, small_problem

from overfit_cli.bayes.potential import Likelihood

LIKELIHOODS = list(SIZES)
WEIGHTS = np.random.default_rng(5).uniform(0, 3, 22).round(1)


def outputs(fixture: Fixture, chain: int, row: int) -> list[float]:
    network = fixture.likelihood.network
    weights, biases = loop_network.unpack(network.layout.sizes, fixture.q[chain])
    a = [float(value) for value in fixture.likelihood.inputs[chain][row]]
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        a = [
            math.fsum(y * matrix[i][j] for i, y in enumerate(a)) + bias[j] for j in range(len(bias))
        ]
        if layer < len(weights) - 1:
            a = [math.tanh(z) for z in a]
    return a


def by_hand(fixture: Fixture, chain: int, exponents: np.ndarray) -> float:
    """-log p(D | q) row by row, without its constant, plus the Gaussian prior."""
    total = 0.0
    for row, exponent in enumerate(exponents):
        z, t = outputs(fixture, chain, row), fixture.likelihood.targets[chain, row]
        if fixture.noise_precision is None:
            nll, _ = loop_network.nll_and_error(fixture.likelihood.network.likelihood, z, t)
        else:
            tau = fixture.noise_precision[chain]
            nll = sum(tau[k] * (z[k] - t[k]) ** 2 / 2 for k in range(2))
        total += exponent * nll
    return total + float(np.sum(fixture.precision[chain] * fixture.q[chain] ** 2) / 2)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_value_is_the_sum_over_rows(name: str) -> None:
    fixture = small_likelihood(name)
    value = fixture.potential.value(fixture.q)
    expected = [by_hand(fixture, chain, np.ones(17)) for chain in range(3)]
    np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_weights_are_exponents_that_sum_to_the_number_of_rows(name: str) -> None:
    fixture = small_likelihood(name, weights=WEIGHTS)
    rng = np.random.default_rng(12)
    rows = np.array([rng.permutation(22)[:17] for _ in range(3)])
    for chain in range(3):
        own = WEIGHTS[rows[chain]]
        exponents = own * np.count_nonzero(own) / own.sum()
        value = fixture.potential.value(fixture.q)[chain]
        assert value == pytest.approx(by_hand(fixture, chain, exponents), rel=1e-12)


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_gradient_by_finite_differences(name: str, weights: np.ndarray | None) -> None:
    fixture = small_likelihood(name, weights=weights)
    gradient = fixture.potential.gradient(fixture.q).copy()
    h = 1e-5
    for index in range(fixture.q.shape[1]):
        shift = np.zeros_like(fixture.q)
        shift[:, index] = h
        rise = fixture.potential.value(fixture.q + shift) - fixture.potential.value(
            fixture.q - shift
        )
        np.testing.assert_allclose(gradient[:, index], rise / (2 * h), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_forces_in_single_precision_are_close(name: str) -> None:
    exact, fast = small_likelihood(name), small_likelihood(name, np.float32)
    np.testing.assert_array_equal(exact.potential.value(exact.q), fast.potential.value(fast.q))
    np.testing.assert_allclose(
        exact.potential.gradient(exact.q), fast.potential.gradient(fast.q), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_row_of_weight_zero_is_as_if_absent(name: str) -> None:
    weights = np.ones(22)
    weights[4] = 0
    rows = np.arange(22)[None]
    with_it = Likelihood(small_problem(name, weights=weights), rows)
    without = Likelihood(small_problem(name), np.delete(rows, 4, axis=1))
    layout = with_it.network.layout
    q = np.random.default_rng(1).standard_normal((1, layout.n_parameters))
    noise = np.ones((1, 2)) if name == "gaussian" else None
    values = [own.potential(np.ones_like(q), noise).value(q) for own in (with_it, without)]
    np.testing.assert_allclose(values[0], values[1], rtol=1e-13)
    assert with_it.n_rows == without.n_rows


def test_residuals_of_a_regression() -> None:
    fixture = small_likelihood("gaussian", weights=WEIGHTS)
    found = fixture.likelihood.residual_squares(fixture.q)
    for chain in range(3):
        expected = np.zeros(2)
        for row, exponent in enumerate(fixture.likelihood.exponents[chain]):
            target = fixture.likelihood.targets[chain, row]
            expected += exponent * (np.array(outputs(fixture, chain, row)) - target) ** 2
        np.testing.assert_allclose(found[chain], expected, rtol=1e-12)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_watched_predictions_are_probabilities_or_means(name: str) -> None:
    fixture = small_likelihood(name)
    found = fixture.likelihood.predictions(fixture.q, 6)
    every = 3  # 17 rows, at most 6
    for chain in range(3):
        expected: list[float] = []
        for row in range(0, 17, every):
            z = outputs(fixture, chain, row)
            if name == "bernoulli":
                expected.append(1 / (1 + math.exp(-z[0])))
            elif name == "categorical":
                expected += [math.exp(v) / sum(math.exp(u) for u in z) for v in z[1:]]
            else:
                expected += z
        np.testing.assert_allclose(found[chain], expected, rtol=1e-12)


def test_chains_of_one_run_share_their_rows() -> None:
    problem = small_problem("bernoulli", n_rows=6, n_sets=2)
    rows = np.array([[0, 1, 2], [3, 4, 5], [0, 1, 2]])
    first, second, third = Likelihood(problem, rows).inputs
    assert first is third
    np.testing.assert_array_equal(second, problem.data.inputs[3:6])
