"""Curvatures one row at a time, derivatives by differences: no code in common with laplace's."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import loop_network
from posteriors import small_problem

from overfit_cli.bayes.curvature import Seen
from overfit_cli.core.network import Network

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
