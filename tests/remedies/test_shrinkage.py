"""L1, L2 and stopping early on quadratics, where their answers are known: identities 4 and 5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.assembly import Course, One, trained
from oracles.quadratic import N_ROWS, lasso, quadratic

from overfit_cli.core.layout import Array

OPTIMUM = np.array([1.5, -0.8, 0.05, -0.3, 2.0, 0.0])
EIGENVALUES = np.array([0.5, 0.7, 0.9, 1.2, 1.5, 2.0])
ROTATION = np.linalg.qr(np.random.default_rng(8).normal(size=(6, 6)))[0]
HESSIAN = ROTATION @ np.diag(EIGENVALUES) @ ROTATION.T


def descend(hessian: Array, ones: list[One], steps: int, optimizer: str = "sgd") -> Array:
    """Full-batch descent from zero; weights (R, D)."""
    given = quadratic(hessian, OPTIMUM)
    course = Course(optimizer, batch_size=N_ROWS, epochs=steps, eval_every=steps)
    ends = trained(given, ones, course, np.zeros((len(ones), 7))).outcome.parameters
    # the bias's gradient is rounding alone, which Adam multiplies by up to lr / eps = 2e6 a step
    np.testing.assert_allclose(ends[:, 6], 0, atol=1e-8 if optimizer == "adam" else 1e-10)
    return ends[:, :6]


def replica(lr: float, momentum: float = 0.0, **settings: dict[str, Any]) -> One:
    return One(lr=lr, momentum=momentum, settings=settings)


@pytest.mark.parametrize("steps", [1, 3, 10])
def test_gradient_descent_from_zero_shrinks_every_direction_by_its_eigenvalue(steps: int) -> None:
    rates = [0.1, 0.4, 0.9]
    ends = descend(HESSIAN, [replica(lr) for lr in rates], steps)
    for lr, w in zip(rates, ends, strict=True):
        expected = (1 - (1 - lr * EIGENVALUES) ** steps) * (ROTATION.T @ OPTIMUM)
        np.testing.assert_allclose(ROTATION.T @ w, expected, rtol=1e-10, atol=1e-12)


def test_stopping_early_is_l2_in_a_direction_iff_the_strengths_match() -> None:
    lr, steps = 0.3, 4
    (stopped,) = descend(HESSIAN, [replica(lr)], steps)
    left = (1 - lr * EIGENVALUES) ** steps
    # left = a / (l + a), solved for a in each direction
    strengths = EIGENVALUES * left / (1 - left)
    penalised = descend(HESSIAN, [replica(0.3, l2={"l2": a}) for a in strengths], 300)
    difference = np.abs((penalised - stopped) @ ROTATION)
    np.testing.assert_allclose(np.diag(difference), 0, atol=1e-10)
    assert (difference[~np.eye(6, dtype=bool)] > 1e-4).all()


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_l1_on_a_diagonal_hessian_is_the_soft_threshold_with_exact_zeros(momentum: float) -> None:
    strengths = np.array([0.0, 0.1, 0.4, 1.0])
    ones = [replica(0.2, momentum, l1={"l1": a}) for a in strengths]
    ends = descend(np.diag(EIGENVALUES), ones, 400)
    for a, w in zip(strengths, ends, strict=True):
        expected = np.sign(OPTIMUM) * np.maximum(np.abs(OPTIMUM) - a / EIGENVALUES, 0)
        np.testing.assert_allclose(w, expected, rtol=1e-10, atol=1e-10)
        # the sixth weight's optimum is zero itself, which only a penalty makes exact
        if a > 0:
            assert np.array_equal(w == 0, expected == 0)
    assert (ends == 0).sum(axis=1)[1:].tolist() == [2, 3, 5]


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_l2_on_a_diagonal_hessian_shrinks_and_makes_no_zero(momentum: float) -> None:
    strengths = np.array([0.1, 0.4, 1.0])
    ones = [replica(0.2, momentum, l2={"l2": a}) for a in strengths]
    ends = descend(np.diag(EIGENVALUES), ones, 400)
    for a, w in zip(strengths, ends, strict=True):
        expected = OPTIMUM * EIGENVALUES / (EIGENVALUES + a)
        np.testing.assert_allclose(w, expected, rtol=1e-10, atol=1e-10)
        assert (w[:5] != 0).all()


LASSO = {
    "sgd": (0.02, 0.9, 900),
    "nesterov": (0.02, 0.9, 900),
    "adam": (0.02, 0.0, 3000),
}


@pytest.mark.parametrize("optimizer", LASSO)
def test_l1_finds_the_lassos_optimum(optimizer: str) -> None:
    lr, momentum, steps = LASSO[optimizer]
    strengths = [0.03, 0.2, 0.6]
    ones = [replica(lr, momentum, l1={"l1": a}) for a in strengths]
    ends = descend(HESSIAN, ones, steps, optimizer)
    zeros = []
    for a, w in zip(strengths, ends, strict=True):
        expected = lasso(HESSIAN, OPTIMUM, a)
        np.testing.assert_allclose(w, expected, rtol=1e-6, atol=1e-8)
        assert np.array_equal(w == 0, expected == 0)
        zeros.append(int((w == 0).sum()))
    assert zeros[0] < zeros[-1] < 6


def test_the_oracle_is_scikit_learns_lasso() -> None:
    from sklearn.linear_model import Lasso

    given = quadratic(HESSIAN, OPTIMUM)
    inputs, targets = given.data.inputs, given.data.targets[:, 0]
    np.testing.assert_allclose(inputs.T @ inputs / N_ROWS, HESSIAN, atol=1e-12)
    for strength in (0.03, 0.2, 0.6):
        fitted = Lasso(strength, tol=1e-12, max_iter=100_000).fit(inputs, targets)
        np.testing.assert_allclose(lasso(HESSIAN, OPTIMUM, strength), fitted.coef_, atol=1e-9)
