"""Laplace: the curvature, the Gaussians of it, and linearised predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from laplace_oracles import (
    CURVATURES,
    every_likelihood,
    gauss_newton,
    jacobian,
    outputs,
    seen,
)
from posteriors import small_problem

from overfit_cli.bayes import curvature
from overfit_cli.bayes.curvature import Seen
from overfit_cli.bayes.gaussians import diagonal, full
from overfit_cli.bayes.kronecker import flat, kfac, layers
from overfit_cli.bayes.linearised import linearised
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import forward


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
