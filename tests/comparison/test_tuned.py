"""What `overfit tune` tried counts as tried, though only the winners are stored."""

from dataclasses import replace

from planted_runs import arm, only_problem, planted

LR = {"lr": ["0.01", "0.05", "0.1"]}


def tuned(run, trials, tried):
    return replace(run, diagnostics={"trials": trials, "tried": tried})


def pair(trials, tried):
    """none with lr 0.05 and l2 with lr 0.1, each the winner of so many."""
    runs = []
    for seed in range(3):
        runs.append(tuned(planted(seed=seed, lr=0.05), trials[0], tried))
        runs.append(tuned(planted("l2", seed, lr=0.1), trials[1], tried))
    return only_problem(runs)


def test_as_many_trials_are_no_cause_for_a_warning():
    problem = pair((3, 3), LR)
    assert [own.tried for own in problem.arms] == [3, 3]
    assert problem.warnings == ()


def test_unequal_trials_are_told_though_each_method_stored_one_setting():
    (warning,) = pair((3, 9), LR).warnings
    assert "unequally many settings (none: 3, l2: 9)" in warning


def test_a_learning_rate_that_both_tried_does_not_differ_beside_the_method():
    assert any("lr differs" in warning for warning in pair((3, 3), {}).warnings)
    assert not any("lr differs" in warning for warning in pair((3, 3), LR).warnings)


def test_a_whole_grid_beside_a_winner_counts_as_what_it_is():
    runs = [planted(seed=0, lr=lr) for lr in (0.01, 0.02, 0.05, 0.1)]
    runs.append(tuned(planted(seed=1, lr=0.05), 3, LR))
    assert arm(only_problem(runs), "none").tried == 4


def test_a_grid_that_a_tuning_tried_as_well_counts_once():
    runs = [planted(seed=0, lr=lr) for lr in (0.01, 0.1)]
    runs.append(tuned(planted(seed=0, lr=0.05), 3, LR))
    assert arm(only_problem(runs), "none").tried == 3


def test_a_tuning_with_more_settings_counts_for_one_with_fewer():
    fewer = tuned(planted(seed=0, lr=0.01), 2, {"lr": ["0.01", "0.1"]})
    runs = [fewer, tuned(planted(seed=0, lr=0.05), 3, LR)]
    assert arm(only_problem(runs), "none").tried == 3
    other = tuned(planted(seed=0, lr=0.2), 2, {"lr": ["0.2", "0.1"]})
    assert arm(only_problem([*runs, other]), "none").tried == 5


def test_what_was_tuned_is_told_though_every_seed_chose_the_same():
    runs = []
    for seed in range(3):
        runs.append(tuned(planted(seed=seed), 1, {}))
        choice = planted("l2", seed, options={"l2": 0.1}, val={"nll": 0.5 + seed})
        runs.append(tuned(choice, 3, {"l2": ["0.001", "0.01", "0.1"]}))
    problem = only_problem(runs)
    own = arm(problem, "l2")
    assert (own.varied, "l2" in problem.common) == (("l2",), False)
    assert [trial.setting for trial in own.trials] == [{"l2": "0.1"}] * 3
    assert [trial.selected_by for trial in own.trials] == [0.5, 1.5, 2.5]
    assert [trial.selected_by for trial in arm(problem, "none").trials] == [None] * 3
