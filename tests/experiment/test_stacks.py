"""Which runs train together."""

from experiment_samples import data_of, specs

from overfit_cli.experiment.stacks import most_runs, stacks_of


def stacked(asked):
    data = {one.seed: data_of(one) for one in asked}
    return stacks_of(asked, [data[one.seed] for one in asked])


def test_every_run_is_in_one_stack():
    asked = [one for lr in (0.1, 0.2) for one in specs(method="none,dropout,l2", lr=lr, seeds=3)]
    stacks = stacked(asked)
    held = [one.run_id for stack in stacks for one in stack.specs]
    assert sorted(held) == sorted(one.run_id for one in asked)
    assert len(stacks) == 3


def test_numbers_share_a_stack_and_structure_does_not():
    assert len(stacked([*specs(method="dropout", p=0.5), *specs(method="dropout", p=0.8)])) == 1
    for other in ({"scope": "minibatch"}, {"mask": "exact"}, {"average": "mc"}):
        assert len(stacked([*specs(method="dropout"), *specs(method="dropout", **other)])) == 2
    for other in ({"epochs": 3}, {"hidden": "4"}, {"batch_size": 7}, {"optimizer": "adam"}):
        assert len(stacked([*specs(), *specs(**other)])) == 2


def test_large_networks_train_alone():
    one = specs(hidden="2000,2000")[0]
    assert most_runs(one, data_of(one)) == 1
    assert most_runs(specs()[0], data_of(specs()[0])) > 100
