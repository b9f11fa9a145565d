"""What makes comparisons paired: streams are keyed by seed, never by method, place or company."""

import numpy as np
import pytest
from experiment_samples import data_of, result, results_of, same_numbers, spec, specs

from overfit_cli.experiment.stack import Stack
from overfit_cli.remedies import REGISTRY

NEUTRAL = {name: remedy.neutral for name, remedy in REGISTRY.items() if remedy.neutral is not None}


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_setting_is_none_bit_for_bit(name):
    """Same split, initial weights and batch order; the remedy adds nothing but itself."""
    none, neutral = result(), result(method=name, **NEUTRAL[name])
    assert same_numbers(none, neutral)


def test_all_methods_see_the_same_rows_and_start_from_the_same_weights():
    runs = results_of([one for name in ("none", "dropout", "l2", "max-norm", "early-stopping")
                       for one in specs(method=name, label_noise=0.2, seed=7)])  # fmt: skip
    for run in runs[1:]:
        assert np.array_equal(run.predictions.ids, runs[0].predictions.ids)
        assert np.array_equal(run.predictions.targets, runs[0].predictions.targets)
    for run in runs[2:]:
        # dropout's epoch 0 is that of scaled weights
        assert run.curves[0].train == runs[0].curves[0].train


def test_initial_weights_and_rows_are_equal_across_methods():
    stacks = [
        Stack((one,), (data_of(one),)) for one in specs(method="none,dropout,l1,bayes", seed=3)
    ]
    first = stacks[0].replicas()
    for stack in stacks[1:]:
        replicas = stack.replicas()
        assert np.array_equal(replicas.parameters[0], first.parameters[0])
        assert np.array_equal(replicas.rows[0], first.rows[0])
        assert replicas.keys[0] == first.keys[0]


def test_alone_or_in_company():
    """Five seeds together, or each alone: the same bits."""
    asked = specs(method="dropout", seeds=3)
    together = results_of(asked)
    for one, run in zip(asked, together, strict=True):
        assert same_numbers(results_of([one])[0], run)


def test_other_seeds_give_other_rows_weights_and_noise():
    first, second = specs(seeds=2, label_noise=0.3)
    a, b = data_of(first), data_of(second)
    assert not np.array_equal(a.train.inputs, b.train.inputs)
    weights = [
        Stack((one,), (data,)).replicas().parameters for one, data in ((first, a), (second, b))
    ]
    assert not np.array_equal(*weights)


def test_members_are_different_networks():
    run = result(method="bayes", members=3)
    assert len({row.tobytes() for row in run.model.parameters}) == 3
    assert run.members == 3


def test_member_0_of_an_ensemble_is_the_single_network():
    single, ensemble = result(), result(method="bayes", members=2)
    assert np.array_equal(single.model.parameters[0], ensemble.model.parameters[0])


def test_folds_are_disjoint_and_held_out():
    one = spec(method="bayes+early-stopping", members=4, folds=True, val_size=0)
    stack = Stack((one,), (data_of(one),))
    rows = stack.replicas().rows
    n = len(stack.data[0].train)
    held = [np.setdiff1d(np.arange(n), row) for row in rows]
    assert [len(fold) for fold in held] == [n // 4] * 4
    assert len(np.unique(np.concatenate(held))) == 4 * (n // 4)
