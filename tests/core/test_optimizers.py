"""Whole-array optimizer steps against the rule for a single number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.loop_optimizers import RULES

from overfit_cli.core import optimizers
from overfit_cli.core.optimizers import OPTIMIZERS

LR = np.array([[0.1], [0.02], [1e-3]])
MOMENTUM = np.array([[0.9], [0.0], [0.5]])


def test_every_optimizer_has_an_oracle() -> None:
    assert set(OPTIMIZERS) == set(RULES)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_the_rule_for_each_number(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # blocks of two columns of one row, the last one of one
    monkeypatch.setattr(optimizers, "BLOCK", 2)
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(3, 5)), rng.normal(size=(12, 3, 5))
    parameters = start.copy()
    state = OPTIMIZERS[name].init(parameters)
    path = []
    for gradient in gradients:
        OPTIMIZERS[name].step(parameters, gradient.copy(), state, LR, MOMENTUM)
        path.append(parameters.copy())
    for r, c in np.ndindex(3, 5):
        slopes, lr, momentum = gradients[:, r, c].tolist(), LR.item(r), MOMENTUM.item(r)
        expected = list(RULES[name](start.item(r, c), slopes, lr, momentum))
        np.testing.assert_allclose([row[r, c] for row in path], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_effective_step_is_what_a_constant_gradient_moves_in_the_long_run(name: str) -> None:
    optimizer = OPTIMIZERS[name]
    parameters = np.zeros((3, 2))
    slope = np.array([[2.0, -0.5]]) * np.ones((3, 1))
    state = optimizer.init(parameters)
    before = parameters
    for _ in range(400):
        before = parameters.copy()
        optimizer.step(parameters, slope.copy(), state, LR, MOMENTUM)
    moved = (before - parameters) / slope
    expected = np.broadcast_to(optimizer.effective_step(state, LR, MOMENTUM), (3, 2))
    np.testing.assert_allclose(moved, expected, rtol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_state_keeps_the_precision_of_the_parameters(name: str, dtype: Any) -> None:
    parameters = np.ones((2, 3), dtype)
    state = OPTIMIZERS[name].init(parameters)
    lr, momentum = np.full((2, 1), 0.1, dtype), np.full((2, 1), 0.9, dtype)
    OPTIMIZERS[name].step(parameters, parameters.copy(), state, lr, momentum)
    assert parameters.dtype == dtype
    assert {a.dtype for a in state.values() if a.shape == parameters.shape} == {np.dtype(dtype)}
    assert OPTIMIZERS[name].effective_step(state, lr, momentum).dtype == dtype
