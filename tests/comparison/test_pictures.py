"""Bands and reliability, held against NumPy and a loop over rows."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from planted_runs import curve, light, loader, only_problem, planted, predictions

from overfit_cli.comparison.compare import compare
from overfit_cli.comparison.pictures import BINS, correct_of
from overfit_cli.comparison.problem import Question


def test_bands_over_seeds_that_stop_at_different_epochs():
    rng = np.random.default_rng(0)
    lengths = (3, 5, 4)
    train, val = ([rng.random(n) for n in lengths] for _ in range(2))
    results = [planted(seed=seed, curves=curve(train[seed], val=val[seed])) for seed in range(3)]
    curves = only_problem(results).arms[0].curves
    assert curves.epochs == (0, 1, 2, 3, 4)
    assert curves.n == (3, 3, 3, 2, 1)
    for name, rows in (("train_nll", train), ("val_nll", val)):
        table = np.full((3, 5), np.nan)
        for seed, row in enumerate(rows):
            table[seed, : len(row)] = row
        band = curves.bands[name]
        assert band.mean == pytest.approx(np.nanmean(table, axis=0))
        assert band.low == tuple(np.nanmin(table, axis=0))
        assert band.high == tuple(np.nanmax(table, axis=0))


def test_only_chosen_runs_are_read_and_drawn():
    results = [
        planted(lr=lr, seed=seed, val=lr, curves=curve([lr, lr]))
        for lr in (0.1, 0.2)
        for seed in range(2)
    ]
    load, asked = loader(results)
    (problem,) = compare(light(results), load, Question(), "t").problems
    assert asked == [planted(lr=0.1, seed=seed).run_id for seed in range(2)]
    assert problem.arms[0].curves.bands["train_nll"].high == (0.1, 0.1)


def test_a_column_that_one_seed_lacks():
    results = [
        planted(seed=0, curves=curve([1.0, 2.0])),
        planted(seed=1, curves=tuple(
            type(record)(record.epoch, record.train, {}, 0.0) for record in curve([3.0, 4.0, 5.0])
        )),
    ]  # fmt: skip
    bands = only_problem(results).arms[0].curves.bands
    assert bands["train_nll"].mean == (2.0, 3.0, 5.0)
    assert bands["val_nll"].mean[:2] == (1.0, 2.0)
    assert math.isnan(bands["val_nll"].mean[2])


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_a_seed_without_a_number_leaves_no_range_in_any_order(order):
    values = [2.0, math.nan, 1.0]
    results = [planted(seed=s, curves=curve([3.0, values[at]])) for s, at in enumerate(order)]
    band = only_problem(results).arms[0].curves.bands["train_nll"]
    for edge in (band.mean, band.low, band.high):
        assert edge[0] == 3.0
        assert math.isnan(edge[1])


def test_a_seed_that_left_the_finite_numbers_is_the_edge():
    results = [planted(seed=s, curves=curve([v])) for s, v in enumerate((1.0, math.inf, 2.0))]
    band = only_problem(results).arms[0].curves.bands["train_nll"]
    assert (band.mean, band.low, band.high) == ((math.inf,), (1.0,), (math.inf,))


def test_reliability_against_a_loop_over_rows():
    rng = np.random.default_rng(1)
    n, classes = 200, 3
    results, rows = [], []
    for seed in range(2):
        outputs = rng.dirichlet(np.full(classes, 0.4), n)
        # the edges of bins belong to the bin below
        outputs[:3] = [[1.0, 0.0, 0.0], [0.6, 0.4, 0.0], [0.4, 0.4, 0.2]]
        targets = rng.integers(classes, size=n)
        results.append(planted(seed=seed, predictions=predictions(range(n), targets, outputs)))
        rows += list(zip(outputs.tolist(), targets.tolist(), strict=True))
    bins = {}
    for probabilities, target in rows:
        sure = max(probabilities)
        place = min(k for k in range(BINS) if sure <= (k + 1) / BINS or k == BINS - 1)
        bins.setdefault(place, []).append((sure, probabilities.index(sure) == target))
    found = only_problem(results).arms[0].reliability
    assert len(found) == len(bins)
    for one, place in zip(found, sorted(bins), strict=True):
        sures, rights = zip(*bins[place], strict=True)
        assert one.count == len(sures)
        assert one.confidence == pytest.approx(np.mean(sures))
        assert one.accuracy == pytest.approx(np.mean(rights))


def test_reliability_counts_rows_by_their_weights():
    outputs = [[0.9, 0.1], [0.9, 0.1], [0.3, 0.7]]
    rows = replace(predictions(range(3), [0, 1, 1], outputs), weights=np.array([3.0, 1.0, 2.0]))
    low, high = only_problem([planted(predictions=rows)]).arms[0].reliability
    assert (low.count, low.confidence, low.accuracy) == (1, pytest.approx(0.7), 1)
    assert (high.count, high.confidence, high.accuracy) == (2, pytest.approx(0.9), 0.75)


def test_regression_has_no_reliability():
    outputs = predictions([0, 1], [[1.0], [2.0]], [[1.0], [2.0]])
    results = [planted(regression=True, predictions=outputs)]
    assert only_problem(results).arms[0].reliability == ()


def sure_of(ids, right):
    """Return two-class predictions whose correctness is `right`."""
    return predictions(ids, [0] * len(ids), [[0.9, 0.1] if r else [0.2, 0.8] for r in right])


def test_rows_are_paired_by_their_ids():
    results = [
        planted(predictions=sure_of([5, 3, 9], [True, False, True])),
        planted("l2", predictions=sure_of([9, 5, 3], [True, True, False])),
        planted("dropout", predictions=sure_of([9, 5, 4], [True, True, True])),
    ]
    load, _ = loader(results)
    correct = correct_of(only_problem(results).arms, "none", load)
    assert {name: rows.tolist() for name, rows in correct.items()} == {
        "none": [False, True, True],
        "l2": [False, True, True],
    }


def test_one_seed_each_is_judged_by_mcnemar():
    ids = list(range(40))
    results = [
        planted(predictions=sure_of(ids, [n < 20 for n in ids]), test={"nll": 2.0, "error": 0.5}),
        planted("l2", predictions=sure_of(ids, [True] * 40), test={"nll": 1.0, "error": 0.0}),
    ]
    (verdict,) = only_problem(results, metric="error").verdicts
    assert (verdict.test, verdict.finding, verdict.n) == ("McNemar", "better", 1)
    # 20 rows that only l2 gets right, none the other way: twice .5 ** 20
    assert verdict.p == pytest.approx(2 * 0.5**20)
    assert verdict.interval.difference == pytest.approx(-0.5)


def test_weighted_rows_are_not_counted_alike():
    ids = list(range(40))
    results = [
        planted(name, predictions=replace(sure_of(ids, right), weights=np.arange(1.0, 41)))
        for name, right in (("none", [n < 20 for n in ids]), ("l2", [True] * 40))
    ]
    (verdict,) = only_problem(results).verdicts
    assert (verdict.test, verdict.finding) == ("corrected t", "too few")


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_weights_that_weigh_nothing_make_no_bins(weights):
    ids = range(len(weights))
    rows = replace(sure_of(list(ids), [True] * len(weights)), weights=np.array(weights))
    if not weights:
        rows = replace(rows, outputs=np.empty((0, 2)))
    results = [planted(name, predictions=rows) for name in ("none", "l2")]
    problem = only_problem(results)
    assert [own.reliability for own in problem.arms] == [(), ()]
