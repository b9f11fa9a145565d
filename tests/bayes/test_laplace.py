"""Laplace: the curvature, the Gaussians, the evidence, and runs from options to predictions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracles import loop_network
from posteriors import small_problem

from overfit_cli.bayes import curvature
from overfit_cli.bayes.curvature import Seen
from overfit_cli.bayes.evidence import Precisions
from overfit_cli.bayes.gaussians import diagonal, full
from overfit_cli.bayes.inference import Problem
from overfit_cli.bayes.kronecker import flat, kfac, layers
from overfit_cli.bayes.linearised import linearised
from overfit_cli.bayes.mode import minimise
from overfit_cli.bayes.target import Target
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.errors import UsageError
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.prediction import stored_predictor
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stack import Stack, units_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

LIKELIHOODS = ("bernoulli", "categorical", "gaussian")
CURVATURES = ("diagonal", "kfac", "full")
every_likelihood = pytest.mark.parametrize("likelihood", LIKELIHOODS)


def seen(likelihood: str, n_rows: int = 7) -> Seen:
    problem, rng = small_problem(likelihood, n_rows), np.random.default_rng(5)
    parameters = rng.standard_normal(problem.network.layout.n_parameters) * 0.6
    return Seen(problem.network, parameters, problem.data.inputs, rng.uniform(0.2, 2, n_rows))


def outputs(network: Network, parameters: np.ndarray, row: np.ndarray) -> np.ndarray:
    sizes = network.layout.sizes
    return np.array(loop_network.forward(sizes, network.activation, parameters, row))


def jacobian(network: Network, parameters: np.ndarray, row: np.ndarray) -> np.ndarray:
    """(K, P) by central differences of the loop network."""
    step, eye = 1e-6, np.eye(len(parameters))
    columns = [
        (
            outputs(network, parameters + step * e, row)
            - outputs(network, parameters - step * e, row)
        )
        / (2 * step)
        for e in eye
    ]
    return np.stack(columns, axis=1)


def output_hessians(likelihood: str, z: np.ndarray) -> list[np.ndarray]:
    """One row's second derivatives in its outputs; one per target of a regression."""
    if likelihood == "bernoulli":
        p = 1 / (1 + np.exp(-z[0]))
        return [np.array([[p * (1 - p)]])]
    if likelihood == "categorical":
        p = np.exp(z) / np.exp(z).sum()
        return [np.diag(p) - np.outer(p, p)]
    return [np.diag(e) for e in np.eye(len(z))]


def gauss_newton(given: Seen) -> np.ndarray:
    found = 0.0
    for row, exponent in zip(given.inputs, given.exponents, strict=True):
        j = jacobian(given.network, given.parameters, row)
        hessians = output_hessians(
            given.network.likelihood, outputs(given.network, given.parameters, row)
        )
        found += exponent * np.stack([j.T @ h @ j for h in hessians])
    return np.asarray(found)


@every_likelihood
def test_curvature_against_one_row_at_a_time(likelihood: str, monkeypatch: Any) -> None:
    given = seen(likelihood)
    exact = gauss_newton(given)
    np.testing.assert_allclose(curvature.full(given), exact, rtol=1e-6, atol=1e-7)
    own = np.diagonal(exact, axis1=1, axis2=2)
    np.testing.assert_allclose(curvature.diagonal(given), own, rtol=1e-6, atol=1e-7)
    whole = curvature.full(given), curvature.kronecker(given)
    monkeypatch.setattr(curvature, "BLOCK", 40)
    np.testing.assert_allclose(curvature.full(given), whole[0], rtol=1e-9)
    for now, before in zip(curvature.kronecker(given), whole[1], strict=True):
        for left, right in zip(now, before, strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-9)


@every_likelihood
def test_kronecker_factors_are_exact_within_layers_for_one_row(likelihood: str) -> None:
    given, layout = seen(likelihood, 1), small_problem(likelihood).network.layout
    exact, (inner, outer) = curvature.full(given), curvature.kronecker(given)
    places = layers(layout, np.arange(layout.n_parameters, dtype=float)[None])
    for a, b, place in zip(inner, outer, places, strict=True):
        own = place[0].astype(int).ravel()
        for part, matrix in enumerate(exact):
            np.testing.assert_allclose(
                np.kron(a, b[part]), matrix[np.ix_(own, own)], rtol=1e-10, atol=1e-12
            )


def dense(given: Seen, kind: str, precision: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The precision matrix that a Gaussian should have, made of plain matrices."""
    layout, prior = given.network.layout, np.diag(precision)
    if kind == "full":
        return np.tensordot(noise, curvature.full(given), 1) + prior
    if kind == "diagonal":
        return np.diag(noise @ curvature.diagonal(given)) + prior
    found = prior.copy()
    places = layers(layout, np.arange(layout.n_parameters, dtype=float)[None])
    for a, b, place in zip(*curvature.kronecker(given), places, strict=True):
        own = place[0].astype(int).ravel()
        found[np.ix_(own, own)] += np.kron(a, np.tensordot(noise, b, 1))
    return found


@pytest.mark.parametrize("kind", CURVATURES)
@every_likelihood
def test_a_gaussian_against_its_dense_matrix(likelihood: str, kind: str) -> None:
    given, rng = seen(likelihood), np.random.default_rng(6)
    layout = given.network.layout
    sizes = [group.stop - group.start for group in layout.groups]
    precision = np.repeat(rng.uniform(0.3, 3, len(sizes)), sizes)
    noise = rng.uniform(0.5, 2, given.n_parts)
    gaussian = {"diagonal": diagonal, "kfac": kfac, "full": full}[kind](given)(precision, noise)
    matrix = dense(given, kind, precision, noise)
    covariance = np.linalg.inv(matrix)
    np.testing.assert_allclose(gaussian.variances, np.diag(covariance), rtol=1e-10)
    assert gaussian.log_det == pytest.approx(np.linalg.slogdet(matrix)[1], abs=1e-9)
    v = rng.standard_normal(layout.n_parameters)
    np.testing.assert_allclose(gaussian.solve(v), covariance @ v, rtol=1e-9, atol=1e-12)
    root = gaussian.draw(np.eye(layout.n_parameters))
    np.testing.assert_allclose(root.T @ root, covariance, rtol=1e-9, atol=1e-11)
    parts = [dense(given, kind, 0 * precision, unit) for unit in np.eye(given.n_parts)]
    traces = [np.trace(covariance @ part) for part in parts]
    np.testing.assert_allclose(gaussian.traces, traces, rtol=1e-9)


def test_layers_and_flat_are_inverse() -> None:
    layout = Layout((3, 5, 2))
    vectors = np.random.default_rng(0).standard_normal((4, layout.n_parameters))
    np.testing.assert_array_equal(flat(layout, layers(layout, vectors)), vectors)


@every_likelihood
def test_linearised_predictions_against_differences(likelihood: str) -> None:
    given, rng = seen(likelihood), np.random.default_rng(7)
    mode, network = given.parameters, given.network
    near = mode + 0.3 * rng.standard_normal((3, len(mode)))
    found = linearised(mode)(network, near, given.inputs)
    for place, row in enumerate(given.inputs):
        expected = outputs(network, mode, row) + (near - mode) @ jacobian(network, mode, row).T
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        linearised(mode)(network, mode[None], given.inputs),
        forward(network, mode[None], given.inputs),
        rtol=1e-12,
    )


# -- identity 7: a linear-Gaussian network ---------------------------------------------------


def linear(n_targets: int = 1, weighted: bool = False) -> Problem:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((23, 4))
    t = x @ rng.standard_normal((4, n_targets)) + 0.5 + 0.3 * rng.standard_normal((23, n_targets))
    network = Network(Layout((4, n_targets)), "tanh", "gaussian")
    weights = rng.uniform(0.1, 2, 23) if weighted else None
    return Problem(network, TrainingData(x, t, weights), 23)


def closed_form(problem: Problem, precisions: Precisions) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean (T, 5), covariance (T, 5, 5) and log evidence of Bayesian linear regression.

    The evidence as the density of the targets, N(0, noise + X prior X'), for weights of 1.
    """
    x = np.column_stack([problem.data.inputs, np.ones(23)])
    weights = problem.data.weights
    exponents = np.ones(23) if weights is None else weights * 23 / weights.sum()
    prior = np.array([precisions.prior[0]] * 4 + [precisions.prior[1]])
    means, covariances, evidence = [], [], 0.0
    for t, noise in zip(problem.data.targets.T, precisions.noise, strict=True):
        covariance = np.linalg.inv(noise * (x.T * exponents) @ x + np.diag(prior))
        means.append(noise * covariance @ (x.T * exponents) @ t)
        covariances.append(covariance)
        density = np.eye(23) / noise + (x / prior) @ x.T
        evidence -= (23 * np.log(2 * np.pi) + np.linalg.slogdet(density)[1]) / 2
        evidence -= t @ np.linalg.solve(density, t) / 2
    return np.array(means), np.array(covariances), float(evidence)


@pytest.mark.parametrize("kind", ["kfac", "full"])
@pytest.mark.parametrize(("n_targets", "weighted"), [(1, False), (2, False), (2, True)])
def test_a_linear_gaussian_network_is_exact(kind: str, n_targets: int, weighted: bool) -> None:
    problem = linear(n_targets, weighted)
    precisions = Precisions(np.array([0.7, 2.5]), np.array([3.0, 11.0])[:n_targets])
    target = Target(problem, np.arange(23), {"kfac": kfac, "full": full}[kind])
    start = np.zeros(problem.network.layout.n_parameters)
    reached = target.reach(start, precisions, 2)
    mode, found = reached.mode, reached.posterior
    means, covariances, evidence = closed_form(problem, precisions)
    point = layers(problem.network.layout, mode.point[None])[0][0]
    np.testing.assert_allclose(point.T, means, rtol=0, atol=1e-10)
    root = layers(problem.network.layout, found.gaussian.draw(np.eye(len(start))))[0]
    for t, covariance in enumerate(covariances):
        np.testing.assert_allclose(root[..., t].T @ root[..., t], covariance, rtol=0, atol=1e-10)
    if not weighted:
        assert found.log_evidence == pytest.approx(evidence, abs=1e-10)
    assert found.distance < 1e-8


def test_the_fixed_point_is_a_maximum_of_the_evidence() -> None:
    problem = linear(2)
    target = Target(problem, np.arange(23), full)
    point, now = np.zeros(10), Precisions(np.ones(2), np.ones(2))
    found = target.reach(point, now, 2)
    for _ in range(200):
        evidence = found.posterior.log_evidence
        found = target.climb(found.mode.point, found.precisions, evidence, False, 2)
        assert found.posterior.log_evidence >= evidence - 1e-9
    now = found.precisions
    best = closed_form(problem, now)[2]
    # weights and biases of a layer share their precision
    for change in (1.02, 1 / 1.02):
        for prior, noise in (
            (now.prior * change, now.noise),
            (now.prior, now.noise * [change, 1]),
            (now.prior, now.noise * [1, change]),
        ):
            assert closed_form(problem, Precisions(prior, noise))[2] < best


@every_likelihood
def test_the_mode_is_one(likelihood: str) -> None:
    """The gradient of the penalised nll, by differences of the loop network, vanishes."""
    problem = small_problem(likelihood)
    layout = problem.network.layout
    noise = np.array([2.0, 5.0]) if likelihood == "gaussian" else np.ones(1)
    precisions = Precisions(np.full(len(layout.groups), 1.5), noise)
    target = Target(problem, np.arange(22), full)
    start = 0.3 * np.random.default_rng(2).standard_normal(layout.n_parameters)
    mode = target.reach(start, precisions, 20).mode
    _, slope = target.objective(precisions)(mode.point)
    if likelihood != "gaussian":
        _, loop = loop_network.loss_and_gradient(
            layout.sizes, "tanh", likelihood, mode.point, problem.data.inputs, problem.data.targets
        )
        np.testing.assert_allclose(22 * np.array(loop) + 1.5 * mode.point, slope, atol=1e-9)
    assert target.posterior(mode.point, precisions).distance < 0.01
    assert np.abs(slope).max() < 0.05


def test_minimise_a_quadratic_and_stops_where_nothing_is_lower() -> None:
    rng = np.random.default_rng(3)
    root = rng.standard_normal((6, 6))
    matrix, goal = root @ root.T + np.eye(6), rng.standard_normal(6)

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        return float((x - goal) @ matrix @ (x - goal) / 2), matrix @ (x - goal)

    found = minimise(objective, np.zeros(6), lambda v: v, 100, 1e-9)
    np.testing.assert_allclose(found.point, goal, atol=1e-8)
    assert found.n_steps < 100
    wrong = minimise(lambda x: (float(x @ x), -x), np.ones(6), lambda v: v, 5)
    np.testing.assert_array_equal(wrong.point, np.ones(6))


# -- runs ----------------------------------------------------------------------------------------

TASKS: dict[str, dict[str, Any]] = {
    "two classes": {"dataset": "moons:n=60,n_test=40", "hidden": [5, 3]},
    "three classes": {"dataset": "iris", "hidden": [4]},
    "regression": {"dataset": "sine:n=40,n_test=30", "hidden": [6], "activation": "tanh"},
    "three targets": {"dataset": "linnerud", "hidden": []},
}

FRIEDMAN = {"dataset": "friedman1:n=200,n_test=50", "hidden": [20], "epochs": 100, "layers": "all"}


def runs(seeds: int = 1, **given: Any) -> list[RunResult]:
    options = {"method": "bayes", "inference": "laplace", "epochs": 20, "rounds": 4, "draws": 7}
    specs, data = ready(specs_of(parse_options(options | given | {"seeds": seeds})))
    return [
        result
        for stack in stacks_of(specs, data)
        for result in finish(train(stack.specs, stack.data))
    ]


@pytest.mark.parametrize("settings", [{}, {"layers": "all", "curvature": "full"}])
@pytest.mark.parametrize("task", TASKS)
def test_stored_networks_predict_what_the_run_did(task: str, settings: dict[str, Any]) -> None:
    given = TASKS[task] | settings
    (result,) = runs(**given)
    assert result.status == "done"
    assert np.isfinite(result.final["test"]["nll"])
    assert result.model is not None
    assert result.predictions is not None
    assert len(result.model.parameters) == 8
    assert result.model.log_weights[0] == -np.inf
    specs, data = ready(
        specs_of(
            parse_options(
                {"method": "bayes", "inference": "laplace", "epochs": 20, "rounds": 4, "draws": 7}
                | given
            )
        )
    )
    predictor = stored_predictor(specs[0], result.model)
    (answer,) = predictor.answers([(data[0].test.inputs, None)])
    if answer.log_probabilities is not None:
        np.testing.assert_array_equal(np.exp(answer.log_probabilities), result.predictions.outputs)
    else:
        np.testing.assert_array_equal(answer.mean, result.predictions.outputs)
        assert answer.sd is not None
        units = units_of(data[0])
        sd = np.asarray(result.model.noise_sd)[0] * units.scale
        assert (answer.sd >= sd * (1 - 1e-12)).all()


@pytest.mark.parametrize("task", ["two classes", "regression"])
@pytest.mark.parametrize("curvature", CURVATURES)
def test_alone_as_among_others(task: str, curvature: str) -> None:
    given = TASKS[task] | {"curvature": curvature, "layers": "all"}
    several = runs(3, **given)
    (last,) = runs(1, seed=2, **given)
    assert repr(several[2].curves) == repr(last.curves)
    assert repr(several[2].final) == repr(last.final)
    assert several[2].model is not None
    assert last.model is not None
    assert np.array_equal(several[2].model.parameters, last.model.parameters)


def test_linearised_means_of_pairs_are_the_mode() -> None:
    (result,) = runs(**TASKS["regression"] | {"layers": "all", "draws": 6})
    assert result.model is not None
    parameters = result.model.parameters
    np.testing.assert_allclose(parameters[1:].mean(axis=0), parameters[0], atol=1e-12)


def test_a_temperature_of_zero_is_the_mode() -> None:
    (result,) = runs(**TASKS["two classes"] | {"temperature": 0.0})
    assert result.model is not None
    assert np.ptp(result.model.parameters, axis=0).max() == 0


def test_only_the_last_layer_is_drawn() -> None:
    (result,) = runs(**TASKS["three classes"])
    assert result.model is not None
    layout = Layout(result.sizes)
    moved = np.ptp(result.model.parameters, axis=0) > 0
    expected = np.zeros(layout.n_parameters, bool)
    expected[layout.weight_slices[-1]] = expected[layout.bias_slices[-1]] = True
    np.testing.assert_array_equal(moved, expected)


def test_a_fixed_prior_stays_and_others_rise_to_the_evidence() -> None:
    (fixed,) = runs(**TASKS["two classes"] | {"prior_sd": 0.5, "layers": "all"})
    assert set(fixed.diagnostics["prior_precision"].values()) == {4.0}
    (tuned,) = runs(**TASKS["two classes"] | {"layers": "all", "rounds": 12})
    assert tuned.diagnostics["log_evidence"] > fixed.diagnostics["log_evidence"]
    assert tuned.diagnostics["warnings"] == []


def test_a_mode_that_is_not_reached_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr("overfit_cli.bayes.target.STEPS", 1)
    monkeypatch.setattr("overfit_cli.bayes.laplace.LAST_PASSES", 1)
    (result,) = runs(**TASKS["two classes"] | {"epochs": 1, "rounds": 2, "layers": "all"})
    (warning,) = result.diagnostics["warnings"]
    assert re.match(r"mode not reached: it is .* away, more than 0.5; raise --rounds", warning)


def test_where_no_step_helps_more_rounds_are_not_advised() -> None:
    """At a kink of relu the gradient does not vanish, and yet hardly anything nearby is lower."""
    (result,) = runs(**FRIEDMAN | {"rounds": 6})
    (warning,) = result.diagnostics["warnings"]
    assert re.match(r"mode not reached: .*hardly lower the objective.*--activation tanh", warning)
    assert "--rounds" not in warning


def test_precisions_do_not_run_away() -> None:
    """W1 c and W2 / c compute the same: what raised one layer's precision lowered the other's."""
    few, many = (runs(**FRIEDMAN | {"rounds": count})[0].diagnostics for count in (6, 15))
    # where relu has kinks, the way to the last mode hangs on where it began
    assert many["log_evidence"] >= few["log_evidence"] - 3
    assert max(many["prior_precision"].values()) < 1e3 * min(many["prior_precision"].values())


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh", "identity"])
@pytest.mark.parametrize("curvature", ["kfac", "full"])
def test_more_rounds_never_lower_the_evidence(activation: str, curvature: str) -> None:
    given = FRIEDMAN | {"activation": activation, "curvature": curvature}
    evidence = [
        runs(**given | {"rounds": count})[0].diagnostics["log_evidence"] for count in (2, 15, 60)
    ]
    assert evidence[1] >= evidence[0] - 3
    assert evidence[2] >= evidence[1] - 3
    fixed = [
        runs(**given | {"rounds": 6, "prior_sd": sd})[0].diagnostics["log_evidence"]
        for sd in (0.1, 0.3, 0.5, 1.0)
    ]
    # a quarter of a nat per row, or the steps ran away
    assert evidence[2] > max(fixed) - 40


def test_a_precision_at_the_end_of_its_range_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr("overfit_cli.bayes.evidence.HIGHEST", 1.0)
    (result,) = runs(**TASKS["two classes"] | {"layers": "all"})
    assert any("to the end of its range" in said for said in result.diagnostics["warnings"])


@pytest.mark.parametrize(("task", "lr"), [("two classes", 30.0), ("regression", 20.0)])
def test_a_descent_that_ended_far_away_has_diverged(task: str, lr: float) -> None:
    """Large, but finite: nothing before the rounds noticed."""
    (result,) = runs(**TASKS[task] | {"lr": lr, "activation": "relu", "epochs": 100})
    assert result.status == "diverged"
    assert "warnings" not in result.diagnostics


def test_one_round_would_tune_nothing() -> None:
    with pytest.raises(UsageError, match="--rounds: '1' is not a whole number of at least 2"):
        runs(rounds=1)


@pytest.mark.parametrize("curvature", ["kfac", "full"])
def test_a_singular_hessian_is_one_sentence(curvature: str) -> None:
    said = r"seed 0: .*Hessian at the mode is singular.*deviation 1e\+08 .*smaller --prior-sd"
    with pytest.raises(UsageError, match=said):
        runs(**TASKS["three classes"] | {"curvature": curvature, "prior_sd": 1e8})


def test_a_matrix_too_large_is_refused_before_training() -> None:
    given = {"method": "bayes", "inference": "laplace", "curvature": "full"}
    (spec,), (data,) = ready(specs_of(parse_options(given | {"layers": "all"})))
    with pytest.raises(UsageError, match=r"--curvature full: the Hessian of 85,002 parameters"):
        Stack((spec,), (data,)).check()
    (spec,), (data,) = ready(specs_of(parse_options(given)))
    Stack((spec,), (data,)).check()


@pytest.mark.parametrize("other", ["l1", "l2", "max-norm", "dropout", "early-stopping"])
def test_penalties_are_refused(other: str) -> None:
    with pytest.raises(UsageError, match=f"'{other}': the prior is the penalty"):
        runs(method=f"bayes+{other}")


def test_no_draws_are_refused() -> None:
    with pytest.raises(UsageError, match="--draws: '0' is not a whole number of at least 1"):
        runs(draws=0)


def test_weights_are_exponents() -> None:
    """A row of weight 2 beside rows of weight 1 is a row that stands there twice."""
    problem = small_problem("categorical")
    data, rows = problem.data, np.arange(22)
    weights = np.ones(22)
    weights[:11] = 2
    precisions = Precisions(np.ones(6), np.ones(1))
    weighted = Target(replace(problem, data=replace(data, weights=weights)), rows, full).objective(
        precisions
    )
    twice = Target(problem, np.concatenate([rows, rows[:11]]), full).objective(precisions)
    q = np.random.default_rng(4).standard_normal(problem.network.layout.n_parameters)
    prior = q @ q / 2
    assert (weighted(q)[0] - prior) * 33 / 22 == pytest.approx(twice(q)[0] - prior)
