"""Preprocessing: exact inputs by hand, statistics of training rows only, and bad data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overfit_cli.data import DataRequest, Dataset, Preprocessing, prepare, transform
from overfit_cli.data.dataset import FREE, TEST, TRAIN, VAL
from overfit_cli.errors import DataError

ASK = DataRequest(dataset="made.csv")
FLOAT = np.dtype("float64")
NAN = np.nan


def table(
    numeric: Any, codes: Any = None, labels: Any = None, part: Any = None, categories: Any = ()
) -> Dataset:
    numeric = np.asarray(numeric)
    n = len(numeric)
    return Dataset(
        name="made",
        task="classification",
        numeric=numeric,
        numeric_names=tuple(f"x{i}" for i in range(numeric.shape[1])),
        codes=np.empty((n, 0), np.int64) if codes is None else np.asarray(codes),
        categories=categories,
        target=np.arange(n) % 2 if labels is None else np.asarray(labels),
        target_names=("y",),
        classes=("no", "yes"),
        row_ids=np.arange(n),
        fingerprint="made",
        part=None if part is None else np.asarray(part, np.int8),
    )


def regression(target: Any, part: Any = None) -> Dataset:
    y = np.asarray(target, np.float64).reshape(len(target), -1)
    plain = table(np.arange(len(y))[:, None] * 1.0, part=part)
    names = tuple(f"y{i}" for i in range(y.shape[1]))
    return replace(plain, task="regression", target=y, target_names=names, classes=())


PARTS = [TRAIN, TRAIN, TRAIN, TRAIN, VAL, TEST]
COLOURS = (("colour", ("red", "green", "blue")), ("size", ("s", "l")))


def mixed() -> Dataset:
    numeric = [[1.0, 10], [3, NAN], [1, 30], [3, 20], [5, NAN], [NAN, 90]]
    codes = [[0, 0], [1, 0], [-1, 1], [0, 1], [2, 0], [1, 1]]
    return table(numeric, codes, part=PARTS, categories=COLOURS)


def test_a_mixed_table_by_hand() -> None:
    ready = prepare(mixed(), ASK, 0, FLOAT)
    schema = ready.preprocessing.schema
    assert schema["input_names"] == [
        *("x0", "x1", "x0 is missing", "x1 is missing"),
        *("colour=red", "colour=green", "colour=blue", "colour is missing", "size=s", "size=l"),
    ]
    sd = np.sqrt(200 / 3)  # of 10, 30, 20 about 20
    expected = [
        [-1, -10 / sd, 0, 0, 1, 0, 0, 0, 1, 0],
        [1, 0, 0, 1, 0, 1, 0, 0, 1, 0],
        [-1, 10 / sd, 0, 0, 0, 0, 0, 1, 0, 1],
        [1, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    ]
    np.testing.assert_allclose(ready.train.inputs, expected, rtol=1e-14)
    # no training row is blue, or lacks x0: nothing was learned of those inputs
    np.testing.assert_allclose(ready.val.inputs, [[3, 0, 0, 1, 0, 0, 0, 1, 1, 0]])
    np.testing.assert_allclose(ready.test.inputs, [[0, 70 / sd, 0, 0, 0, 1, 0, 0, 0, 1]])


def test_a_new_file_goes_through_the_stored_preprocessing() -> None:
    """By way of JSON and plain arrays; an unknown category or one past the end is missing."""
    ready = prepare(mixed(), ASK, 0, np.dtype("float32"))
    kept = Preprocessing(
        json.loads(json.dumps(ready.preprocessing.schema)),
        {name: array.copy() for name, array in ready.preprocessing.arrays.items()},
    )
    data = mixed()
    again = transform(kept, data.numeric, data.codes)
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again[:4], ready.train.inputs)
    unknown = transform(kept, np.array([[NAN, NAN], [NAN, NAN]]), np.array([[-1, -1], [7, 7]]))
    np.testing.assert_array_equal(unknown, [[0, 0, 0, 1, 0, 0, 0, 1, 0, 0]] * 2)


values = st.one_of(st.floats(-1e6, 1e6), st.just(NAN))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(values, values), min_size=12, max_size=12),
    st.integers(0, 1000),
)
def test_statistics_never_see_validation_or_test_rows(
    other: list[tuple[float, float]], seed: int
) -> None:
    rng = np.random.default_rng(5)
    numeric = rng.normal(3, 2, (40, 2))
    # a missing value and two present ones in training, so that the schema stays the same
    numeric[0] = NAN
    part = [TRAIN] * 28 + [VAL] * 6 + [TEST] * 6
    changed = numeric.copy()
    changed[28:] = other
    one = prepare(table(numeric, part=part), ASK, seed, FLOAT)
    two = prepare(table(changed, part=part), ASK, seed, FLOAT)
    assert one.preprocessing.schema == two.preprocessing.schema
    for name, array in one.preprocessing.arrays.items():
        np.testing.assert_array_equal(array, two.preprocessing.arrays[name])
    np.testing.assert_array_equal(one.train.inputs, two.train.inputs)


def test_target_statistics_never_see_them_either() -> None:
    part = [TRAIN] * 4 + [VAL] * 2 + [TEST] * 2
    one = prepare(regression([1, 3, 1, 3, 0, 9, 9, 9], part), ASK, 0, FLOAT)
    two = prepare(regression([1, 3, 1, 3, 70, -5, 0, 1e6], part), ASK, 0, FLOAT)
    for ready in (one, two):
        assert ready.target_mean.tolist() == [2.0]
        assert ready.target_scale.tolist() == [1.0]
    assert one.val.targets.tolist() == [[-2.0], [7.0]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_every_seed_gives_the_same_columns_and_standard_training_rows(
    seed: int, limited: bool
) -> None:
    rng = np.random.default_rng(7)
    numeric = rng.normal(-4, 3, (60, 3))
    numeric[rng.random((60, 3)) < 0.05] = NAN
    codes = rng.integers(-1, 4, (60, 1))
    data = table(numeric, codes, categories=(("k", ("a", "b", "c", "d")),))
    request = replace(ASK, train_size=20 if limited else None)
    ready = prepare(data, request, seed, FLOAT)
    assert ready.preprocessing.schema == prepare(data, ASK, 0, FLOAT).preprocessing.schema
    present = np.isfinite(numeric[ready.train.ids])
    for column in range(3):
        x = ready.train.inputs[present[:, column], column]
        assert x.mean() == pytest.approx(0, abs=1e-12)
        assert x.std() == pytest.approx(1)
    one_hot = ready.train.inputs[:, -5:]
    np.testing.assert_array_equal(one_hot.sum(axis=1), 1)
    np.testing.assert_array_equal(one_hot.argmax(axis=1), codes[ready.train.ids, 0] % 5)


def test_images_are_divided_by_their_range_and_nothing_else() -> None:
    pixels = np.array([[0, 255, 7], [0, 51, 7], [0, 102, 7], [0, 0, 7]] * 5, np.uint8)
    data = replace(table(pixels), pixel_range=255.0)
    ready = prepare(data, ASK, 0, np.dtype("float32"))
    assert ready.preprocessing.schema["kind"] == "pixels"
    np.testing.assert_array_equal(
        ready.train.inputs, (pixels[ready.train.ids] / 255).astype(np.float32)
    )
    assert not any("constant" in note for note in ready.notes)


def test_large_offsets_survive_float32() -> None:
    """Seconds since 1970 differ by less than a float32 resolves: standardise first, then round."""
    seconds = 1.7e9 + np.arange(40.0)[:, None]
    ready = prepare(table(seconds), ASK, 0, np.dtype("float32"))
    assert len(np.unique(ready.train.inputs)) == len(ready.train)


def test_dropped_columns_are_named() -> None:
    n = 20
    numeric = np.c_[np.arange(n), np.full(n, 0.1), np.full(n, NAN), np.full(n, 3.0)]
    numeric[4, 3] = NAN
    codes = np.c_[np.zeros(n, int), np.full(n, -1)]
    data = table(numeric, codes, categories=(("one", ("a",)), ("none", ())))
    ready = prepare(data, ASK, 0, FLOAT)
    assert ready.preprocessing.schema["input_names"] == ["x0", "x3 is missing"]
    assert "constant or empty columns are dropped: 'x1', 'x2', 'one', 'none'." in ready.notes


def test_a_column_constant_or_empty_in_training_only() -> None:
    part = [TRAIN] * 6 + [VAL] * 3 + [TEST] * 3
    alike = [0.1] * 6 + [1.1] * 6
    absent = [NAN] * 6 + [1e9, 2e9, 3e9] * 2
    ready = prepare(table(np.c_[alike, absent], part=part), ASK, 0, FLOAT)
    for rows in (ready.train, ready.val, ready.test):
        np.testing.assert_array_equal(rows.inputs, [[0, 0, 1]] * len(rows))


def test_what_training_rows_never_show_changes_no_answer() -> None:
    """A blank or a category that only test rows have, and what all training rows share."""
    part = [TRAIN] * 4 + [TEST] * 2
    categories = (("one", ("a", "b")), ("two", ("c", "d", "e")))
    numeric = [[1.0], [2], [3], [4], [2], [NAN]]
    codes = [[0, 0], [0, 1], [0, 0], [0, 1], [1, 2], [0, -1]]
    data = table(numeric, codes, part=part, categories=categories)
    ready = prepare(data, replace(ASK, val_size=0), 0, FLOAT)
    one, two = ["one=a", "one=b"], ["two=c", "two=d", "two=e", "two is missing"]
    assert ready.preprocessing.schema["input_names"] == ["x0", "x0 is missing", *one, *two]
    np.testing.assert_array_equal(ready.train.inputs[:, [1, 2, 3, 6, 7]], [[0, 1, 0, 0, 0]] * 4)
    np.testing.assert_array_equal(ready.test.inputs[:, 1:], [[0, 1, 0, 0, 0, 0, 0]] * 2)
    np.testing.assert_array_equal(ready.test.inputs[:, 0], [ready.train.inputs[1, 0], 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_targets_suit_their_likelihood(dtype: str) -> None:
    two = prepare(mixed(), ASK, 0, np.dtype(dtype))
    assert (two.likelihood, two.n_outputs, two.train.targets.shape) == ("bernoulli", 1, (4, 1))
    assert two.train.targets.dtype == dtype
    three = replace(table(np.arange(9)[:, None], labels=[0, 1, 2] * 3), classes=("a", "b", "c"))
    ready = prepare(three, ASK, 0, np.dtype(dtype))
    assert (ready.likelihood, ready.n_outputs) == ("categorical", 3)
    assert ready.train.targets.dtype.kind == "i"
    assert ready.train.inputs.dtype == dtype
    both = prepare(regression(np.random.default_rng(0).random((30, 2))), ASK, 0, np.dtype(dtype))
    assert (both.likelihood, both.n_outputs) == ("gaussian", 2)
    assert both.train.targets.dtype == dtype
    np.testing.assert_allclose(both.train.targets.std(axis=0), 1, rtol=1e-5)


def test_weights_go_along_and_must_not_all_be_0() -> None:
    weights = np.arange(20) / 10
    data = replace(table(np.arange(20)[:, None]), weights=weights)
    ready = prepare(data, ASK, 0, FLOAT)
    assert ready.train.weights is not None
    np.testing.assert_array_equal(ready.train.weights, weights[ready.train.ids])
    with pytest.raises(DataError, match="weights of all training rows are 0"):
        prepare(replace(data, weights=np.zeros(20)), ASK, 0, FLOAT)


@pytest.mark.parametrize(("name", "part"), [("training", 0), ("validation", 1), ("test", 2)])
def test_no_part_has_only_weights_of_0(name: str, part: int) -> None:
    marks = np.repeat([TRAIN, VAL, TEST], 6)
    data = table(np.arange(18)[:, None], labels=np.arange(18) % 2, part=marks)
    weights = np.where(marks == part, 0.0, 1.0)
    with pytest.raises(DataError, match=f"weights of all {name} rows are 0"):
        prepare(replace(data, weights=weights), ASK, 0, FLOAT)
    weights[np.flatnonzero(marks == part)[-1]] = 0.5
    ready = prepare(replace(data, weights=weights), ASK, 0, FLOAT)
    assert (len(ready.train), len(ready.val), len(ready.test)) == (6, 6, 6)


def test_an_empty_part_needs_no_weights() -> None:
    data = replace(table(np.arange(20)[:, None]), weights=np.ones(20))
    assert len(prepare(data, replace(ASK, val_size=0, test_size=0), 0, FLOAT).train) == 20


def test_regression_targets_are_also_kept_as_the_file_has_them() -> None:
    y = 1e6 + np.random.default_rng(0).random((30, 2))
    data = regression(y)
    ready = prepare(data, ASK, 0, np.dtype("float32"))
    for rows in (ready.train, ready.val, ready.test):
        assert rows.own is not None
        assert rows.own.dtype == np.float64
        np.testing.assert_array_equal(rows.own, y[rows.ids])
    assert prepare(table(np.arange(20)[:, None]), ASK, 0, FLOAT).train.own is None


def test_groups_go_along() -> None:
    groups = np.arange(20) // 2
    ready = prepare(replace(table(np.arange(20)[:, None]), groups=groups), ASK, 0, FLOAT)
    for rows in (ready.train, ready.val, ready.test):
        assert rows.groups is not None
        np.testing.assert_array_equal(rows.groups, groups[rows.ids])


def test_row_18_bad_data() -> None:
    x = np.arange(20.0)[:, None]
    bad = {
        "one class only": table(x, labels=[1] * 20),
        r"fewer rows \(3\) than classes \(5\)": replace(
            table(x[:3], labels=[0, 1, 3]), classes=tuple("abcde")
        ),
        "no training row of the classes 'c'": replace(
            table(x, labels=[0, 1] * 9 + [2, 2], part=[FREE] * 18 + [TEST] * 2),
            classes=("a", "b", "c"),
        ),
        "no input column is left": table(np.ones((20, 2))),
        r"made, row 2 \(from 0\), column 'x0': the value is infinite": table(
            np.where(x == 2, np.inf, x)
        ),
        r"made, row 1 \(from 0\), column .x0.: the value is beyond 1e.150. Correct": table(
            x * 1e199
        ),
        "the target 'y0' is constant": regression([2.0] * 20),
        r"made, row 1 \(from 0\): the target is missing": regression([1.0, NAN, 2.0] * 5),
        r"row 2 \(from 0\): the target is missing, infinite": regression([1.0, 0.0, np.inf] * 5),
    }
    for message, data in bad.items():
        with pytest.raises(DataError, match=message):
            prepare(data, ASK, 0, FLOAT)


def test_row_18_warnings() -> None:
    rows = np.r_[np.arange(12.0), np.arange(12.0)][:, None]
    data = table(rows, labels=[0] * 8 + [1] * 4 + [0] * 8 + [1] * 4)
    part = np.array([TRAIN] * 12 + [VAL] * 5 + [TEST] * 7, np.int8)
    notes = prepare(replace(data, part=part), ASK, 0, FLOAT).notes
    assert "fewer than 10 rows of a class: 'yes (8)'." in notes
    assert (
        "duplicate rows across splits: 5 of 5 validation rows also train; "
        "7 of 7 test rows also train or validate." in notes
    )
    few = prepare(data, replace(ASK, train_size=1000), 0, FLOAT)
    assert "only 14 training rows of the 1000 asked for." in few.notes


def test_missing_values_do_not_hide_duplicates() -> None:
    rows = np.array([[1.0, NAN], [2.0, 5.0], [3.0, 4.0], [1.0, NAN]])
    data = table(rows, labels=[0, 1, 0, 0], part=[TRAIN, TRAIN, TRAIN, TEST])
    notes = prepare(data, replace(ASK, val_size=0), 0, FLOAT).notes
    assert "duplicate rows across splits: 1 of 1 test rows also train or validate." in notes
