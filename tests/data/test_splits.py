"""Splits: what depends on what, who stands where, and sizes that cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from overfit_cli.data import DataRequest, Dataset, load, prepare, resample_of
from overfit_cli.data.dataset import FREE, TEST, TRAIN, VAL
from overfit_cli.data.splits import Split, split
from overfit_cli.errors import DataError, UsageError

ASK = DataRequest(dataset="made.csv")
FLOAT = np.dtype("float64")
quick = settings(max_examples=60, deadline=None)


def table(
    labels: list[int], groups: list[int] | None = None, part: list[int] | None = None
) -> Dataset:
    """A classification table of one distinct number a row."""
    n = len(labels)
    return Dataset(
        name="made",
        task="classification",
        numeric=np.arange(n, dtype=np.float64)[:, None] * 1.5,
        numeric_names=("x",),
        codes=np.empty((n, 0), np.int64),
        categories=(),
        target=np.array(labels),
        target_names=("y",),
        classes=tuple(f"c{k}" for k in range(max(labels) + 1)),
        row_ids=np.arange(n) + 100,
        fingerprint="made",
        groups=None if groups is None else np.array(groups),
        part=None if part is None else np.array(part, np.int8),
    )


def regression(n: int) -> Dataset:
    y = np.random.default_rng(n).normal(5.0, 3.0, (n, 2))
    plain = table([0] * n)
    return replace(plain, task="regression", target=y, target_names=("a", "b"), classes=())


label_lists = st.lists(st.integers(0, 3), min_size=12, max_size=120)
seeds = st.integers(0, 10_000)


@quick
@given(label_lists, seeds, st.floats(0, 0.4), st.floats(0, 0.4))
def test_parts_are_disjoint_and_cover_all_rows(
    labels: list[int], seed: int, val: float, test: float
) -> None:
    n = len(labels)
    found = split(table(labels), replace(ASK, val_size=val, test_size=test), seed)
    everywhere = np.concatenate([found.train, found.val, found.test])
    assert sorted(everywhere) == list(range(n))
    for part, size in ((found.val, val), (found.test, test)):
        assert len(part) == (max(1, int(size * n + 0.5)) if size else 0)
        assert (np.diff(part) > 0).all()


@quick
@given(label_lists, seeds)
def test_every_class_has_its_share_in_every_part(labels: list[int], seed: int) -> None:
    found = split(table(labels), ASK, seed)
    for k in set(labels):
        n = labels.count(k)
        assert np.sum(np.array(labels)[found.train] == k) >= 1
        for part in (found.val, found.test):
            assert abs(np.sum(np.array(labels)[part] == k) - 0.2 * n) <= 2.5


@quick
@given(st.lists(st.integers(0, 3), min_size=40, max_size=120), seeds, st.data())
def test_train_size_is_nested_stratified_and_apart_from_val_size(
    labels: list[int], seed: int, data: st.DataObject
) -> None:
    whole = table(labels)
    small = data.draw(st.integers(len(set(labels)), len(labels) // 2))
    large = data.draw(st.integers(small, len(labels) // 2))

    def ask(train: int, val: float) -> Split:
        return split(whole, replace(ASK, train_size=train, val_size=val), seed)

    one, other = ask(small, 0.2), ask(large, 0.2)
    assert len(one.train) == small
    # of what they are taken from, the rows of neither other part
    assert one.n_pool == other.n_pool == len(labels) - len(one.val) - len(one.test)
    assert set(one.train) <= set(other.train)
    assert set(np.array(labels)[one.train]) == set(labels)
    np.testing.assert_array_equal(one.val, other.val)
    np.testing.assert_array_equal(one.train, ask(small, 0.1).train)


@quick
@given(seeds, st.sampled_from([0.0, 0.1, 0.3, 7]), st.sampled_from([None, 20, 33]), st.floats(0, 1))
def test_test_rows_depend_on_the_seed_only(
    seed: int, val: float, train: int | None, noise: float
) -> None:
    whole = table([0, 1, 2] * 40)
    request = replace(ASK, val_size=val, train_size=train, label_noise=noise)
    plain, asked = prepare(whole, ASK, seed, FLOAT), prepare(whole, request, seed, FLOAT)
    np.testing.assert_array_equal(plain.test.ids, asked.test.ids)
    np.testing.assert_array_equal(plain.test.targets, asked.test.targets)


def test_seeds_move_splits_and_fixed_keeps_the_test_rows_of_seed_0() -> None:
    whole, fixed = table([0, 1] * 50), replace(ASK, resample="fixed")
    a, b = split(whole, ASK, 0), split(whole, ASK, 1)
    assert set(a.test) != set(b.test)
    c, d = split(whole, fixed, 0), split(whole, fixed, 1)
    np.testing.assert_array_equal(c.test, a.test)
    np.testing.assert_array_equal(d.test, a.test)
    assert set(c.val) != set(d.val)


def test_the_test_rows_of_many_seeds_reach_every_row_evenly() -> None:
    whole = table([0] * 30 + [1] * 70)
    hits = np.zeros(100)
    for seed in range(500):
        hits[split(whole, ASK, seed).test] += 1
    assert hits.sum() == 500 * 20
    # 100 each on average, sd 9; the class's last row stays behind, which takes a little off
    assert hits.min() > 55
    assert hits.max() < 145


def test_val_size_0_gives_its_rows_to_training() -> None:
    whole = table([0, 1] * 50)
    usual, none = split(whole, ASK, 3), split(whole, replace(ASK, val_size=0), 3)
    assert len(none.val) == 0
    assert set(none.train) == set(usual.train) | set(usual.val)


@quick
@given(st.lists(st.integers(0, 14), min_size=30, max_size=100), seeds, st.data())
def test_groups_never_straddle(groups: list[int], seed: int, data: st.DataObject) -> None:
    assume(len(set(groups)) >= 6)
    labels = data.draw(st.lists(st.integers(0, 2), min_size=len(groups), max_size=len(groups)))
    whole = table(labels, groups)
    train_size = data.draw(st.sampled_from([None, 5]))
    found = split(whole, replace(ASK, train_size=train_size), seed)
    homes = [set(np.array(groups)[part]) for part in (found.train, found.val, found.test)]
    assert all(homes)
    assert not homes[0] & homes[1] | homes[0] & homes[2] | homes[1] & homes[2]
    largest = max(groups.count(g) for g in set(groups))
    assert abs(len(found.test) - 0.2 * len(groups)) <= largest
    if train_size is None:
        assert len(found.train) + len(found.val) + len(found.test) == len(groups)


def test_given_rows_stay_where_they_are_given() -> None:
    part = [FREE] * 40 + [TRAIN] * 20 + [VAL] * 10 + [TEST] * 30
    whole = table([0, 1] * 50, part=part)
    assert resample_of(whole, ASK) == "fixed"
    for seed in (0, 1):
        found = split(whole, ASK, seed)
        assert found.test.tolist() == list(range(70, 100))
        assert found.val.tolist() == list(range(60, 70))
        assert found.train.tolist() == list(range(60))
    without = replace(whole, part=np.where(whole.part == VAL, FREE, whole.part))
    drawn = split(without, ASK, 0)
    assert len(drawn.val) == 14  # .2 of the 70 rows whose part is not given
    assert len(drawn.train) == 56
    released = split(whole, replace(ASK, val_size=0, test_size=0), 0)
    assert len(released.train) == 100


def test_a_group_on_both_sides_of_a_given_split_is_bad_data() -> None:
    groups = [0] * 10 + [1] * 10 + [2] * 9 + [0]
    part = [FREE] * 20 + [TEST] * 10
    with pytest.raises(DataError, match=r"training and test rows, such as data row 129's"):
        split(table([0, 1] * 15, groups, part), replace(ASK, val_size=0), 0)


def test_regression_splits_without_strata() -> None:
    found = split(regression(50), ASK, 0)
    assert [len(part) for part in (found.train, found.val, found.test)] == [30, 10, 10]


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        ({"val_size": -0.1}, "--val-size -0.1"),
        ({"val_size": float("nan")}, "--val-size nan"),
        ({"test_size": 2.5}, "--test-size 2.5"),
        ({"test_size": float("inf")}, "--test-size inf"),
        ({"val_size": 1.0}, "--val-size 1: one row measures nothing; a fraction below"),
        ({"test_size": 1}, "--test-size 1: one row measures nothing"),
        ({"val_size": 0.6, "test_size": 0.4}, "no training row of 30"),
        ({"test_size": 30}, "no training row of 30"),
        ({"train_size": 0}, "--train-size 0"),
        ({"train_size": 2}, "there are 3 classes"),
        ({"label_noise": 1.5}, "--label-noise 1.5"),
        ({"label_noise": -0.5}, "--label-noise -0.5"),
        ({"label_noise": float("nan")}, "--label-noise nan"),
        ({"resample": "draws"}, "needs a generator"),
    ],
)
def test_impossible_sizes_are_usage_errors(change: dict[str, Any], needle: str) -> None:
    with pytest.raises(UsageError) as error:
        prepare(table([0, 1, 2] * 10), replace(ASK, **change), 0, FLOAT)
    assert needle in str(error.value)


def test_given_test_rows_refuse_to_be_drawn() -> None:
    whole = table([0, 1] * 20, part=[FREE] * 30 + [TEST] * 10)
    with pytest.raises(UsageError, match="--test-size"):
        split(whole, replace(ASK, test_size=0.3), 0)
    with pytest.raises(UsageError, match="use 'fixed'"):
        split(whole, replace(ASK, resample="splits"), 0)


def test_given_validation_rows_refuse_to_be_drawn() -> None:
    whole = table([0, 1] * 20, part=[FREE] * 30 + [VAL] * 10)
    with pytest.raises(UsageError, match="--val-size: the validation rows are given"):
        split(whole, replace(ASK, val_size=0.3), 0)


def test_given_rows_that_train_after_all_are_told() -> None:
    whole = table([0, 1] * 20, part=[FREE] * 30 + [VAL] * 9 + [TEST])
    released = prepare(whole, replace(ASK, val_size=0, test_size=0), 0, FLOAT).notes
    said = "given for {0} are used for training ({0} size 0)."
    assert f"1 row {said.format('test')}" in released
    assert f"9 rows {said.format('validation')}" in released
    for request in (replace(ASK, val_size=0), ASK):
        assert f"1 row {said.format('test')}" not in prepare(whole, request, 0, FLOAT).notes
    plain = prepare(table([0, 1] * 20), replace(ASK, val_size=0, test_size=0), 0, FLOAT)
    assert not any("given for" in note for note in plain.notes)


@quick
@given(seeds, st.floats(0.05, 1.0), st.sampled_from([None, 10, 25]), st.sampled_from([0.1, 0.3]))
def test_a_rows_noisy_label_does_not_depend_on_the_sizes(
    seed: int, noise: float, train: int | None, val: float
) -> None:
    whole = table([0, 1, 2] * 30)
    usual = prepare(whole, replace(ASK, label_noise=noise), seed, FLOAT)
    asked = prepare(
        whole, replace(ASK, label_noise=noise, train_size=train, val_size=val), seed, FLOAT
    )
    known = dict(zip(usual.train.ids, usual.train.targets, strict=True))
    known |= dict(zip(usual.val.ids, usual.val.targets, strict=True))
    for rows in (asked.train, asked.val):
        assert rows.targets.tolist() == [known[i] for i in rows.ids]


def test_label_noise_moves_that_fraction_to_the_other_classes_evenly() -> None:
    whole, request = table([0, 1, 2, 3] * 5000), replace(ASK, label_noise=0.3)
    ready = prepare(whole, request, 1, FLOAT)
    for rows in (ready.train, ready.val):
        shift = (rows.targets - whole.target[rows.ids - 100]) % 4
        n = len(rows)
        assert abs(np.mean(shift != 0) - 0.3) < 5 * np.sqrt(0.21 / n)
        for other in (1, 2, 3):
            assert abs(np.mean(shift == other) - 0.1) < 5 * np.sqrt(0.09 / n)
    np.testing.assert_array_equal(ready.test.targets, whole.target[ready.test.ids - 100])
    every = prepare(whole, replace(ASK, label_noise=1.0), 1, FLOAT)
    assert (every.train.targets != whole.target[every.train.ids - 100]).all()


def test_regression_noise_is_in_units_of_the_targets_own_spread() -> None:
    whole = regression(20_000)
    ready = prepare(whole, replace(ASK, label_noise=0.5), 0, FLOAT)

    def noise(rows: Any) -> Any:
        return rows.targets * ready.target_scale + ready.target_mean - whole.target[rows.ids - 100]

    np.testing.assert_allclose(noise(ready.train).std(axis=0), 1.5, rtol=0.03)
    np.testing.assert_allclose(noise(ready.test), 0.0, atol=1e-12)


def lengths(found: Split) -> list[int]:
    return [len(found.train), len(found.val), len(found.test)]


def test_generators_draw_unless_told_otherwise() -> None:
    request = DataRequest(dataset="moons:n=50,n_test=20")
    dataset = load(request, 0)
    assert resample_of(dataset, request) == "draws"
    assert lengths(split(dataset, request, 0)) == [40, 10, 20]
    splits = replace(request, dataset="moons:n=50", resample="splits")
    assert resample_of(load(splits, 0), splits) == "splits"
    assert lengths(split(load(splits, 0), splits, 0)) == [30, 10, 10]


def test_a_split_column_without_test_rows_means_that_there_are_none() -> None:
    marked = table([0, 1] * 20, part=[VAL] * 10 + [TRAIN] * 30)
    assert len(split(marked, ASK, 0).test) == 0
    assert len(split(marked, replace(ASK, test_size=5), 0).test) == 5
