"""R-hat and effective sample size against closed cases and direct sums."""

import numpy as np
import pytest
from scipy.special import ndtri

from overfit_cli.bayes.diagnostics import bulk_ess, diagnose, r_hat

RNG = np.random.default_rng(20240131)


def ar1(rho: float, n_draws: int, n_chains: int, k: int, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal((n_draws, n_chains, k)) * np.sqrt(1 - rho**2)
    chain = np.empty_like(noise)
    chain[0] = rng.standard_normal((n_chains, k))
    for t in range(1, n_draws):
        chain[t] = rho * chain[t - 1] + noise[t]
    return chain


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Return the normal quantile of each value's mean rank, ranks counted one by one."""
    below = (values[..., None, None] > values).sum(axis=(-1, -2))
    equal = (values[..., None, None] == values).sum(axis=(-1, -2))
    return np.asarray(ndtri((below + (equal + 1) / 2 - 0.375) / (values.size + 0.25)))


def slow_ess(chains: np.ndarray) -> float:
    """Return the effective size of one quantity (S, R), by the definition, pair by pair."""
    n, m = chains.shape
    gamma = [
        np.mean(
            [
                sum((c[i] - c.mean()) * (c[i + t] - c.mean()) for i in range(n - t)) / n
                for c in chains.T
            ]
        )
        for t in range(n)
    ]
    within = gamma[0] * n / (n - 1)
    total = gamma[0] + np.var(chains.mean(axis=0), ddof=1)
    rho = [1.0] + [1 - (within - gamma[t]) / total for t in range(1, n)]
    time, before = -1.0, np.inf
    for t in range(0, n - 1, 2):
        pair = rho[t] + rho[t + 1]
        if pair <= 0:
            time += max(rho[t], 0.0)
            break
        before = min(before, pair)
        time += 2 * before
    return n * m / time


def test_independent_draws_are_worth_their_number() -> None:
    draws = RNG.standard_normal((500, 4, 40))
    assert r_hat(draws).max() < 1.02
    assert abs(bulk_ess(draws).mean() / 2000 - 1) < 0.05


@pytest.mark.parametrize("rho", [0.5, 0.9, -0.4])
def test_autoregressive_chains_are_worth_what_theory_says(rho: float) -> None:
    draws = ar1(rho, 2000, 4, 20, np.random.default_rng(5))
    expected = 8000 * (1 - rho) / (1 + rho)
    assert abs(bulk_ess(draws).mean() / expected - 1) < 0.1


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_effective_size_is_the_direct_sum(rho: float) -> None:
    chains = ar1(rho, 60, 3, 1, np.random.default_rng(8))
    halves = np.concatenate([chains[:30], chains[30:]], axis=1)[:, :, 0]
    normal = normal_scores(halves)
    np.testing.assert_allclose(bulk_ess(chains)[0], slow_ess(normal), rtol=1e-9)


def test_r_hat_by_hand_on_ranks() -> None:
    chains = ar1(0.6, 41, 3, 1, np.random.default_rng(9))
    halves = np.concatenate([chains[:20], chains[21:]], axis=1)[:, :, 0]
    by_hand = []
    for values in (halves, np.abs(halves - np.median(halves))):
        z = normal_scores(values)
        within = np.mean([np.var(chain, ddof=1) for chain in z.T])
        between = 20 * np.var([chain.mean() for chain in z.T], ddof=1)
        by_hand.append(np.sqrt((19 / 20 * within + between / 20) / within))
    np.testing.assert_allclose(r_hat(chains)[0], max(by_hand), rtol=1e-12)


def test_ties_get_their_mean_rank() -> None:
    chains = np.random.default_rng(3).integers(0, 4, (40, 2, 1)).astype(float)
    halves = np.concatenate([chains[:20], chains[20:]], axis=1)[:, :, 0]
    normal = normal_scores(halves)
    np.testing.assert_allclose(bulk_ess(chains)[0], slow_ess(normal), rtol=1e-9)


def test_a_chain_elsewhere_is_seen() -> None:
    draws = RNG.standard_normal((200, 4, 1))
    draws[:, 3] += 3
    assert r_hat(draws)[0] > 1.3
    assert bulk_ess(draws)[0] < 40


def test_a_chain_of_another_width_is_seen_by_folding() -> None:
    draws = RNG.standard_normal((200, 4, 1))
    draws[:, 3] *= 10
    assert r_hat(draws)[0] > 1.1


def test_a_drift_within_one_chain_is_seen_by_splitting() -> None:
    draws = RNG.standard_normal((200, 1, 1)) + np.linspace(0, 6, 200)[:, None, None]
    assert bulk_ess(draws)[0] < 10
    assert r_hat(np.repeat(draws, 2, axis=1))[0] > 1.5


def test_only_ranks_matter() -> None:
    draws = ar1(0.5, 100, 2, 3, np.random.default_rng(4))
    np.testing.assert_array_equal(bulk_ess(draws), bulk_ess(np.exp(draws)))


def test_a_quantity_that_never_changes_is_no_disagreement() -> None:
    draws = np.full((50, 4, 1), 0.25)
    assert r_hat(draws)[0] == 1
    assert np.isnan(bulk_ess(draws)[0])
    figures, warnings = diagnose(draws, draws)
    assert np.isnan(figures["ess_predictions"])
    assert sum("never moved" in said for said in warnings) == 2


def test_one_prediction_that_never_changes_does_not_hide_the_others() -> None:
    draws = np.random.default_rng(2).standard_normal((200, 4, 3))
    still = draws.copy()
    still[:, :, 1] = 0.5
    figures, warnings = diagnose(draws[:, :, :1], still)
    assert figures["ess_predictions"] == bulk_ess(draws[:, :, [0, 2]]).min()
    assert warnings == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_draw_that_is_not_finite_is_not_ranked(bad: float) -> None:
    draws = np.random.default_rng(2).standard_normal((200, 4, 2))
    draws[17, 1, 0] = bad
    for found in (r_hat(draws), bulk_ess(draws)):
        assert np.isnan(found[0])
        assert np.isfinite(found[1])
    figures, warnings = diagnose(draws[:, :, 1:], draws)
    assert np.isnan(figures["ess_predictions"])
    assert any("not finite" in said for said in warnings)


def test_chains_stuck_at_different_places_disagree() -> None:
    draws = np.broadcast_to(np.arange(4.0)[None, :, None], (50, 4, 1))
    assert r_hat(draws)[0] > 1e6
    assert bulk_ess(draws)[0] < 8


def test_good_chains_bring_no_warning() -> None:
    rng = np.random.default_rng(2)
    _, warnings = diagnose(rng.standard_normal((200, 4, 1)), rng.standard_normal((200, 4, 20)))
    assert warnings == []


def test_bad_chains_are_named_with_their_numbers() -> None:
    rng = np.random.default_rng(2)
    good, bad = rng.standard_normal((200, 4, 5)), rng.standard_normal((200, 4, 1))
    bad[:, 0] += 5
    figures, warnings = diagnose(bad, good)
    assert len(warnings) == 2
    assert f"R-hat of the log posterior is {figures['r_hat_log_posterior']:.2f}" in warnings[0]
    assert f"worth only {figures['ess_log_posterior']:.0f} independent draws" in warnings[1]


def test_one_chain_says_that_two_are_needed() -> None:
    draws = np.random.default_rng(2).standard_normal((200, 1, 1))
    figures, warnings = diagnose(draws, draws)
    assert np.isnan(figures["r_hat_predictions"])
    assert figures["ess_predictions"] > 100
    assert len(warnings) == 1
    assert "at least two" in warnings[0]


@pytest.mark.parametrize("n_draws", [1, 2, 3])
def test_too_few_draws_say_so_and_nothing_else(n_draws: int) -> None:
    draws = np.random.default_rng(2).standard_normal((n_draws, 4, 1))
    figures, warnings = diagnose(draws, draws)
    assert all(np.isnan(value) for value in figures.values())
    assert len(warnings) == 1
    assert "too few" in warnings[0]
