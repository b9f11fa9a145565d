"""Laplace: modes, the evidence, and the precisions that raise it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from laplace_oracles import (
    every_likelihood,
    jacobian,
    outputs,
)
from oracles import loop_network
from posteriors import small_problem

from overfit_cli.bayes.evidence import Precisions
from overfit_cli.bayes.gaussians import full
from overfit_cli.bayes.inference import Problem
from overfit_cli.bayes.kronecker import kfac, layers
from overfit_cli.bayes.mode import minimise
from overfit_cli.bayes.target import Target
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network


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


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_evidence_of_a_network_is_that_of_its_linear_model(likelihood: str) -> None:
    """Of a network made linear at its mode, by a Jacobian of differences.

    Gaussian: the density of the targets, N(outputs - J mode, noise + J prior J'). Two classes: the
    integral over the outputs' Gaussian, Laplace's about the same mode (Rasmussen & Williams 2006,
    equation 3.32).
    """
    problem = small_problem(likelihood)
    network, rows = problem.network, problem.data.inputs
    noise = np.array([2.0, 5.0]) if likelihood == "gaussian" else np.ones(1)
    precisions = Precisions(np.full(len(network.layout.groups), 1.5), noise)
    target = Target(problem, np.arange(22), full)
    start = 0.3 * np.random.default_rng(2).standard_normal(network.layout.n_parameters)
    reached = target.reach(start, precisions, 200)
    mode = reached.mode.point
    slopes = np.concatenate([jacobian(network, mode, row) for row in rows])
    fitted = np.concatenate([outputs(network, mode, row) for row in rows])
    t, kernel = problem.data.targets.ravel(), slopes @ slopes.T / 1.5
    if likelihood == "gaussian":
        density = kernel + np.diag(1 / np.tile(noise, 22))
        away = t - fitted + slopes @ mode
        expected = -(len(t) * np.log(2 * np.pi) + np.linalg.slogdet(density)[1]) / 2
        expected -= away @ np.linalg.solve(density, away) / 2
    else:
        p = 1 / (1 + np.exp(-fitted))
        root = np.sqrt(p * (1 - p))
        inner = np.eye(22) + root[:, None] * kernel * root
        expected = np.log(np.where(t == 1, p, 1 - p)).sum() - 1.5 * mode @ mode / 2
        expected -= np.linalg.slogdet(inner)[1] / 2
    assert reached.posterior.log_evidence == pytest.approx(expected, abs=1e-4)


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
