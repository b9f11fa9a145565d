"""Folds of an ensemble: whole groups, equally many training rows, weights that count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.data.dataset import Rows
from overfit_cli.errors import DataError, UsageError
from overfit_cli.experiment.folds import folds_of
from overfit_cli.rng import stream


def rows_of(n, groups=None, weights=None):
    return Rows(
        inputs=np.zeros((n, 1)),
        targets=np.zeros(n, int),
        weights=None if weights is None else np.array(weights, float),
        ids=np.arange(n),
        groups=None if groups is None else np.array(groups),
    )


sizes_of_groups = st.lists(st.integers(1, 9), min_size=4, max_size=25)


@given(sizes_of_groups, st.integers(2, 4), st.integers(0, 99))
def test_groups_stay_whole_and_members_train_on_equally_many_rows(sizes, members, seed):
    groups = stream(seed, "generator").permutation(np.repeat(np.arange(len(sizes)), sizes))
    folds = folds_of(rows_of(len(groups), groups), members, seed)
    assert len(folds) == members
    held_out = np.concatenate([fold.held_out for fold in folds])
    assert sorted(held_out) == list(range(len(groups)))
    largest = max(len(fold.held_out) for fold in folds)
    for fold in folds:
        assert len(fold.held_out)
        assert not set(groups[fold.held_out]) & set(groups[fold.train])
        assert len(set(fold.train.tolist())) == len(fold.train) == len(groups) - largest
        assert (np.diff(fold.train) > 0).all()
    lengths = [len(fold.held_out) for fold in folds]
    assert max(lengths) - min(lengths) <= max(sizes)


def test_equal_groups_that_share_out_evenly_leave_nothing_out():
    folds = folds_of(rows_of(24, np.arange(24) // 2), 4, 0)
    for fold in folds:
        assert sorted([*fold.held_out, *fold.train]) == list(range(24))


def test_folds_of_groups_depend_on_the_seed_and_on_nothing_else():
    rows = rows_of(30, np.arange(30) % 7)
    first, again, other = (folds_of(rows, 3, seed) for seed in (1, 1, 2))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.held_out, two.held_out)
        np.testing.assert_array_equal(one.train, two.train)
    same = [
        np.array_equal(one.held_out, two.held_out) for one, two in zip(first, other, strict=True)
    ]
    assert not all(same)


@pytest.mark.parametrize("n", [12, 14])
def test_without_groups_a_permutation_is_cut_and_the_rest_is_in_nobodys_fold(n):
    order = stream(5, "folds").permutation(n)
    for member, fold in enumerate(folds_of(rows_of(n), 4, 5)):
        expected = set(order[3 * member : 3 * member + 3].tolist())
        assert fold.held_out.tolist() == sorted(expected)
        assert fold.train.tolist() == sorted(set(range(n)) - expected)


def test_too_few_rows_or_groups():
    with pytest.raises(UsageError, match="3 training rows cannot give 4 folds"):
        folds_of(rows_of(3), 4, 0)
    with pytest.raises(UsageError, match="3 groups of training rows cannot give 4 folds"):
        folds_of(rows_of(30, np.arange(30) % 3), 4, 0)


@pytest.mark.parametrize("groups", [None, np.arange(8)])
def test_a_fold_of_weights_0_is_refused(groups):
    weights = np.zeros(8)
    weights[folds_of(rows_of(8, groups), 2, 0)[0].held_out[0]] = 1
    with pytest.raises(DataError, match="member 1 would train on are 0"):
        folds_of(rows_of(8, groups, weights), 2, 0)
    weights[:] = 1
    weights[folds_of(rows_of(8, groups), 2, 0)[0].held_out] = 0
    with pytest.raises(DataError, match="weights of all rows that member 1 would hold out are 0"):
        folds_of(rows_of(8, groups, weights), 2, 0)
