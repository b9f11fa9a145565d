"""Which runs train together."""

from dataclasses import replace

import numpy as np
from experiment_samples import data_of, results_of, same_numbers, specs

from overfit_cli.experiment.stack import CURVE_ROWS, full_train_part, view_of
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


def folded(tmp_path, groups, **given):
    path = tmp_path / "t.csv"
    lines = [f"{i % 7},{i * i % 11},{group},{i % 2}" for i, group in enumerate(groups)]
    path.write_text("\n".join(["u,v,who,y", *lines]) + "\n")
    method = {"method": "bayes+early-stopping", "members": 3, "folds": True, "val_size": 0}
    return specs(dataset=str(path), target="y", group_column="who", **method, **given)


def test_members_that_hold_out_whole_groups_train_in_any_company(tmp_path):
    sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 5, 7, 1, 2]
    asked = folded(tmp_path, np.repeat(np.arange(len(sizes)), sizes), seeds=3)
    together = results_of(asked)
    for one, run in zip(asked, together, strict=True):
        assert run.status == "done"
        assert same_numbers(results_of([one])[0], run)


def test_runs_of_unequal_folds_are_in_stacks_of_their_own(tmp_path):
    groups = np.repeat(np.arange(6), [15, 12, 9, 6, 6, 2])
    stacks = stacked(folded(tmp_path, groups, seeds=8, train_size=25))
    assert {len(data.train) for stack in stacks for data in stack.data} == {25}
    assert len({stack.replicas().rows.shape[1] for stack in stacks}) == len(stacks) > 1
    for stack in stacks:
        assert len(stack.evaluator().held_out) == len(stack.replicas().rows)


def test_final_metrics_see_every_training_row_and_curves_a_selection():
    one = specs(dataset="moons:n=14000,n_test=5")[0]
    data = data_of(one)
    whole, view = full_train_part(data), view_of(data)
    assert len(whole) == len(data.train) > len(view.train) == CURVE_ROWS
    assert np.array_equal(whole.inputs, data.train.inputs)


def test_curves_see_training_rows_that_count():
    one = specs(dataset="moons:n=14000,n_test=5")[0]
    data = data_of(one)
    weights = np.zeros(len(data.train), np.float32)
    weights[[17, 4000]] = 1, 3
    train = view_of(replace(data, train=replace(data.train, weights=weights))).train
    assert np.array_equal(train.inputs, data.train.inputs[[17, 4000]])
    assert np.array_equal(train.share, [0.25, 0.75])


def test_regression_is_measured_on_the_files_own_numbers(tmp_path):
    """Far from 0, a float32 of the standardised target is not what the file says."""
    y = 1e7 + np.random.default_rng(0).random(40)
    path = tmp_path / "t.csv"
    rows = [f"{i},{value!r}" for i, value in enumerate(y.tolist())]
    path.write_text("\n".join(["x,y", *rows]) + "\n")
    (one,) = specs(dataset=str(path), target="y", epochs=1)
    assert one.dtype == "float32"
    (run,) = results_of([one])
    assert np.array_equal(run.predictions.targets[:, 0], y[run.predictions.ids])
    wrong = run.predictions.outputs[:, 0] - y[run.predictions.ids]
    assert np.isclose(run.final["test"]["rmse"], np.sqrt(np.mean(wrong**2)), rtol=1e-12)
