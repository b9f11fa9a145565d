"""The sampler as a whole: it keeps the joint prior, its streams are keyed, chains are alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from posteriors import SIZES, chains, sampled, small_problem

from overfit_cli.bayes import INFERENCES, Problem
from overfit_cli.bayes.hmc import HMC, HamiltonianSampler
from overfit_cli.bayes.prior import noise_prior, spread, weight_prior
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.core.replicas import Replicas

SETTINGS = {"warmup": 3, "samples": 4, "leapfrog": 6, "chains": 4}
KEYS = [(5, 0), (5, 1), (5, 2), (8, 0), (8, 1), (9, 0), (9, 1)]


def seven_chains(name: str) -> tuple[Problem, Replicas]:
    """Chains of three runs, each run with rows of its own."""
    problem = small_problem(name, n_sets=3)
    rows = np.array([np.arange(22) + 22 * (0, 0, 0, 1, 1, 2, 2)[r] for r in range(7)])
    return problem, chains(problem, KEYS, rows)


def alone(replicas: Replicas, place: int) -> Replicas:
    chosen = slice(place, place + 1)
    return Replicas(
        replicas.ids[chosen],
        replicas.keys[chosen],
        {name: values[chosen].copy() for name, values in replicas.hyper.items()},
        replicas.rows[chosen],
        replicas.parameters[chosen].copy(),
    )


@pytest.mark.parametrize("name", list(SIZES))
def test_a_chain_gives_the_same_bits_alone_as_among_seven(name: str) -> None:
    problem, stack = seven_chains(name)
    singles = [alone(stack, place) for place in range(7)]
    draws = sampled(problem, stack, 3, 4, 6)
    for place, single in enumerate(singles):
        own = sampled(problem, single, 3, 4, 6)
        np.testing.assert_array_equal(draws[:, place], own[:, 0])
        for key, values in stack.state.items():
            np.testing.assert_array_equal(values[place], single.state[key][0], err_msg=key)


@pytest.mark.parametrize("name", list(SIZES))
def test_a_chain_does_not_notice_that_others_leave(name: str) -> None:
    problem, stack = seven_chains(name)
    stay = np.array([1, 0, 1, 1, 0, 0, 1], bool)
    left = alone(stack, 3)
    sampler, other = HamiltonianSampler(problem, SETTINGS), HamiltonianSampler(problem, SETTINGS)
    sampler.init(stack)
    other.init(left)
    for epoch in range(1, 8):
        sampler.advance(stack, epoch)
        other.advance(left, epoch)
        if epoch == 4:
            stack.keep(stay)
    np.testing.assert_array_equal(stack.parameters[2], left.parameters[0])


def test_chains_of_one_run_differ() -> None:
    problem, stack = seven_chains("bernoulli")
    draws = sampled(problem, stack, 0, 1, 5)[0]
    assert len(np.unique(draws[:, 0])) == 7


def test_each_chain_starts_at_hidden_biases_of_its_own_and_an_output_bias_of_zero() -> None:
    problem, stack = seven_chains("categorical")
    weights = stack.parameters[:, : problem.network.layout.n_weights].copy()
    HamiltonianSampler(problem, SETTINGS).init(stack)
    biases = problem.network.layout.biases(stack.parameters)
    np.testing.assert_array_equal(stack.parameters[:, : weights.shape[1]], weights)
    assert len(np.unique(np.concatenate([b.ravel() for b in biases[:-1]]))) == 7 * 9
    assert not biases[-1].any()


def prior_draw(
    name: str, n_chains: int, n_rows: int, seed: int
) -> tuple[Problem, np.ndarray, np.ndarray]:
    """Draw hyperparameters, parameters and then data for every chain, each from its own model."""
    rng = np.random.default_rng(seed)
    layout = Layout((1, 1, 1))
    prior = weight_prior(layout, np.full(n_chains, 2.0))
    precision = prior.mean.copy()
    for group in prior.sampled:
        a = prior.shape[group]
        precision[:, group] *= rng.standard_gamma(a, n_chains) / a
    q = rng.standard_normal((n_chains, 4)) / np.sqrt(spread(layout, precision))
    inputs = rng.standard_normal((n_chains, n_rows, 1))
    network = Network(layout, "tanh", name)
    outputs = np.stack([forward(network, q[r : r + 1], inputs[r])[0] for r in range(n_chains)])
    if name == "bernoulli":
        probability = (1 + np.tanh(outputs / 2)) / 2
        targets = (rng.random(outputs.shape) < probability).astype(float)
    else:
        noise = noise_prior(1, np.full(n_chains, n_rows))
        tau = rng.standard_gamma(noise.shape[0], n_chains) / noise.shape[0]
        targets = outputs + rng.standard_normal(outputs.shape) / np.sqrt(tau)[:, None, None]
    data = TrainingData(inputs.reshape(-1, 1), targets.reshape(-1, 1), None)
    return Problem(network, data, n_rows), q, targets


def statistics(q: np.ndarray, targets: np.ndarray, problem: Problem) -> dict[str, np.ndarray]:
    """Bounded functions of the parameters and of parameters and data together, (R,) each."""
    n_chains, n_rows, _ = targets.shape
    inputs = problem.data.inputs.reshape(n_chains, n_rows, 1)
    outputs = np.stack(
        [forward(problem.network, q[r : r + 1], inputs[r])[0] for r in range(n_chains)]
    )
    both = np.tanh(np.log(np.mean((targets - np.clip(outputs, -5, 5)) ** 2, axis=(1, 2)) + 1e-3))
    shapes = {f"q{i}": np.tanh(q[:, i] / s) for i, s in enumerate((2.0, 2.0, 2.0, 100.0))}
    sizes = {f"log q{i}^2": np.tanh(np.log(np.abs(q[:, i]) + 1e-9) / 4) for i in range(4)}
    return shapes | sizes | {"fit": both}


@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_sampling_from_a_joint_draw_keeps_the_joint_distribution(name: str) -> None:
    """Parameters and data drawn together stay so under any number of draws given the data.

    Geweke 2004 with independent chains: a wrong scale of the likelihood, of the prior, of the
    noise or of the Metropolis test moves one of the statistics.
    """
    n_chains = 1000
    problem, q, targets = prior_draw(name, n_chains, 4, seed=21)
    replicas = chains(
        problem, [(s, 0) for s in range(n_chains)], np.arange(n_chains * 4).reshape(-1, 4)
    )
    replicas.hyper["prior_width"][:] = 2.0
    before = statistics(q, targets, problem)
    sampled(problem, replicas, 0, 8, 8, start=q)
    assert 0.3 < replicas.state["hmc.acceptance"].mean() < 0.999
    assert np.mean(np.any(replicas.parameters != q, axis=1)) > 0.9
    for key, values in statistics(replicas.parameters, targets, problem).items():
        change = values - before[key]
        error = change.std(ddof=1) / np.sqrt(n_chains)
        assert abs(change.mean()) < 4 * error, key


def one_input_logistic() -> tuple[Problem, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    x = rng.standard_normal((12, 1))
    t = (x + 0.8 * rng.standard_normal((12, 1)) > 0.3).astype(float)
    return Problem(Network(Layout((1, 1)), "tanh", "bernoulli"), TrainingData(x, t, None), 12), x, t


def test_predictions_of_a_network_of_two_parameters_agree_with_a_grid() -> None:
    """Identity 8's tolerance: .01 in predictive probability; the precision integrated on a grid."""
    problem, x, t = one_input_logistic()
    replicas = chains(problem, [(1, c) for c in range(40)], np.tile(np.arange(12), (40, 1)), 1.0)
    draws = sampled(problem, replicas, 100, 150, 10)
    new = np.linspace(-2, 2, 9)
    logits = draws[..., :1] * new + draws[..., 1:]
    found = (1 / (1 + np.exp(-logits))).mean(axis=(0, 1))
    w, b = np.meshgrid(np.linspace(-15, 25, 321), np.linspace(-15, 10, 251), indexing="ij")
    z = w[..., None] * x[:, 0] + b[..., None]
    log_p = (t[:, 0] * z - np.logaddexp(0, z)).sum(axis=-1) - b**2 / 20_000
    log_p -= 0.75 * np.log(0.25 + w**2 / 2)
    weight = np.exp(log_p - log_p.max())
    weight /= weight.sum()
    expected = [float((weight / (1 + np.exp(-(w * v + b)))).sum()) for v in new]
    assert np.abs(found - expected).max() < 0.01
    assert abs(replicas.state["hmc.acceptance"].mean() - 0.75) < 0.15


def test_log_posterior_is_that_of_the_draw_with_precisions_integrated_out() -> None:
    problem, x, t = one_input_logistic()
    replicas = chains(problem, [(1, 0)], np.arange(12)[None], 1.0)
    draws = sampled(problem, replicas, 2, 5, 4)[:, 0]
    z = draws[:, :1] * x[:, 0] + draws[:, 1:]
    expected = (t[:, 0] * z - np.logaddexp(0, z)).sum(axis=-1) - draws[:, 1] ** 2 / 20_000
    expected -= 0.75 * np.log(0.25 + draws[:, 0] ** 2 / 2)
    np.testing.assert_allclose(replicas.state["hmc.log_posterior"][0], expected, rtol=1e-10)


def test_noise_of_a_regression_is_found() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((400, 1))
    t = 0.9 * x + np.array([[0.1, 0.4]]) * rng.standard_normal((400, 2))
    problem = Problem(Network(Layout((1, 2)), "tanh", "gaussian"), TrainingData(x, t, None), 400)
    replicas = chains(problem, [(1, c) for c in range(3)], np.tile(np.arange(400), (3, 1)))
    sampler = HamiltonianSampler(problem, {"warmup": 60, "samples": 60, "leapfrog": 10})
    sampler.init(replicas)
    sd = []
    for epoch in range(1, 121):
        sampler.advance(replicas, epoch)
        if epoch > 60:
            variance = sampler.noise_variance(replicas)
            assert variance is not None
            sd.append(np.sqrt(variance))
    np.testing.assert_allclose(np.mean(sd, axis=(0, 1)), [0.1, 0.4], rtol=0.08)


def test_classes_have_no_noise() -> None:
    problem, stack = seven_chains("bernoulli")
    sampler = HamiltonianSampler(problem, SETTINGS)
    sampler.init(stack)
    assert sampler.noise_variance(stack) is None


def test_divergent_draws_are_rejected_counted_and_said() -> None:
    problem, stack = seven_chains("categorical")
    sampler = HamiltonianSampler(problem, {**SETTINGS, "warmup": 0, "samples": 5})
    sampler.init(stack)
    start = stack.parameters.copy()
    stack.state["hmc.log_step_mean"][:2] = np.log(1e6)
    for epoch in range(1, 6):
        sampler.advance(stack, epoch)
    np.testing.assert_array_equal(stack.parameters[:2], start[:2])
    assert np.all(stack.parameters[2:] != start[2:])
    diagnosis = diagnosed(stack, slice(0, 4))
    assert diagnosis["divergences"] == 10
    assert diagnosis["warnings"][0].startswith("10 of 20 draws diverged")


def diagnosed(stack: Replicas, chosen: slice) -> dict[str, Any]:
    report: Callable[..., dict[str, Any]] | None = HMC.diagnostics
    assert report is not None
    return report({name: values[chosen] for name, values in stack.state.items()}, SETTINGS)


def test_diagnostics_have_every_figure() -> None:
    problem, stack = seven_chains("bernoulli")
    sampled(problem, stack, 3, 8, 6)
    diagnosis = diagnosed(stack, slice(0, 3))
    assert list(diagnosis) == [
        "acceptance",
        "divergences",
        "step_sizes",
        "gradient_evaluations",
        "r_hat_log_posterior",
        "ess_log_posterior",
        "r_hat_predictions",
        "ess_predictions",
        "warnings",
    ]
    assert diagnosis["gradient_evaluations"] == 3 * 11 * 7
    assert len(diagnosis["step_sizes"]) == 3
    assert 0 < diagnosis["acceptance"] <= 1
    assert diagnosis["warnings"]


def test_low_acceptance_is_told() -> None:
    problem, stack = seven_chains("bernoulli")
    sampled(problem, stack, 3, 8, 6)
    for share, n_told in ((0.39, 1), (0.4, 0)):
        stack.state["hmc.acceptance"][...] = share
        told = [said for said in diagnosed(stack, slice(0, 3))["warnings"] if "accepted" in said]
        assert len(told) == n_told
        assert all("39%" in said and "raise --warmup" in said for said in told)


def test_registered_with_what_it_refuses() -> None:
    assert INFERENCES["hmc"] is HMC
    assert HMC.refuses == ("l1", "l2", "max-norm", "dropout", "early-stopping")
    assert HMC.members(SETTINGS) == 4
    assert HMC.epochs is not None
    assert HMC.epochs(SETTINGS) == 7
