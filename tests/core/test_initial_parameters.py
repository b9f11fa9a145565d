"""He's and Glorot's initial weights, keyed by (seed, member)."""

from __future__ import annotations

import numpy as np
import pytest

from overfit_cli.core.activations import ACTIVATIONS
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, initial_parameters

SIZES = (64, 256, 200, 10)
DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)


def network(activation: str) -> Network:
    return Network(Layout(SIZES), activation, "categorical")


def within_five_standard_errors(sample: np.ndarray, variance: float, kurtosis: float) -> bool:
    """Mean 0 and this variance: the variance of s^2 is (kurtosis - 1) variance^2 / n."""
    n = sample.size
    off_mean = abs(float(sample.mean())) / np.sqrt(variance / n)
    off_variance = abs(float(sample.var()) - variance) / (variance * np.sqrt((kurtosis - 1) / n))
    return bool(max(off_mean, off_variance) < 5)


def test_relu_networks_start_from_he() -> None:
    flat = initial_parameters(network("relu"), [(3, 0)], DOUBLE)
    for weights in Layout(SIZES).weights(flat):
        assert within_five_standard_errors(weights, 2 / weights.shape[1], kurtosis=3)
        assert np.abs(weights).max() > 2.5 * np.sqrt(2 / weights.shape[1])


@pytest.mark.parametrize("activation", sorted(set(ACTIVATIONS) - {"relu"}))
def test_other_networks_start_from_glorot(activation: str) -> None:
    flat = initial_parameters(network(activation), [(3, 0)], DOUBLE)
    for weights in Layout(SIZES).weights(flat):
        limit = np.sqrt(6 / sum(weights.shape[1:]))
        assert within_five_standard_errors(weights, limit**2 / 3, kurtosis=9 / 5)
        assert 0.99 * limit < np.abs(weights).max() <= limit


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_biases_are_zero(activation: str) -> None:
    flat = initial_parameters(network(activation), [(0, 0), (1, 0)], DOUBLE)
    assert not flat[:, Layout(SIZES).n_weights :].any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_single_precision_starts_where_double_does(activation: str) -> None:
    keys = [(0, 0), (7, 3)]
    single = initial_parameters(network(activation), keys, SINGLE)
    double = initial_parameters(network(activation), keys, DOUBLE)
    assert single.dtype == SINGLE
    assert np.array_equal(single, double.astype(SINGLE))


def test_weights_depend_on_seed_and_member_and_on_nothing_else() -> None:
    keys = [(0, 0), (0, 1), (1, 0), (1, 1)]
    stack = initial_parameters(network("relu"), keys, SINGLE)
    assert len({row.tobytes() for row in stack}) == 4
    for row, key in zip(stack, keys, strict=True):
        assert np.array_equal(initial_parameters(network("relu"), [key], SINGLE)[0], row)


def test_layers_of_equal_shape_differ() -> None:
    layout = Layout((6, 6, 6))
    flat = initial_parameters(Network(layout, "relu", "gaussian"), [(0, 0)], DOUBLE)
    first, second = layout.weights(flat)
    assert not np.isclose(first, second).any()
