"""What every remedy promises, read from the registry: a new one is tested before anyone asks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles.assembly import (
    LIKELIHOODS,
    Course,
    One,
    assemble,
    hooks_of,
    problem,
    trained,
)

from overfit_cli.core.hooks import Hooks, Hyper, Streams
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies import REGISTRY, Option, Remedy

README = Path(__file__).parents[1] / "README.md"
LAYOUT = Layout((4, 6, 3))
SIZES = (5, 11, 7)
OPTIMIZERS = ["sgd", "nesterov", "adam"]
NEUTRAL = [name for name, remedy in REGISTRY.items() if remedy.neutral is not None]

every_remedy = pytest.mark.parametrize("name", REGISTRY)


def built(name: str, n_replicas: int = 3) -> Hooks:
    return hooks_of(LAYOUT, [One(settings={name: {}})] * n_replicas)


def points(seed: int, n_replicas: int = 3) -> Array:
    return np.random.default_rng(seed).normal(size=(n_replicas, LAYOUT.n_parameters))


def numeric_slope(value: Any, at: Array) -> Array:
    """Central differences of value(points) -> (n,) in every entry of one row."""
    step, n = 1e-6, at.shape[1]
    shifts = np.eye(n) * step
    return np.asarray((value(at + shifts) - value(at - shifts)) / (2 * step))


@every_remedy
def test_penalties_and_their_gradients_agree(name: str) -> None:
    hooks = built(name, LAYOUT.n_parameters)
    flat = points(0, 1)
    for penalty in hooks.penalties:
        slope = numeric_slope(lambda p, penalty=penalty: penalty(LAYOUT, hooks.hyper, p)[0], flat)
        gradient = penalty(LAYOUT, hooks.hyper, np.repeat(flat, LAYOUT.n_parameters, axis=0))[1][0]
        n = len(gradient)
        np.testing.assert_allclose(gradient, slope[:n], atol=1e-6 * np.abs(slope).max())
        # what the gradient leaves out, biases among it, the value does not depend on
        np.testing.assert_allclose(slope[n:], 0, atol=1e-12)
        assert n == LAYOUT.n_weights


@every_remedy
def test_a_proximal_step_solves_its_own_problem(name: str) -> None:
    """w minimises step * value(w) + |w - start|^2 / 2: no neighbour does better."""
    settings = {option.name: 0.5 for option in REGISTRY[name].options if option.kind is float}
    hooks = hooks_of(LAYOUT, [One(settings={name: settings})] * 2000)
    start, reach = points(1, 1), 0.8
    for projection in hooks.projections:
        if projection.value is None:
            continue
        value = projection.value
        whole = np.repeat(start, 2000, axis=0)
        end = whole.copy()
        projection.apply(LAYOUT, hooks.hyper, end, np.full((2000, 1), reach), None)

        def objective(at: Array, value: Any = value, whole: Array = whole) -> Array:
            return np.asarray(
                reach * value(LAYOUT, hooks.hyper, at) + ((at - whole) ** 2).sum(axis=1) / 2
            )

        rng = np.random.default_rng(2)
        steps = rng.normal(size=end.shape) * 10.0 ** rng.uniform(-6, 0, size=(2000, 1))
        steps *= rng.random(end.shape) < 0.1
        assert (objective(end + steps) >= objective(end) - 1e-12).all()
        assert (end != whole).any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("name", NEUTRAL)
def test_the_neutral_setting_is_none_bit_for_bit(
    name: str, likelihood: str, dtype: Any, optimizer: str
) -> None:
    given = problem((*SIZES, LIKELIHOODS[likelihood]), "tanh", likelihood, dtype=dtype)
    neutral = dict(REGISTRY[name].neutral or {})
    course = Course(optimizer)
    plain = trained(given, [One(seed) for seed in range(3)], course)
    same = trained(given, [One(seed, settings={name: neutral}) for seed in range(3)], course)
    assert repr(same.curves) == repr(plain.curves)
    for (epoch, replica), bits in plain.path.items():
        assert np.array_equal(same.path[epoch, replica], bits)
    if built(name).stop is None:
        assert np.array_equal(same.outcome.parameters, plain.outcome.parameters)
    else:
        # it stops nobody, and still goes back to the best epoch
        assert same.outcome.epochs.tolist() == plain.outcome.epochs.tolist()


def test_only_an_average_of_members_has_no_neutral_setting() -> None:
    assert set(REGISTRY) - set(NEUTRAL) == {"bayes"}
    assert replace(built("bayes"), hyper={}) == Hooks()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@every_remedy
def test_alone_as_among_others(name: str, optimizer: str) -> None:
    given = problem((*SIZES, 3), "relu", dtype=np.float32)
    ones = [One(seed, lr=0.05 * (1 + seed), settings={name: {}}) for seed in range(5)]
    stack = trained(given, ones, Course(optimizer))
    for replica in (0, 4):
        alone = trained(given, [ones[replica]], Course(optimizer))
        assert stack.digest(replica) == alone.digest(0)


@every_remedy
def test_hyperparameters_lead_with_the_replicas(name: str) -> None:
    for n_replicas in (1, 4):
        assert {len(array) for array in built(name, n_replicas).hyper.values()} <= {n_replicas}


@every_remedy
def test_defaults_survive_json(name: str) -> None:
    settings = REGISTRY[name].settings({})
    always = {option.name for option in REGISTRY[name].options if option.default is not None}
    assert set(settings) == always
    assert REGISTRY[name].settings(json.loads(json.dumps(settings))) == settings
    assert REGISTRY[name].words(settings)


def values_of(option: Option) -> st.SearchStrategy[Any]:
    if option.choices:
        return st.sampled_from(option.choices)
    if option.kind is bool:
        return st.booleans()
    low, high = max(option.low, -1e6), min(option.high, 1e6)
    if option.kind is int:
        return st.integers(int(low), int(high))
    number = st.floats(low, high, exclude_min=option.low_open)
    return st.one_of(number, st.lists(number, min_size=1)) if option.per_layer else number


@given(st.data())
def test_any_allowed_settings_round_trip(data: st.DataObject) -> None:
    remedy = REGISTRY[data.draw(st.sampled_from(sorted(REGISTRY)))]
    chosen = {option.name: data.draw(values_of(option)) for option in remedy.options}
    settings = remedy.settings(chosen)
    assert settings == chosen
    assert remedy.settings(json.loads(json.dumps(settings))) == settings
    assert remedy.words(settings)


@every_remedy
def test_no_mask_is_drawn_at_prediction(name: str) -> None:
    def refuse(hyper: Hyper, layer: int, streams: Streams, out: NDArray[Any]) -> None:
        raise AssertionError("a mask was drawn at prediction")

    given = problem((*SIZES, 3))
    stack = assemble(given, [One(settings={name: {}})], Course(epochs=1))
    hooks = replace(
        stack.hooks, masks=tuple(replace(mask, draw=refuse) for mask in stack.hooks.masks)
    )
    stack.descent.hooks = stack.evaluator.hooks = hooks
    stack.descent.init(stack.replicas)
    nan = np.full(1, np.nan)
    _, records = stack.evaluator.observe(0, stack.replicas, nan, None, False)
    assert np.isfinite(records[0][1].train["nll"])
    if hooks.masks:
        with pytest.raises(AssertionError, match="drawn"):
            stack.descent.advance(stack.replicas, 1)


@every_remedy
def test_a_remedy_says_what_it_is(name: str) -> None:
    remedy: Remedy = REGISTRY[name]
    assert remedy.name == name
    assert remedy.summary
    assert remedy.formula
    assert re.search(r"\b(1[89]|20)\d\d\b", remedy.source), "the source names a year"
    assert remedy.example.startswith("overfit run ")
    assert name in remedy.example
    assert all(option.help for option in remedy.options)


def test_no_two_remedies_share_an_option() -> None:
    names = [option.name for remedy in REGISTRY.values() for option in remedy.options]
    assert sorted(names) == sorted(set(names))


@every_remedy
def test_the_readme_names_it(name: str) -> None:
    assert README.is_file(), "README.md is not written yet"
    assert f"`{name}" in README.read_text(encoding="utf-8"), f"README.md does not name `{name}`"
