"""How remedies compose, and what prediction makes of the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.assembly import One, hooks_of

from overfit_cli.core.hooks import Hooks, column, compose, prediction_parameters
from overfit_cli.core.layout import Layout
from overfit_cli.errors import UsageError
from overfit_cli.remedies import REGISTRY

LAYOUT = Layout((4, 6, 5, 3))
ALL = {"dropout": {"p": 0.5}, "l2": {}, "l1": {}, "max-norm": {}, "early-stopping": {}}


def test_nothing_composes_to_no_remedy() -> None:
    assert compose({}) == Hooks()
    assert compose({"none": Hooks(), "again": Hooks()}) == Hooks()


def test_no_remedy_is_the_unit() -> None:
    layout_hooks = hooks_of(LAYOUT, [One(settings=ALL)])
    assert compose({"none": Hooks(), "all": layout_hooks}) == layout_hooks
    assert compose({"all": layout_hooks, "none": Hooks()}) == layout_hooks


def test_a_combination_holds_every_part() -> None:
    hooks = hooks_of(LAYOUT, [One(settings=ALL)])
    assert (len(hooks.masks), len(hooks.scales), len(hooks.penalties)) == (1, 1, 1)
    assert len(hooks.projections) == 2
    assert hooks.stop is not None
    assert set(hooks.hyper) == {
        "dropout.keep",
        "dropout.highest",
        "l2",
        "l1",
        "max_norm",
        "early-stopping.patience",
        "early-stopping.min_delta",
    }


def test_projections_keep_the_order_given() -> None:
    parts = {
        name: REGISTRY[name].build(LAYOUT, [REGISTRY[name].settings({})])
        for name in ("max-norm", "l1")
    }
    assert [item.initially for item in compose(parts).projections] == [True, False]
    swapped = dict(reversed(parts.items()))
    assert [item.initially for item in compose(swapped).projections] == [False, True]


@pytest.mark.parametrize("name", ["early-stopping", "dropout"])
def test_two_parts_that_stop_or_vote_are_refused_by_name(name: str) -> None:
    given = {"average": "mc"} if name == "dropout" else {}
    hooks = REGISTRY[name].build(LAYOUT, [REGISTRY[name].settings(given)])
    with pytest.raises(UsageError, match="'first' and 'second' cannot be combined"):
        compose({"first": hooks, "second": hooks})


def test_prediction_scales_incoming_weights_by_their_inputs_retention_and_no_bias() -> None:
    ones = [
        One(settings={"dropout": {"p": [0.8, 0.3], "p_input": 0.9}}),
        One(settings={"dropout": {"p": 0.25}}),
    ]
    hooks = hooks_of(LAYOUT, ones)
    flat = np.random.default_rng(0).normal(size=(2, LAYOUT.n_parameters))
    scaled = prediction_parameters(LAYOUT, hooks, hooks.hyper, flat)
    factors = [[0.9, 0.8, 0.3], [1.0, 0.25, 0.25]]
    for layer, (own, was) in enumerate(
        zip(LAYOUT.weights(scaled), LAYOUT.weights(flat), strict=True)
    ):
        for replica in range(2):
            np.testing.assert_array_equal(own[replica], was[replica] * factors[replica][layer])
    assert np.array_equal(scaled[:, LAYOUT.n_weights :], flat[:, LAYOUT.n_weights :])


def test_several_scales_multiply() -> None:
    hooks = Hooks(scales=(lambda hyper, layer: hyper["s"], lambda hyper, layer: hyper["s"] + layer))
    flat = np.ones((2, LAYOUT.n_parameters))
    scaled = prediction_parameters(LAYOUT, hooks, {"s": column([2, 3])}, flat)
    assert [w[1, 0, 0] for w in LAYOUT.weights(scaled)] == [9, 12, 15]


@pytest.mark.parametrize("remedy", ["none", "l1", "l2", "max-norm", "early-stopping"])
def test_without_a_scale_the_parameters_themselves_predict(remedy: str) -> None:
    hooks = hooks_of(LAYOUT, [One(settings={remedy: {}})])
    flat = np.ones((1, LAYOUT.n_parameters))
    assert prediction_parameters(LAYOUT, hooks, hooks.hyper, flat) is flat
