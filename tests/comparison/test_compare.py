"""The whole way: a planted winner is found, and what is told beside it is right."""

import math
import random

import numpy as np
import pytest
from planted_runs import arm, compared, curve, only_problem, planted

from overfit_cli.errors import UsageError
from overfit_cli.report.compare.documents import comparison_json


def planted_batch(seeds=10, better=-0.2):
    """Dropout is better by `better` on every seed; l2 is none plus noise of both signs."""
    rng = np.random.default_rng(0)
    results = []
    for seed in range(seeds):
        level = 1 + 0.5 * rng.random()
        for method, shift in (("none", 0), ("dropout", better), ("l2", (-1) ** seed * 0.05)):
            test = level + shift + 0.01 * rng.random()
            for lr in (0.02, 0.1):
                # the worse setting has the better test rows: whoever peeks is found out
                val, peek = (test, 0.0) if lr == 0.1 else (test + 1, -5.0)
                metrics = {"nll": test + peek, "error": test / 10}
                results.append(planted(
                    method, seed, lr=lr, val=val, test=metrics, curves=curve([2.0, test]),
                ))  # fmt: skip
    return results


def test_a_planted_winner_is_found():
    problem = only_problem(planted_batch())
    found = {verdict.arm: verdict for verdict in problem.verdicts}
    assert found["dropout"].finding == "better"
    assert found["dropout"].interval.difference == pytest.approx(-0.2, abs=0.01)
    assert found["l2"].finding == "undecided"
    assert problem.baseline == "none"
    assert [each.name for each in problem.arms] == ["none", "dropout", "l2"]
    assert [setting.chosen for setting in arm(problem, "dropout").settings] == [0, 10]
    assert problem.warnings == ()


def test_pairs_are_of_one_seed():
    """Differences seed by seed, from the stored numbers themselves."""
    results = [run for run in planted_batch() if (run.method, run.seed) != ("dropout", 4)]
    problem = only_problem(results)
    verdict = next(each for each in problem.verdicts if each.arm == "dropout")
    stored = {
        (run.method, run.seed): run.final["test"]["nll"] for run in results if run.spec["lr"] == 0.1
    }
    seeds = [seed for seed in range(10) if seed != 4]
    assert verdict.seeds == tuple(seeds)
    wanted = [stored["dropout", seed] - stored["none", seed] for seed in seeds]
    assert verdict.differences == pytest.approx(wanted)
    assert [interval.metric for interval in verdict.others] == ["error"]


def test_stored_in_any_order_the_report_has_the_same_bytes():
    results = planted_batch(4)
    whole = comparison_json(compared(results), times=True)
    for seed in range(5):
        random.Random(seed).shuffle(results)
        assert comparison_json(compared(results), times=True) == whole


def test_the_variance_factor_takes_means_over_seeds():
    results = [
        planted(method, seed, test=seed + 0.1 * (method == "l2") * (seed + 1), sizes=sizes)
        for seed, sizes in enumerate([(60, 20, 40), (50, 20, 50), (70, 20, 30)])
        for method in ("none", "l2")
    ]
    (verdict,) = only_problem(results).verdicts
    assert verdict.test == "corrected t"
    assert verdict.test_over_train == pytest.approx(40 / 60)


def test_rows_that_a_train_size_leaves_out_count_in_the_variance_factor():
    def factor(pools):
        results = [
            planted(method, seed, test=seed + (method == "l2") * seed, n_pool=pool)
            for seed, pool in enumerate([100, 140, None])
            for method, pool in (("none", pool), ("l2", pools and pool))
        ]
        (verdict,) = only_problem(results).verdicts
        return verdict.test_over_train

    # an older version did not say: then it is the 60 rows that trained
    assert factor(pools=True) == pytest.approx(40 / 100)
    # or what a newer run of the same seed knows
    assert factor(pools=None) == pytest.approx(40 / 100)


@pytest.mark.parametrize(
    ("resample", "test"),
    [("splits", "corrected t"), ("fixed", "sign flip"), ("draws", "sign flip")],
)
def test_the_test_follows_the_resample_mode(resample, test):
    results = [
        planted(method, seed, test=1 + seed * (method == "l2"), data={"resample": resample})
        for seed in range(4)
        for method in ("none", "l2")
    ]
    problem = only_problem(results)
    assert (problem.resample, problem.verdicts[0].test) == (resample, test)


def test_the_baseline():
    results = [planted(method, seed) for method in ("l2", "dropout") for seed in range(3)]
    problem = only_problem(results)
    assert problem.baseline == "dropout"
    assert "'none' was not run here: verdicts are against 'dropout'" in problem.warnings[0]
    assert only_problem(results, baseline="l2").baseline == "l2"
    with pytest.raises(UsageError, match=r"'droput'\. Did you mean 'dropout'"):
        compared(results, baseline="droput")


def test_a_baseline_that_only_one_problem_has():
    results = [planted(method, data={"train_size": 20}) for method in ("none", "l2")]
    results += [planted(method, data={"train_size": 40}) for method in ("none", "dropout")]
    (small, large) = compared(results, baseline="l2").problems
    assert (small.baseline, len(small.verdicts)) == ("l2", 1)
    assert (large.baseline, large.verdicts) == (None, ())
    assert "there are no verdicts" in large.warnings[0]


def test_the_metric():
    metrics = {"nll": 1.0, "error": 0.25}
    results = [
        planted(method, seed, test=metrics) for method in ("none", "l2") for seed in range(3)
    ]
    (verdict,) = only_problem(results, metric="error").verdicts
    assert verdict.interval.metric == "error"
    assert verdict.rope == 0.005
    assert only_problem(results, metric="error", rope=0.1).verdicts[0].rope == 0.1
    with pytest.raises(UsageError, match=r"'eror'\. Did you mean 'error'"):
        compared(results, metric="eror")


def test_the_rope_of_an_rmse_is_a_share_of_the_baseline():
    results = [
        planted(method, seed, test={"nll": 1.0, "rmse": 50.0}, regression=True)
        for method in ("none", "l2")
        for seed in range(3)
    ]
    assert only_problem(results, metric="rmse").verdicts[0].rope == pytest.approx(0.5)


def test_without_test_rows_there_are_no_verdicts():
    results = [planted(method, test=None) for method in ("none", "l2")]
    problem = only_problem(results)
    assert problem.verdicts == ()
    assert problem.warnings == ("no run has a test nll: there are no verdicts.",)


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_seed_without_a_finite_metric_is_never_dropped_in_silence(value):
    results = [
        planted(method, seed, test=value if (method, seed) == ("l2", 2) else 1.0 + seed)
        for method in ("none", "l2")
        for seed in range(4)
    ]
    problem = only_problem(results)
    assert problem.verdicts[0].seeds == (0, 1, 3)
    assert problem.warnings == (
        "'l2': the test nll of seed 2 is not a finite number; it is left out of its verdicts.",
    )


def test_the_metric_to_select_by_is_checked_where_there_is_nothing_to_select():
    with pytest.raises(UsageError, match=r"'eror'\. Did you mean 'error'"):
        compared([planted()], select="eror")


def test_one_method_alone():
    problem = only_problem([planted(seed=seed) for seed in range(3)])
    assert problem.verdicts == ()
    assert "only method" in problem.warnings[0]


def test_references_are_means_over_seeds():
    """One per seed, whichever run tells it; methods of other precision tell about the same."""
    results = [
        planted(method, seed, baselines={"linear model": {"nll": seed + shift, "error": 0.5}})
        for seed in range(3)
        for method, shift in (("none", 0.0), ("bayes", 0.25))
    ]
    results += [planted("l2", 3, status="failed")]
    assert only_problem(results).references == {"linear model": {"nll": 1.0, "error": 0.5}}


def test_references_of_a_method_with_few_seeds_are_over_those():
    results = [
        planted(method, seed, baselines={"linear model": {"nll": float(seed)}})
        for method, seeds in (("none", range(3)), ("l2", (2,)))
        for seed in seeds
    ]
    none, l2 = only_problem(results).arms
    assert (none.references, l2.references) == ({}, {"linear model": {"nll": 2.0}})


def test_training_that_differs_besides_the_method_is_told():
    results = [planted(lr=0.1, epochs=5), planted("l2", lr=0.1, epochs=50)]
    (warning,) = only_problem(results).warnings
    assert warning.startswith("epochs differs between methods (none: 5, l2: 50)")


def test_runs_that_all_failed_are_counted():
    comparison = compared([planted(method, status="failed") for method in ("none", "l2")])
    (problem,) = comparison.problems
    assert comparison.n_runs == 2
    assert [each.failed for each in problem.arms] == [1, 1]
    assert problem.verdicts == ()
