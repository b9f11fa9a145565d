"""Selection per method and seed, held against a table worked through by other means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_runs import arm, compared, only_problem, planted

from overfit_cli.errors import UsageError

RATES = (0.01, 0.05, 0.2)
CELL = st.tuples(
    st.sampled_from(["done", "done", "done", "diverged", "failed", "absent"]),
    st.sampled_from([0.1, 0.2, 0.3, math.inf, math.nan]),
    st.floats(0, 1),
)
# status, validation and test value of each setting and seed
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=4)


def runs_of(table):
    return [
        planted(seed=seed, lr=rate, status=status, val=val, test=test)
        for seed, row in enumerate(table)
        for rate, (status, val, test) in zip(RATES, row, strict=True)
        if status != "absent"
    ]


def done(table):
    return [
        (seed, place, val)
        for seed, row in enumerate(table)
        for place, (status, val, _) in enumerate(row)
        if status == "done"
    ]


def tried(table):
    return [p for p in range(3) if any(row[p][0] != "absent" for row in table)]


@given(TABLE)
def test_selection_against_a_table(table):
    finished, settings = done(table), tried(table)
    if not settings:
        return
    blind = len(settings) > 1 and all(math.isnan(val) for _, _, val in finished)
    if finished and blind:
        with pytest.raises(UsageError, match="--select"):
            compared(runs_of(table))
        return
    found = only_problem(runs_of(table)).arms[0]
    wanted = {}
    for seed in range(len(table)):
        # the smallest pair: by value, then by place among the settings
        pairs = [(val, place) for own, place, val in finished if own == seed]
        if len(settings) > 1:
            pairs = [pair for pair in pairs if not math.isnan(pair[0])]
        if pairs:
            wanted[seed] = min(pairs)[1] if len(settings) > 1 else pairs[0][1]
    rates = {trial.seed: trial.run_id for trial in found.trials}
    assert rates == {seed: planted(seed=seed, lr=RATES[p]).run_id for seed, p in wanted.items()}
    for setting, place in zip(found.settings, settings, strict=True):
        assert setting.chosen == list(wanted.values()).count(place)
        assert setting.seeds == tuple(seed for seed, own, _ in finished if own == place)
        cells = [row[place][0] for row in table]
        assert setting.lost == cells.count("diverged") + cells.count("failed")
    statuses = [cell[0] for row in table for cell in row]
    assert found.diverged == statuses.count("diverged")
    assert found.failed == statuses.count("failed")


@given(TABLE, TABLE)
def test_test_rows_never_influence_selection(table, others):
    """The same validation rows with any test rows: the same runs are chosen."""
    if not done(table) or all(math.isnan(val) for _, _, val in done(table)):
        return
    changed = [
        [
            (status, val, others[seed % len(others)][place][2])
            for place, (status, val, _) in enumerate(row)
        ]
        for seed, row in enumerate(table)
    ]
    one, other = (only_problem(runs_of(each)).arms[0] for each in (table, changed))
    assert [trial.run_id for trial in one.trials] == [trial.run_id for trial in other.trials]
    assert [setting.chosen for setting in one.settings] == [s.chosen for s in other.settings]


def test_the_metric_that_selects_and_its_direction():
    results = [
        planted(lr=0.01, val={"nll": 0.2, "error": 0.3, "auc": 0.9}),
        planted(lr=0.05, val={"nll": 0.1, "error": 0.2, "auc": 0.7}),
        planted(lr=0.20, val={"nll": 0.3, "error": 0.1, "auc": 0.8}),
    ]
    for select, rate, value in [("nll", "0.05", 0.1), ("error", "0.2", 0.1), ("auc", "0.01", 0.9)]:
        (trial,) = only_problem(results, select=select).arms[0].trials
        assert trial.setting == {"lr": rate}
        assert trial.selected_by == value
    with pytest.raises(UsageError, match=r"no 'brier' to choose by.*--select auc"):
        compared(results, select="brier")


def test_among_equals_the_first_setting_wins_by_size_and_that_is_told():
    tied = [planted(lr=lr) for lr in (10.0, 9.0)]
    clear = [planted(lr=lr, seed=1, val=lr) for lr in (10.0, 9.0)]
    worse = [planted(lr=11.0, seed=seed, val=20.0) for seed in (0, 1)]
    problem = only_problem([*tied, *clear, *worse])
    assert [trial.setting for trial in problem.arms[0].trials] == [{"lr": "9"}, {"lr": "9"}]
    assert problem.arms[0].tied == 1
    assert any("'none': for 1 of 2 seeds several settings" in told for told in problem.warnings)
    assert only_problem(clear).arms[0].tied == 0


def test_without_validation_rows_only_one_setting_can_be_compared():
    one = [planted(seed=seed, val=None) for seed in range(2)]
    (trial, _) = only_problem(one).arms[0].trials
    assert trial.selected_by is None
    two = [*one, planted(lr=0.1, val=None)]
    with pytest.raises(UsageError, match=r"'none' was run with 2 settings \(lr differ.*test rows"):
        compared(two)


def test_settings_are_scored_in_the_metric_compared():
    results = [planted(seed=1, val={"nll": 0.3, "error": 0.1}, test={"nll": 0.4, "error": 0.2})]
    (setting,) = only_problem(results, metric="error").arms[0].settings
    assert (setting.seeds, setting.val, setting.test) == ((1,), (0.1,), (0.2,))


def test_settings_that_only_some_seeds_tried_are_told():
    results = [planted(seed=seed, lr=0.1) for seed in range(3)]
    results += [planted("l2", seed, lr=lr) for seed in range(3) for lr in (0.1, 0.3)]
    results += [planted(seed=0, lr=0.3, status="diverged")]
    problem = only_problem(results)
    none, l2 = problem.arms
    assert [trial.tried for trial in none.trials] == [2, 1, 1]
    assert [trial.tried for trial in l2.trials] == [2, 2, 2]
    told = " ".join(problem.warnings)
    assert "tried unequally many settings (none: 1 to 2, l2: 2)" in told
    assert "'none': for 2 of 3 seeds not all of its 2 settings were tried" in told


def test_unequally_many_settings_are_told():
    results = [planted(lr=lr, val=abs(lr - 0.05)) for lr in RATES] + [planted("l2", lr=0.05)]
    (warning,) = only_problem(results).warnings
    assert "none: 3, l2: 1" in warning
    equal = [
        planted(method, lr=lr, val=abs(lr - 0.05)) for lr in RATES for method in ("none", "l2")
    ]
    assert only_problem(equal).warnings == ()


def test_seeds_without_a_finished_run_are_named():
    results = [planted(seed=seed) for seed in range(4)]
    results += [planted("l2", s, status="done" if s < 3 else "diverged") for s in range(4)]
    results += [planted("dropout", s, status="failed") for s in range(4)]
    problem = only_problem(results)
    assert [len(arm.trials) for arm in problem.arms] == [4, 0, 3]
    assert (arm(problem, "l2").diverged, arm(problem, "dropout").failed) == (1, 4)
    said = " ".join(problem.warnings)
    assert "'l2': no run to use for seed 3; it is judged by the other 3." in said
    assert "'dropout': no run finished" in said
