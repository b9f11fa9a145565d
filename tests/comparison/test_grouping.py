"""What belongs together: problems, arms, settings; whatever the order in which runs are stored."""

import random
from dataclasses import replace

import pytest
from planted_runs import arm, compared, curve, light, only_problem, planted

from overfit_cli.comparison.run import order, run_of, text
from overfit_cli.experiment.options import idle_options, parse_options
from overfit_cli.experiment.spec import PRINTED, specs_of


def names(results):
    return [problem.dataset for problem in compared(results).problems]


def arms(results):
    return [arm.name for arm in only_problem(results).arms]


def test_one_problem_per_split_and_noise():
    results = [
        planted(seed=seed, data={"train_size": size, "label_noise": noise})
        for size in (100, 20, None)
        for noise in (0.0, 0.25)
        for seed in range(2)
    ]
    assert names(results) == [
        "moons (label_noise 0)",
        "moons (label_noise 0.25)",
        "moons (train_size 20, label_noise 0)",
        "moons (train_size 20, label_noise 0.25)",
        "moons (train_size 100, label_noise 0)",
        "moons (train_size 100, label_noise 0.25)",
    ]
    assert all(len(problem.arms[0].trials) == 2 for problem in compared(results).problems)


def test_the_same_rows_in_another_file_are_one_problem():
    results = [planted(data={"dataset": "b.csv"}), planted(seed=1, data={"dataset": "a.csv"})]
    assert names(results) == ["a.csv"]


def test_other_rows_in_the_same_file_are_two_problems():
    results = [planted(fingerprint="abcdef12"), planted(fingerprint="0123456789")]
    assert names(results) == ["moons [classification 012345]", "moons [classification abcdef]"]


def test_classification_and_regression_never_meet():
    results = [planted(), planted("l2", regression=True, test={"nll": 1.0, "rmse": 2.0})]
    kinds = [problem.is_regression for problem in compared(results).problems]
    assert sorted(kinds) == [False, True]
    assert all(len(problem.arms) == 1 for problem in compared(results).problems)


def test_a_run_without_any_score_is_of_the_kind_of_the_others():
    problem = only_problem([planted(), planted(seed=1, status="failed")])
    assert problem.arms[0].failed == 1


def test_forms_of_a_remedy_are_arms_where_they_differ():
    forms = [("weights", "example"), ("mc", "example"), ("mc", "minibatch")]
    results = [
        planted("dropout", options={"average": average, "scope": scope}) for average, scope in forms
    ]
    assert arms([*results, planted()]) == [
        "none",
        "dropout (scope example, average mc)",
        "dropout (scope example, average weights)",
        "dropout (scope minibatch, average mc)",
    ]
    assert arms([planted("dropout", seed=seed) for seed in (0, 1)]) == ["dropout"]


def test_forms_differ_over_all_problems_together():
    results = [
        planted("dropout", options={"average": average}, data={"train_size": size})
        for average, size in (("mc", 20), ("weights", 40))
    ]
    found = [problem.arms[0].name for problem in compared(results).problems]
    assert found == ["dropout (average mc)", "dropout (average weights)"]


def test_the_order_of_remedies_makes_no_other_method():
    assert arms([planted("l2+dropout"), planted("dropout+l2", seed=1)]) == ["dropout+l2"]


def test_settings_are_what_varies_within_an_arm():
    results = [planted(lr=lr, hidden=hidden) for lr in (0.1, 0.02) for hidden in ([4], [16, 16])]
    results += [planted("l2", lr=0.1, hidden=[4])]
    problem = only_problem(results)
    assert arm(problem, "none").varied == ("hidden", "lr")
    assert arm(problem, "l2").varied == ()
    # by size, not as text
    assert [each.values for each in arm(problem, "none").settings] == [
        {"hidden": "4", "lr": "0.02"},
        {"hidden": "4", "lr": "0.1"},
        {"hidden": "16,16", "lr": "0.02"},
        {"hidden": "16,16", "lr": "0.1"},
    ]
    # what differs from another arm is told, though it could not be chosen
    assert arm(problem, "l2").trials[0].setting == {"hidden": "4", "lr": "0.1"}
    assert problem.common == {
        "val_size": "0.2", "label_noise": "0", "activation": "relu", "optimizer": "sgd",
        "momentum": "0.9", "batch_size": "32", "epochs": "3", "l2": "0.001",
    }  # fmt: skip


def test_idle_options_make_no_setting():
    hmc = [planted("bayes", options={"inference": "hmc"}, lr=lr) for lr in (0.1, 0.2)]
    (first, second) = light(hmc)
    assert "lr" not in first.settings
    assert first.settings == second.settings


def test_a_newer_version_supersedes_an_older_one():
    old = [planted(seed=seed, versions={"engine": 1}, test=9.0) for seed in range(3)]
    new = [planted(seed=seed, versions={"engine": 2}, test=1.0) for seed in range(2)]
    problem = only_problem([*old, *new])
    assert [trial.scores["test"]["nll"] for trial in problem.arms[0].trials] == [1.0, 1.0, 9.0]
    said = " ".join(problem.warnings)
    assert "2 runs left out" in said
    assert "several versions of engine" in said
    assert "version 1: 1 run, version 2: 2 runs" in said


def uneven_runs():
    """Runs that share little: sizes, references and versions differ by seed, method and setting."""
    return [
        planted(
            method, seed, lr=lr, data={"train_size": size}, val=seed * lr, test=lr + seed / 3,
            sizes=(size - seed, seed, 10 + seed), versions={"engine": 1 + seed % 2},
            curves=curve([1 / (1 + seed), lr / 7, seed * 1e9]),
            baselines={"linear model": {"nll": seed / 7 + lr}},
            status="failed" if (method, seed) == ("l2", 1) else "done",
        )
        for method in ("l2+dropout", "none", "l2", "dropout+l2")
        for seed in range(3)
        for lr in (0.02, 0.1)
        for size in (20, 40)
    ]  # fmt: skip


def test_storage_order_changes_nothing():
    results = uneven_runs()
    whole = repr(compared(results))
    for seed in range(5):
        shuffled = list(results)
        random.Random(seed).shuffle(shuffled)
        assert repr(compared(shuffled)) == whole


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "0.5"), (1.0, "1"), (1e-5, "1e-05"), (True, "true"), ([256, 8], "256,8"), ([], "none"),
     ((0.8, 0.5), "0.8,0.5"), ("step:3,0.1", "step:3,0.1"), (3, "3")],
)  # fmt: skip
def test_values_in_words(value, words):
    assert text(value) == words


def test_values_in_order():
    values = ["relu", "10", "9", "1e-05", "", "256,8", "256"]
    assert sorted(values, key=order) == ["", "1e-05", "9", "10", "256", "256,8", "relu"]


def test_real_specs_that_are_one_run_have_the_same_settings():
    """Held against experiment.spec: equal ids, equal settings and split, and the reverse."""
    said = [
        {"method": "dropout"}, {"method": "dropout", "dataset": "elsewhere.csv"},
        {"method": "dropout", "mc_samples": 7}, {"method": "dropout", "average": "mc"},
        {"method": "dropout", "optimizer": "adam", "momentum": 0.5},
        {"method": "dropout", "optimizer": "adam"}, {"method": "dropout", "lr": 0.1},
        {"method": "bayes", "inference": "hmc", "lr": 0.1}, {"method": "dropout", "val_size": 0.1},
    ]  # fmt: skip
    specs = [specs_of(parse_options(options))[0] for options in said[:2]]
    for options in said[2:]:
        first = specs_of(parse_options({"method": options["method"]}))[0]
        changed = {k: v for k, v in options.items() if k in type(first).model_fields}
        remedies = {
            name: own | {k: v for k, v in options.items() if k in own}
            for name, own in first.remedies.items()
        }
        data = first.data.__class__(
            **vars(first.data) | {k: v for k, v in options.items() if k == "val_size"}
        )
        specs.append(first.model_copy(update=changed | {"remedies": remedies, "data": data}))
    runs = [
        run_of(
            planted().__class__(
                **vars(planted()) | {"spec": spec.model_dump(mode="json"), "method": spec.method}
            ),
            idle_options,
            PRINTED,
        )
        for spec in specs
    ]
    keys = [(run.method, run.settings, run.split) for run in runs]
    for one, spec in zip(keys, specs, strict=True):
        for other, again in zip(keys, specs, strict=True):
            assert (one == other) == (spec.run_id == again.run_id)


def test_notes_on_the_data_are_told_once():
    constant = "column 'x' is constant and was dropped."
    twice = "duplicate rows across splits: {} of 20 test rows also train or validate."
    results = [
        replace(planted(method, seed), notes=(constant, twice.format(seed + 3)))
        for method in ("l2", "none")
        for seed in range(3)
    ]
    results += [replace(planted(seed=3), notes=(constant,)), planted("l2", 3, status="failed")]
    assert only_problem(results).notes == (
        constant,
        f"{twice.format(3)} (seed 0; 3 of 4 seeds have one like it)",
    )
    assert only_problem([planted()]).notes == ()
