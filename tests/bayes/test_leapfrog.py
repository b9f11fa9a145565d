"""Identity 6: reversible, second order, E[exp(-dH)] = 1, and the moments of a Gaussian."""

import numpy as np
import pytest
from posteriors import small_likelihood

from overfit_cli.bayes.leapfrog import Potential, inner, leapfrog, move

COVARIANCE = np.array([[2.0, 0.6, 0.0], [0.6, 0.5, -0.2], [0.0, -0.2, 1.5]])
MEAN = np.array([1.0, -2.0, 0.5])


def gaussian() -> Potential:
    precision = np.linalg.inv(COVARIANCE)
    return Potential(
        value=lambda q: 0.5 * np.sum((q - MEAN) @ precision * (q - MEAN), axis=1),
        gradient=lambda q: (q - MEAN) @ precision,
    )


def energy(potential: Potential, q: np.ndarray, p: np.ndarray) -> np.ndarray:
    return potential.value(q) + inner(p, p) / 2


@pytest.mark.parametrize("likelihood", ["bernoulli", "categorical", "gaussian"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_reversible(likelihood: str, dtype: type) -> None:
    """Single-precision forces are still a function of q: they lead back just as well."""
    fixture = small_likelihood(likelihood, dtype=dtype)
    potential, q = fixture.potential, fixture.q
    p = np.random.default_rng(1).standard_normal(q.shape)
    step = np.full(q.shape, 0.02)
    end_q, end_p = leapfrog(potential, q, p, step, 40)
    assert np.abs(end_q - q).max() > 0.1
    back_q, back_p = leapfrog(potential, end_q, -end_p, step, 40)
    np.testing.assert_allclose(back_q, q, rtol=0, atol=1e-10)
    np.testing.assert_allclose(-back_p, p, rtol=0, atol=1e-10)


def test_the_arguments_are_left_alone() -> None:
    q, p = np.ones((2, 3)), np.full((2, 3), 0.5)
    leapfrog(gaussian(), q, p, np.full((2, 3), 0.1), 3)
    assert np.all(q == 1)
    assert np.all(p == 0.5)


def test_one_step_by_hand() -> None:
    potential = Potential(lambda q: 2 * q[:, 0] ** 2, lambda q: 4 * q)
    q, p = leapfrog(potential, np.array([[1.0]]), np.array([[0.0]]), np.array([[0.5]]), 1)
    # p = -1, q = 1 - .5 = .5, p = -1 - .25 * 2 = -1.5
    assert q[0, 0] == 0.5
    assert p[0, 0] == -1.5


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_energy_error_is_of_second_order(likelihood: str) -> None:
    fixture = small_likelihood(likelihood, dtype=np.float64)
    potential, q = fixture.potential, fixture.q
    p = np.random.default_rng(2).standard_normal(q.shape)
    before = energy(potential, q, p)
    rms = []
    for n_steps in (20, 40, 80):
        end = leapfrog(potential, q, p, np.full(q.shape, 0.2 / n_steps), n_steps)
        rms.append(np.sqrt(np.mean((energy(potential, *end) - before) ** 2)))
    assert rms[0] / rms[1] == pytest.approx(4, rel=0.03)
    assert rms[1] / rms[2] == pytest.approx(4, rel=0.03)


def test_mean_of_exp_minus_energy_error_is_one() -> None:
    rng, potential = np.random.default_rng(3), gaussian()
    q = rng.multivariate_normal(MEAN, COVARIANCE, 20_000)
    p = rng.standard_normal(q.shape)
    end = leapfrog(potential, q, p, np.full(q.shape, 0.7), 5)
    ratio = np.exp(energy(potential, q, p) - energy(potential, *end))
    assert ratio.std() > 0.2
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(len(ratio))


def test_mean_and_covariance_of_a_gaussian() -> None:
    n_chains, potential = 100, gaussian()
    momentum = [np.random.default_rng([1, chain]) for chain in range(n_chains)]
    accept = [np.random.default_rng([2, chain]) for chain in range(n_chains)]
    q, step = np.zeros((n_chains, 3)), np.full((n_chains, 3), 0.6)
    draws, acceptance = [], []
    for draw in range(220):
        moved = move(potential, q, step, 4, momentum, accept)
        q = moved.q
        if draw >= 20:
            draws.append(q)
            acceptance.append(moved.acceptance)
            np.testing.assert_allclose(moved.potential, potential.value(q))
    assert 0.5 < np.mean(acceptance) < 0.99
    centred = np.array(draws) - MEAN
    moments = np.concatenate(
        [centred, (centred[..., :, None] * centred[..., None, :]).reshape(*centred.shape[:2], 9)], 2
    )
    chain_means = moments.mean(axis=0)
    error = chain_means.std(axis=0, ddof=1) / np.sqrt(n_chains)
    expected = np.concatenate([np.zeros(3), COVARIANCE.ravel()])
    assert np.all(np.abs(chain_means.mean(axis=0) - expected) < 4 * error)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e9])
def test_a_divergent_trajectory_is_a_counted_rejection(bad: float) -> None:
    """One chain's potential explodes; it stays where it was and its neighbours move."""

    def value(q: np.ndarray) -> np.ndarray:
        away = np.abs(q[:, 0]) > 5
        return np.where(away, bad, 0.5 * inner(q, q))

    q = np.array([[4.999, 0.0], [0.1, 0.2]])
    potential = Potential(value, lambda q: np.array([[-1e3, 0.0], [0.0, 0.0]]) + q)
    streams = [np.random.default_rng([7, chain]) for chain in range(2)]
    moved = move(potential, q, np.full((2, 2), 0.1), 3, streams, streams)
    assert moved.divergent.tolist() == [True, False]
    assert moved.acceptance[0] == 0
    np.testing.assert_array_equal(moved.q[0], q[0])
    assert np.all(moved.q[1] != q[1])


def test_a_divergent_fall_in_energy_is_rejected_too() -> None:
    potential = Potential(lambda q: -1e6 * np.abs(q[:, 0]), lambda q: np.zeros_like(q))
    streams = [np.random.default_rng(1)]
    moved = move(potential, np.zeros((1, 1)), np.ones((1, 1)), 1, streams, streams)
    assert moved.divergent[0]
    assert moved.q[0, 0] == 0
