"""The masks themselves: their distribution, their scope, and the average of many networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles.assembly import One, hooks_of

from overfit_cli.core.hooks import Hooks, prediction_parameters
from overfit_cli.core.layout import Layout
from overfit_cli.errors import UsageError
from overfit_cli.remedies.dropout import DROPOUT, kept_units
from overfit_cli.rng import stream

LAYOUT = Layout((10, 64, 31, 3))
KEEPS = (0.8, 0.3)


def dropout(keeps: tuple[float, float] = KEEPS, **given: Any) -> Hooks:
    return hooks_of(LAYOUT, [One(settings={"dropout": {"p": keep, **given}}) for keep in keeps])


def drawn(hooks: Hooks, layer: int, n_rows: int = 400, seed: int = 0) -> NDArray[Any]:
    (mask,) = hooks.masks
    out = np.empty((2, n_rows, LAYOUT.sizes[layer]), np.float32)
    mask.draw(hooks.hyper, layer, [stream(seed, "mask", r, layer) for r in range(2)], out)
    return out


def near(sample: NDArray[Any], mean: float, variance: float) -> bool:
    return bool(abs(sample.mean() - mean) < 5 * np.sqrt(variance / sample.size))


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("keeps", [KEEPS, (0.5, 0.8)])
def test_bernoulli_masks_keep_each_unit_with_probability_p(
    layer: int, keeps: tuple[float, float]
) -> None:
    masks = drawn(dropout(keeps), layer)
    assert set(np.unique(masks)) == {0.0, 1.0}
    for own, p in zip(masks, keeps, strict=True):
        assert near(own, p, p * (1 - p))
        for pairs in (own[:, 1:] * own[:, :-1], own[1:] * own[:-1]):
            # neighbours overlap: the variance of the mean of products is at most three times p^2
            assert near(pairs, p**2, 3 * p**2)
        per_unit = own.mean(axis=0)
        assert np.abs(per_unit - p).max() < 5 * np.sqrt(p * (1 - p) / len(own))


@pytest.mark.parametrize("layer", [1, 2])
def test_exact_masks_keep_the_same_number_in_every_row(layer: int) -> None:
    masks = drawn(dropout(mask="exact"), layer)
    for own, p in zip(masks, KEEPS, strict=True):
        count = max(1, int(p * LAYOUT.sizes[layer] + 0.5))
        assert (own.sum(axis=1) == count).all()
        share = count / LAYOUT.sizes[layer]
        assert np.abs(own.mean(axis=0) - share).max() < 5 * np.sqrt(share * (1 - share) / len(own))


@pytest.mark.parametrize(
    ("width", "p", "count"),
    [(256, 0.5, 128), (5, 0.5, 3), (31, 0.3, 9), (3, 0.01, 1), (4, 1.0, 4), (7, 0.5, 4)],
)
def test_exact_subsets_round_half_up_and_are_never_empty(width: int, p: float, count: int) -> None:
    assert kept_units(width, np.array([p])).tolist() == [count]


def test_an_exact_subsets_own_fraction_scales_prediction() -> None:
    hooks = dropout(mask="exact")
    flat = np.ones((2, LAYOUT.n_parameters))
    scaled = LAYOUT.weights(prediction_parameters(LAYOUT, hooks, hooks.hyper, flat))
    assert [w[0, 0, 0] for w in scaled] == [1.0, 51 / 64, 25 / 31]
    assert [w[1, 0, 0] for w in scaled] == [1.0, 19 / 64, 9 / 31]


def test_gaussian_noise_has_mean_one_and_scales_nothing() -> None:
    hooks = dropout(mask="gaussian")
    for own, p in zip(drawn(hooks, 1).astype(float), KEEPS, strict=True):
        variance = (1 - p) / p
        assert near(own, 1, variance)
        assert near((own - 1) ** 2, variance, 2 * variance**2)
    flat = np.ones((2, LAYOUT.n_parameters))
    assert prediction_parameters(LAYOUT, hooks, hooks.hyper, flat) is flat


@pytest.mark.parametrize("mask", ["bernoulli", "exact", "gaussian"])
@pytest.mark.parametrize("seed", [0, 1])
def test_masks_are_keyed_by_seed_member_and_layer(mask: str, seed: int) -> None:
    hooks = dropout(mask=mask)
    first = drawn(hooks, 1, seed=seed)
    assert np.array_equal(first, drawn(hooks, 1, seed=seed))
    assert not np.array_equal(first, drawn(hooks, 1, seed=seed + 1))
    assert not np.array_equal(first[0], drawn(hooks, 1, seed=seed)[1])
    assert not np.array_equal(first[:, :, :31], drawn(hooks, 2, seed=seed))


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        ({"p": 0.5}, (1, 2)),
        ({"p": 0.5, "p_input": 0.9}, (0, 1, 2)),
        ({"p": [1.0, 0.5]}, (2,)),
        ({"p": 1.0, "p_input": 0.5}, (0,)),
    ],
)
def test_only_layers_that_lose_units_are_masked(given: dict[str, Any], layers: Any) -> None:
    assert hooks_of(LAYOUT, [One(settings={"dropout": given})]).masks[0].layers == layers


@pytest.mark.parametrize("p", [[0.5], [0.5, 0.5, 0.5]])
def test_one_p_per_hidden_layer_or_one_for_all(p: list[float]) -> None:
    with pytest.raises(UsageError, match=rf"--p: {len(p)} values? for 2 hidden layers"):
        DROPOUT.build(LAYOUT, [DROPOUT.settings({"p": p})])


@pytest.mark.parametrize("mask", ["bernoulli", "exact", "gaussian"])
def test_the_vote_of_many_thinned_networks_is_that_of_the_mean_weights(mask: str) -> None:
    """Each vote is the parameters times one mask; over many they average to the scaled weights."""
    hooks = dropout(mask=mask, average="mc", mc_samples=300)
    assert hooks.votes is not None
    flat = np.ones((2, LAYOUT.n_parameters))
    votes = list(hooks.votes(LAYOUT, hooks.hyper, flat, [(0, 0), (0, 1)]))
    assert len(votes) == 300
    weights = LAYOUT.weights(np.mean(votes, axis=0))
    expected = LAYOUT.weights(prediction_parameters(LAYOUT, hooks, hooks.hyper, flat))
    for own, mean in zip(weights, expected, strict=True):
        np.testing.assert_allclose(own.mean(axis=(1, 2)), mean[:, 0, 0], atol=0.08)
        # a unit is deleted with all its outgoing weights
        assert (own == own[:, :, :1]).all()
    assert (np.array(votes)[:, :, LAYOUT.n_weights :] == 1).all()
    assert (flat == 1).all()
