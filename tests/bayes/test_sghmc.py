"""Stochastic-gradient HMC: its step on a Gaussian, its cycles, its minibatches, its posterior."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from posteriors import SIZES, chains, small_problem

from overfit_cli.bayes import INFERENCES, Problem, sghmc
from overfit_cli.bayes.potential import Likelihood
from overfit_cli.bayes.sghmc import SGHMC, Cycles, StochasticSampler, kick, kinetic_temperature
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network
from overfit_cli.core.replicas import Replicas
from overfit_cli.errors import UsageError
from overfit_cli.remedies.bayes import BAYES

SETTINGS = {"warmup": 4, "samples": 6, "cycles": 2, "thin": 5, "chains": 7, "temperature": 1.0}
KEYS = [(5, 0), (5, 1), (5, 2), (8, 0), (8, 1), (9, 0), (9, 1)]

MEAN = np.array([1.0, -2.0])
COVARIANCE = np.array([[1.0, 0.6], [0.6, 1.5]])


def stationary(step: np.ndarray, keep: float) -> np.ndarray:
    """The covariance of (v, q) that the step's linear recursion keeps, from its fixed point."""
    slope, h = np.linalg.inv(COVARIANCE), np.diag(step)
    upper = np.hstack([keep * np.eye(2), -h @ slope])
    lower = np.hstack([keep * h, np.eye(2) - h @ h @ slope])
    turn = np.vstack([upper, lower])
    noise = np.vstack([np.eye(2), h]) * np.sqrt(2 * (1 - keep))
    added = noise @ noise.T
    solved = np.linalg.solve(np.eye(16) - np.kron(turn, turn), added.ravel())
    return np.asarray(solved.reshape(4, 4)[2:, 2:])


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_small_steps_leave_a_gaussian_as_it_is_up_to_their_square(keep: float) -> None:
    sizes = np.array([0.4, 0.2, 0.1])
    errors = [np.abs(stationary(np.full(2, h), keep) - COVARIANCE).max() for h in sizes]
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 2, atol=0.15)


@pytest.mark.parametrize(("keep", "cold"), [(0.0, 1.0), (0.7, 1.0), (0.7, 0.1)])
def test_chains_have_the_mean_and_covariance_that_theory_gives(keep: float, cold: float) -> None:
    n_chains, step = 3000, np.array([0.5, 0.4])
    slope = np.linalg.inv(COVARIANCE)
    replicas = Replicas(
        np.arange(n_chains),
        [(3, chain) for chain in range(n_chains)],
        {},
        np.zeros((n_chains, 1), int),
        np.tile(MEAN, (n_chains, 1)),
    )
    replicas.state["velocity"] = np.zeros((n_chains, 2))
    for _ in range(80):
        gradient = (replicas.parameters - MEAN) @ slope
        kick(replicas, gradient, np.tile(step, (n_chains, 1)), np.full((n_chains, 1), keep), cold)
    q, expected = replicas.parameters, cold * stationary(step, keep)
    assert np.all(np.abs(q.mean(axis=0) - MEAN) < 4 * np.sqrt(np.diag(expected) / n_chains))
    centred = (q - MEAN)[:, :, None] * (q - MEAN)[:, None, :]
    error = centred.std(axis=0, ddof=1) / np.sqrt(n_chains)
    assert np.all(np.abs(centred.mean(axis=0) - expected) < 4 * error)
    assert np.abs(expected / cold - COVARIANCE).max() < 0.2


@given(st.integers(1, 6), st.integers(0, 30), st.integers(6, 30))
def test_cycles_count_the_draws_of_their_later_part(cycles: int, warmup: int, samples: int) -> None:
    schedule = Cycles(cycles, warmup, samples)
    rounds = [schedule.rounds(draw) for draw in range(1, samples + 1)]
    assert sum(map(len, rounds)) == warmup + samples
    places = [place for own in rounds for place in own]
    starts = [number for number, (start, _) in enumerate(places) if start == 0]
    assert len(starts) == cycles
    for first, end in zip(starts, [*starts[1:], len(places)], strict=True):
        own = places[first:end]
        assert own[-1][1] == pytest.approx(1)
        assert all(a[1] == pytest.approx(b[0]) for a, b in pairwise(own))


def test_exploration_comes_first_in_each_cycle() -> None:
    schedule = Cycles(2, 4, 6)
    assert [len(schedule.rounds(draw)) for draw in range(1, 7)] == [3, 1, 1, 3, 1, 1]
    assert schedule.rounds(1) == [(0, 0.2), (0.2, 0.4), (0.4, pytest.approx(0.6))]


def test_with_a_turn_exploring_ends_there() -> None:
    schedule = Cycles(2, 4, 6)
    assert [len(schedule.rounds(draw, 0.8)) for draw in range(1, 7)] == [3, 1, 1, 3, 1, 1]
    places = [place for draw in (1, 2, 3) for place in schedule.rounds(draw, 0.8)]
    np.testing.assert_allclose(
        places, np.array([[0, 6], [6, 12], [12, 13], [13, 14], [14, 15]]) / 15
    )
    assert Cycles(2, 0, 6).rounds(2, 0.8) == Cycles(2, 0, 6).rounds(2)


@pytest.mark.parametrize("fixed", [True, False])
def test_only_a_fixed_prior_is_explored_without_noise(
    fixed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, stack = stack_of("bernoulli", 5)
    if fixed:
        stack.hyper["prior_sd"] = np.ones(7)
    cold = 0.25 if fixed else 1.0
    temperatures: list[float] = []

    def watched(replicas: Replicas, gradient: Array, step: Array, keep: Array, warm: float) -> None:
        temperatures.append(warm)
        kick(replicas, gradient, step, keep, warm)

    monkeypatch.setattr(sghmc, "kick", watched)
    run(problem, stack, temperature=cold)
    own = [0.0 if fixed else 1.0] * 10 + [cold] * 15
    assert temperatures == own + own


def test_without_noise_a_step_is_descent_with_momentum() -> None:
    problem = small_problem("bernoulli")
    stack = chains(problem, [(0, 0)], np.arange(22)[None])
    start = stack.parameters = np.array([[3.0, -1.0]])
    stack.state["velocity"] = np.zeros((1, 2))
    q, before = start.copy(), start.copy()
    for _ in range(5):
        kick(stack, 2 * stack.parameters, np.full((1, 2), 0.3), np.full((1, 1), 0.5), 0)
        q, before = q - 0.09 * 2 * q + 0.5 * (q - before), q
    np.testing.assert_allclose(stack.parameters, q, rtol=1e-12)


def alike_inputs(
    keys: list[tuple[int, int]],
    step_size: float,
    hidden: tuple[int, ...] = (64, 64),
    likelihood: str = "categorical",
) -> tuple[Problem, Replicas]:
    """200 inputs that rise and fall together, 2,000 rows, three targets, a wide relu network."""
    rng = np.random.default_rng(3)
    level = rng.uniform(0, 1, (2000, 1))
    inputs = level + 0.1 * rng.standard_normal((2000, 200))
    targets = np.eye(3)[np.digitize(level[:, 0] + 0.1 * rng.standard_normal(2000), [0.3, 0.6])]
    network = Network(Layout((200, *hidden, 3)), "relu", likelihood)
    problem = Problem(network, TrainingData(inputs, targets, None), 2000, 32)
    stack = chains(problem, keys, np.tile(np.arange(2000), (len(keys), 1)))
    stack.hyper["step_size"] = np.full(len(keys), step_size)
    stack.hyper["momentum"] = np.full(len(keys), 0.9)
    return problem, stack


def test_inputs_that_rise_and_fall_together_do_not_make_it_diverge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert SGHMC.diagnostics is not None
    problem, stack = alike_inputs(KEYS[:2], 3.0)
    run(problem, stack)
    assert np.isfinite(stack.parameters).all()
    assert np.all(stack.state["sghmc.used"] < 0.2)
    told = SGHMC.diagnostics(stack.state, SETTINGS)["warnings"]
    assert told[0].startswith("--step-size 3 is more than is surely stable")
    problem, stack = alike_inputs(KEYS[:2], 0.02)
    run(problem, stack)
    assert np.all(stack.state["sghmc.used"] == 0.02)
    assert "step-size" not in SGHMC.diagnostics(stack.state, SETTINGS)["warnings"][0]
    monkeypatch.setattr(sghmc, "stable_factor", lambda *_: np.full(2, np.inf))
    problem, stack = alike_inputs(KEYS[:2], 3.0)
    with np.errstate(all="ignore"):
        run(problem, stack)
    assert not np.isfinite(stack.parameters).any()


@pytest.mark.parametrize("sd", [0.3, 3.0])
@pytest.mark.parametrize("likelihood", ["categorical", "gaussian"])
def test_deep_networks_under_a_fixed_prior_neither_fly_apart_nor_run_hot(
    likelihood: str, sd: float
) -> None:
    """Their weights start far from where such a prior has them, and the curvature with them."""
    problem, stack = alike_inputs(KEYS[:2], 0.2, (48, 48, 48), likelihood)
    stack.hyper["prior_sd"] = np.full(2, sd)
    settings = SETTINGS | {"warmup": 6, "thin": 40}
    sampler = StochasticSampler(problem, settings)
    sampler.init(stack)
    for draw in range(1, 7):
        sampler.advance(stack, draw)
    assert np.isfinite(stack.parameters).all()
    assert np.all(stack.state["sghmc.heat"] < 1.2)


def test_steps_under_a_fixed_prior_are_a_learning_rate_however_wide_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first step from rest is - h^2 times the gradient, which is N times the mean nll's."""
    seen: list[tuple[Array, Array]] = []

    def watched(replicas: Replicas, slope: Array, step: Array, keep: Array, warm: float) -> None:
        start = replicas.parameters.copy()
        kick(replicas, slope, step, keep, warm)
        seen.append((replicas.parameters - start, slope))

    monkeypatch.setattr(sghmc, "kick", watched)
    for sd in (10.0, 1000.0):
        problem, stack = stack_of("bernoulli", None)
        stack.hyper |= {"prior_sd": np.full(7, sd), "step_size": np.full(7, 0.2)}
        seen.clear()
        run(problem, stack)
        moved, slope = seen[0]
        np.testing.assert_allclose(moved, -(0.2**2) / 22 * slope, rtol=1e-2)


def test_under_a_fixed_prior_exploring_begins_at_rest() -> None:
    """Else the first large steps would carry off what small ones had set in motion."""
    problem, stack = stack_of("bernoulli", 5)
    stack.hyper["prior_sd"] = np.ones(7)
    sampler = StochasticSampler(problem, SETTINGS)
    sampler.init(stack)
    stack.state["velocity"][...] = 1e9
    sampler.advance(stack, 1)
    assert np.abs(stack.parameters).max() < 100


@pytest.mark.parametrize("name", list(SIZES))
def test_minibatches_average_to_the_whole_gradient(name: str) -> None:
    weights = np.linspace(0, 2, 24)
    problem = small_problem(name, n_rows=24, weights=weights)
    rng = np.random.default_rng(5)
    rows = np.stack([rng.permutation(24) for _ in range(3)])
    likelihood = Likelihood(problem, rows, np.float64)
    n_parameters = problem.network.layout.n_parameters
    precision, q = rng.uniform(0.5, 2, (3, n_parameters)), rng.standard_normal((3, n_parameters))
    noise = rng.uniform(0.5, 4, (3, 2)) if name == "gaussian" else None
    whole = likelihood.potential(precision, noise).gradient(q)
    estimate = likelihood.estimated_gradient(precision, noise, 8)
    order = np.stack([rng.permutation(24) for _ in range(3)])
    parts = [estimate(q, order[:, start : start + 8]) for start in (0, 8, 16)]
    np.testing.assert_allclose(np.mean(parts, axis=0), whole, rtol=1e-10, atol=1e-10)
    assert np.abs(parts[0] - whole).max() > 0.1


def stack_of(name: str, batch_size: int | None) -> tuple[Problem, Replicas]:
    """Chains of three runs, each run with rows of its own."""
    problem = small_problem(name, n_sets=3)
    problem = Problem(problem.network, problem.data, problem.n_rows, batch_size)
    rows = np.array([np.arange(22) + 22 * (0, 0, 0, 1, 1, 2, 2)[r] for r in range(7)])
    replicas = chains(problem, KEYS, rows)
    replicas.hyper |= {"step_size": np.linspace(0.05, 0.2, 7), "momentum": np.linspace(0, 0.9, 7)}
    return problem, replicas


def alone(replicas: Replicas, place: int) -> Replicas:
    chosen = slice(place, place + 1)
    return Replicas(
        replicas.ids[chosen],
        replicas.keys[chosen],
        {name: values[chosen].copy() for name, values in replicas.hyper.items()},
        replicas.rows[chosen],
        replicas.parameters[chosen].copy(),
    )


def run(problem: Problem, replicas: Replicas, leave: Any = None, temperature: float = 1.0) -> None:
    sampler = StochasticSampler(problem, SETTINGS | {"temperature": temperature})
    sampler.init(replicas)
    for draw in range(1, SETTINGS["samples"] + 1):
        sampler.advance(replicas, draw)
        if draw == 3 and leave is not None:
            replicas.keep(leave)


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("name", list(SIZES))
def test_a_chain_gives_the_same_bits_alone_as_among_seven(
    name: str, batch_size: int | None
) -> None:
    problem, stack = stack_of(name, batch_size)
    singles = [alone(stack, place) for place in range(7)]
    stay = np.array([1, 0, 1, 1, 0, 0, 1], bool)
    run(problem, stack, leave=stay)
    for place, left in enumerate(np.flatnonzero(stay)):
        run(problem, singles[left])
        np.testing.assert_array_equal(stack.parameters[place], singles[left].parameters[0])
        for key, values in stack.state.items():
            np.testing.assert_array_equal(values[place], singles[left].state[key][0], err_msg=key)


def test_diagnostics_have_every_figure() -> None:
    problem, stack = stack_of("bernoulli", 5)
    run(problem, stack)
    assert SGHMC.diagnostics is not None
    figures = SGHMC.diagnostics({key: values[:3] for key, values in stack.state.items()}, SETTINGS)
    assert list(figures) == [
        "temperature",
        "step_size",
        "gradient_evaluations",
        "r_hat_log_posterior",
        "ess_log_posterior",
        "r_hat_predictions",
        "ess_predictions",
        "warnings",
    ]
    assert figures["gradient_evaluations"] == pytest.approx(3 * (4 + 6) * 5 * 5 / 22, abs=1e-3)
    assert np.isfinite([value for key, value in figures.items() if key != "warnings"]).all()
    assert figures["warnings"]


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_the_temperature_of_a_gaussian_is_one_and_noisy_gradients_heat_it(keep: float) -> None:
    """Of 4,000 independent coordinates with U = q^2 / 2; heat as `kick` says."""
    step, noise, keep_of = np.full((1, 4000), 0.05), 4.0, np.full((1, 1), keep)
    for sd, expected in ((0.0, 1.0), (noise, 1 + (0.05 * noise) ** 2 / (2 * (1 - keep)))):
        problem, rng = small_problem("bernoulli"), np.random.default_rng(1)
        stack = chains(problem, [(0, 0)], np.arange(22)[None])
        stack.parameters = rng.standard_normal((1, 4000))
        stack.state["velocity"] = rng.standard_normal((1, 4000))
        heats = []
        for _ in range(400):
            kick(stack, stack.parameters + sd * rng.standard_normal((1, 4000)), step, keep_of)
            heats.append(kinetic_temperature(stack.state["velocity"], np.array([keep]))[0])
        assert np.mean(heats[200:]) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("cold", [1.0, 0.1])
def test_heat_is_told(cold: float) -> None:
    problem, stack = stack_of("bernoulli", 5)
    run(problem, stack)
    assert SGHMC.diagnostics is not None
    for heat, n_told in ((1.21, 1), (1.19, 0)):
        stack.state["sghmc.heat"][...] = cold * heat
        told = SGHMC.diagnostics(stack.state, SETTINGS | {"temperature": cold})["warnings"]
        said = f"temperature is {cold * 1.21:.3g}, above {cold * 1.2:.3g}"
        assert sum(said in one for one in told) == n_told


def test_temperature_zero_is_not_called_hot() -> None:
    problem, stack = stack_of("bernoulli", 5)
    run(problem, stack)
    assert SGHMC.diagnostics is not None
    told = SGHMC.diagnostics(stack.state, SETTINGS | {"temperature": 0.0})["warnings"]
    assert not any("hotter" in said for said in told)


def test_only_a_fixed_prior_can_be_colder() -> None:
    problem, _ = stack_of("bernoulli", 5)
    assert SGHMC.notes is not None
    cold = SETTINGS | {"temperature": 0.1}
    with pytest.raises(UsageError, match="Fix it: --prior-sd 1"):
        SGHMC.notes(problem.network, cold)
    assert SGHMC.notes(problem.network, cold | {"prior_sd": 1.0}) == ()
    assert SGHMC.notes(problem.network, cold | {"temperature": 1.0}) == ()


def test_each_inference_has_its_own_default_temperature() -> None:
    assert BAYES.settings({"inference": "sghmc"})["temperature"] == 1
    assert "temperature" not in BAYES.settings({})
    assert BAYES.settings({"inference": "laplace"})["temperature"] == 0.1
    assert BAYES.settings({"inference": "laplace", "temperature": 1})["temperature"] == 1


def test_more_cycles_than_draws_are_refused() -> None:
    problem, _ = stack_of("bernoulli", 5)
    assert SGHMC.notes is not None
    with pytest.raises(UsageError, match="--cycles 7: each cycle counts at least one draw"):
        SGHMC.notes(problem.network, SETTINGS | {"cycles": 7})
    assert SGHMC.notes(problem.network, SETTINGS | {"cycles": 6}) == ()


def test_registered_with_what_it_refuses() -> None:
    assert INFERENCES["sghmc"] is SGHMC
    assert SGHMC.refuses == INFERENCES["hmc"].refuses
