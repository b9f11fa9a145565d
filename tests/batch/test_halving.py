"""Ladders by hand and by properties; the rule against a loop that knows everybody's scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.batch.halving import RUN, Ladder, depth_of, filled, halving, ladder
from overfit_cli.remedies import REGISTRY

SIZES = st.integers(1, 40)


@pytest.mark.parametrize(
    ("settings", "eta", "depth"),
    [(1, 2, 0), (2, 3, 0), (3, 3, 1), (8, 3, 1), (9, 3, 2), (9, 2, 3), (1000, 10, 3)],
)
def test_depth(settings, eta, depth):
    assert depth_of(settings, eta) == depth


def test_ladder_by_hand():
    nine = ladder(9, 81, eval_every=1, eta=3, depth=2)
    assert (nine.rungs, nine.keeps) == ((9, 27), (3, 1))
    assert nine.cost == 9 * 9 + 3 * 18 + 1 * 54
    assert nine.whole == 9 * 81
    # a smaller grid on the same rungs
    assert ladder(4, 81, 1, 3, 2).keeps == (1, 1)
    # rungs are epochs that are evaluated; those that fall together are one, with the fewer left
    assert ladder(9, 20, 5, 3, 2).rungs == (5,)
    assert ladder(27, 20, 5, 3, 3) == Ladder(27, 20, (5,), (1,))
    assert ladder(2, 10, 1, 3, 0).cost == 2 * 10


def test_a_smaller_grid_keeps_more_finalists_first():
    budget = ladder(9, 81, 1, 3, 2).cost
    (three,) = filled([ladder(3, 81, 1, 3, 2)], budget)
    assert three.keeps == (3, 2)
    assert three.cost == 3 * 27 + 2 * 54 == budget
    # one more finalist, rather than one more at the first rung
    early = Ladder(3, 81, (9, 27), (2, 1))
    assert [own.keeps for own in filled([early], early.cost + 54)] == [(2, 2)]


@given(st.lists(SIZES, min_size=1, max_size=4), st.integers(2, 4), st.integers(0, 5000))
def test_filled_spends_what_it_can_and_no_more(sizes, eta, extra):
    depth = max(depth_of(n, eta) for n in sizes)
    ladders = [ladder(n, 30, 1, eta, depth) for n in sizes]
    budget = sum(own.cost for own in ladders) + extra
    found = filled(ladders, budget)
    cost = sum(own.cost for own in found)
    assert cost <= budget
    for own in found:
        counts = (own.settings, *own.keeps)
        assert list(counts) == sorted(counts, reverse=True)
        assert own.keeps[-1:] >= (1,) or not own.keeps
        # nothing more would fit
        assert all(cost + wider.cost - own.cost > budget for wider in own.widened())


@given(SIZES, st.integers(2, 4), st.integers(0, 4))
def test_fewer_settings_never_cost_more(settings, eta, depth):
    costs = [ladder(n, 100, 1, eta, depth).cost for n in range(1, settings + 1)]
    assert costs == sorted(costs)


def driven(rule, scores, members, hyper=None):
    """Drive a rule as the engine does; return each replica's last epoch and who was lost.

    scores: (epochs, R).
    """
    n = scores.shape[1]
    ids, ended, lost = np.arange(n), np.full(n, len(scores)), np.zeros(n, bool)
    columns = {RUN: np.arange(n) // members, **(hyper or {})}
    state = rule.init(columns)
    for epoch, row in enumerate(scores, 1):
        _, stop = rule.observe(columns, state, epoch, {"nll": row[ids]})
        ended[ids[stop]], lost[ids] = epoch, state["lost"]
        ids = ids[~stop]
        columns = {name: values[~stop] for name, values in columns.items()}
        state = {name: values[~stop] for name, values in state.items()}
        if not len(ids):
            break
    return ended, lost


def raced(scores, members, keep):
    """The oracle: runs as lists, their means sorted in plain Python."""
    n_runs = scores.shape[1] // members
    racing, ended = list(range(n_runs)), [len(scores)] * n_runs
    for epoch, row in enumerate(scores, 1):
        if epoch in keep:
            means = {}
            for run in racing:
                values = [float(row[run * members + m]) for m in range(members)]
                mean = sum(values) / members
                means[run] = math.inf if math.isnan(mean) else mean
            ranked = sorted(racing, key=lambda run: (means[run], run))
            for run in ranked[keep[epoch] :]:
                ended[run] = epoch
            racing = sorted(ranked[: keep[epoch]])
    return ended


@given(
    st.integers(1, 12),
    st.integers(1, 3),
    st.dictionaries(st.integers(1, 6), st.integers(1, 12)),
    st.integers(0, 2**32 - 1),
)
def test_rule_against_a_loop(n_runs, members, keep, seed):
    rng = np.random.default_rng(seed)
    # few values, so that there are ties; some are no numbers
    scores = rng.choice([0.25, 0.5, 1.0, 2.0, np.nan], (6, n_runs * members))
    ended, lost = driven(halving(keep, "nll", None), scores, members)
    expected = np.repeat(raced(scores, members, keep), members)
    np.testing.assert_array_equal(ended, expected)
    np.testing.assert_array_equal(lost[ended < 6], True)


def test_without_a_rule_of_its_own_the_last_epoch_is_the_one_restored():
    rule = halving({}, "nll", None)
    hyper = {RUN: np.arange(2)}
    improved, stop = rule.observe(hyper, rule.init(hyper), 1, {"nll": np.array([1.0, np.nan])})
    assert improved.all()
    assert not stop.any()


def test_beside_early_stopping_the_best_epoch_so_far_ranks():
    """Run 0 was best early, then rose; run 1 is better now, but never was as good as that."""
    remedy = REGISTRY["early-stopping"]
    inner = remedy.build(None, [remedy.settings({"patience": 3})] * 3)
    scores = np.array([[0.1, 0.9, 0.8], [0.7, 0.6, 0.5], [0.8, 0.5, 0.4], [0.9, 0.4, 0.3]])
    ended, lost = driven(halving({3: 2}, "nll", inner.stop), scores, 1, inner.hyper)
    # 1 loses at the rung; 0 stops by itself one epoch later, and is not lost
    assert ended.tolist() == [4, 3, 4]
    assert lost.tolist() == [False, True, False]


def test_what_early_stopping_has_ended_takes_no_place():
    remedy = REGISTRY["early-stopping"]
    inner = remedy.build(None, [remedy.settings({"patience": 1})] * 3)
    scores = np.array([[0.5, 0.9, 0.8], [0.6, 0.8, 0.7], [9.0, 0.7, 0.6]])
    ended, lost = driven(halving({2: 1}, "nll", inner.stop), scores, 1, inner.hyper)
    assert ended.tolist() == [2, 2, 3]
    assert lost.tolist() == [False, True, False]
