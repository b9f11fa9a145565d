"""Who is held against which reference, over which rows, and what is said where it cannot be."""

import random
from dataclasses import replace

import numpy as np
import pytest
from planted_runs import compared, loader, only_problem, planted, predictions

from overfit_cli.comparison.fidelity import fidelities
from overfit_cli.errors import UsageError
from overfit_cli.report.compare.documents import comparison_json

IDS = (7, 3, 11, 4)
HMC = {"inference": "hmc"}


def outputs(shift):
    """Two-class probabilities of four rows, `shift` further than the reference's."""
    first = np.array([0.9, 0.4, 0.6, 0.2]) - shift
    return np.column_stack([first, 1 - first])


def bayes(inference, seed, shift=0.0, **changes):
    order = np.random.default_rng(seed).permutation(len(IDS))
    told = predictions(np.array(IDS)[order], [0] * len(IDS), outputs(shift)[order])
    given = {"predictions": told, "options": {"inference": inference}}
    return planted("bayes", seed, **(given | changes))


def ladder(seeds=3):
    """HMC, an ensemble off by .15 (one row of four beyond .5), swag by .05 on two seeds."""
    runs = [bayes("hmc", seed) for seed in range(seeds)]
    runs += [bayes("ensemble", seed, 0.15) for seed in range(seeds)]
    return runs + [bayes("swag", seed, 0.05) for seed in range(1, seeds)]


def near(problem):
    return {each.arm: each for each in problem.fidelity}


def test_hmc_is_the_reference_where_it_was_run():
    problem = only_problem(ladder())
    assert problem.reference == "bayes (inference hmc)"
    assert set(near(problem)) == {"bayes (inference ensemble)", "bayes (inference swag)"}
    ensemble, swag = near(problem).values()
    assert (ensemble.seeds, swag.seeds) == ((0, 1, 2), (1, 2))
    assert ensemble.agreement == (0.75,) * 3
    assert ensemble.total_variation == pytest.approx((0.15,) * 3)
    assert swag.agreement == (1.0,) * 2
    assert swag.total_variation == pytest.approx((0.05,) * 2)
    assert ensemble.unpaired == swag.unpaired == {}


def test_without_hmc_there_is_no_reference_unless_it_is_named():
    runs = [run for run in ladder() if run.spec["remedies"]["bayes"] != HMC]
    assert (only_problem(runs).reference, only_problem(runs).fidelity) == (None, ())
    for asked in ("swag", "bayes (inference swag)"):
        problem = only_problem(runs, reference=asked)
        (ensemble,) = problem.fidelity
        assert (problem.reference, ensemble.reference) == ("bayes (inference swag)",) * 2
        assert ensemble.total_variation == pytest.approx((0.1, 0.1))


def test_any_method_can_be_the_reference_and_is_held_against_itself_nowhere():
    runs = [bayes("hmc", seed) for seed in range(2)]
    runs += [replace(planted(seed=seed), predictions=runs[seed].predictions) for seed in range(2)]
    assert [each.arm for each in only_problem(runs).fidelity] == ["none"]
    problem = only_problem(runs, reference="none")
    assert near(problem)["bayes"].total_variation == (0, 0)


def test_only_the_runs_that_selection_chose_are_held_against_each_other():
    runs = [bayes("hmc", 0)]
    runs += [bayes("swag", 0, shift, lr=shift, val=val) for shift, val in ((0.05, 2), (0.15, 1))]
    (swag,) = only_problem(runs).fidelity
    assert swag.total_variation == pytest.approx((0.15,))


def test_an_unknown_reference():
    with pytest.raises(UsageError, match=r"unknown reference 'swga'. Did you mean 'swag'"):
        compared(ladder(), reference="swga")


def test_a_reference_that_another_problem_has():
    runs = [planted(data={"train_size": 20}), bayes("hmc", 0), planted()]
    said = "the reference 'hmc' was not run here: nothing is held against it."
    for asked in ("hmc", None):
        found = {each.dataset: each for each in compared(runs, reference=asked).problems}
        lacking = found["moons (train_size 20)"]
        assert (lacking.reference, lacking.fidelity) == (None, ())
        # without a wish there is nothing to miss
        assert (said in lacking.warnings) == (asked is not None)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"predictions": None}, "predictions were not stored"),
        ({"predictions": predictions((7, 3, 11, 5), [0] * 4, outputs(0))}, "the test rows differ"),
        ({"predictions": predictions((7, 3, 11), [0] * 3, outputs(0)[:3])}, "the test rows differ"),
        (
            {"predictions": predictions(IDS, [0] * 4, outputs(0) * [[1], [np.nan], [1], [1]])},
            "a prediction is not finite",
        ),
    ],
)
def test_what_cannot_be_held_against_it_is_said_and_not_averaged(changed, reason):
    runs = [run for run in ladder() if (run.seed, "swag") != (2, _inference(run))]
    problem = only_problem([*runs, bayes("swag", 2, **changed)])
    swag = near(problem)["bayes (inference swag)"]
    assert (swag.seeds, swag.unpaired) == ((1,), {reason: (2,)})
    assert (
        "'bayes (inference swag)' is not held against 'bayes (inference hmc)' for seed 2: "
        f"{reason}." in problem.warnings
    )


def _inference(run):
    return run.spec["remedies"]["bayes"]["inference"]


def test_a_reference_without_predictions_leaves_nobody_in_silence():
    runs = [run for run in ladder() if _inference(run) != "hmc"]
    problem = only_problem(runs + [bayes("hmc", seed, predictions=None) for seed in range(3)])
    assert [each.seeds for each in problem.fidelity] == [(), ()]
    assert sum("predictions were not stored" in warning for warning in problem.warnings) == 2


def test_chains_that_disagree_are_told():
    runs = [
        replace(run, diagnostics={"r_hat_predictions": 1.0 + run.seed / 10})
        if _inference(run) == "hmc"
        else run
        for run in ladder()
    ]
    (said,) = only_problem(runs).warnings[-1:]
    assert said.startswith("the chains of the reference 'bayes (inference hmc)' disagree for seeds")
    assert "1, 2 (R-hat of the predictions up to 1.20, above 1.05)" in said
    quiet = [replace(run, diagnostics={"r_hat_predictions": 1.01}) for run in ladder()]
    assert "chains" not in " ".join(only_problem(quiet).warnings)


def sampled(seeds=3, chains=4, **diagnostics):
    """The ladder, its HMC with these diagnostics."""
    options = HMC | {"chains": chains}
    known = {"r_hat_predictions": 1.01, "ess_predictions": 400.0} | diagnostics
    rest = [run for run in ladder(seeds) if _inference(run) != "hmc"]
    runs = [bayes("hmc", seed, options=options) for seed in range(seeds)]
    return rest + [replace(run, diagnostics=known) for run in runs]


def test_one_chain_cannot_be_judged():
    said = " ".join(only_problem(sampled(chains=1, r_hat_predictions=float("nan"))).warnings)
    assert "cannot be judged: one chain (seeds 0, 1, 2)." in said
    assert "cannot be judged" not in " ".join(only_problem(sampled()).warnings)


def test_other_priors_than_the_references_are_told():
    def with_prior(inference, prior=""):
        told = {"prior": prior} if prior else {}
        return [replace(bayes(inference, seed), diagnostics=told) for seed in (0, 1)]

    said = "bayes (inference {})' has another prior ({}) than the reference 'bayes (inference hmc)'"
    runs = with_prior("hmc", "unknown precisions, width 0.05") + with_prior("swag")
    told = " ".join(only_problem(runs + with_prior("laplace", "by likelihood")).warnings)
    assert said.format("laplace", "by likelihood") in told
    assert "(unknown precisions, width 0.05): the distance between them is not of" in told
    same = with_prior("sghmc", "unknown precisions, width 0.05")
    assert "another prior" not in " ".join(only_problem(runs + same).warnings)


def test_few_independent_draws_are_told():
    said = " ".join(only_problem(sampled(ess_predictions=37.4)).warnings)
    assert "few independent draws for seeds 0, 1, 2 (down to 37, under 100)" in said
    assert "independent draws" not in " ".join(only_problem(sampled()).warnings)


@pytest.mark.parametrize(
    ("chains", "ess", "few"), [(2, 49.0, True), (2, 51.0, False), (8, 199.0, True)]
)
def test_draws_are_few_by_the_number_of_chains(chains, ess, few):
    said = " ".join(only_problem(sampled(chains=chains, ess_predictions=ess)).warnings)
    assert (f"under {25 * chains})" in said) == few


def test_only_chosen_runs_of_the_reference_count():
    """A setting that validation rows did not choose is no part of the reference."""
    bad = {"r_hat_predictions": 3.0, "ess_predictions": 5.0}
    other = [bayes("hmc", seed, options=HMC | {"chains": 4}, val=9.0, lr=1.0, momentum=seed / 9)
             for seed in range(3)]  # fmt: skip
    runs = sampled() + [replace(run, diagnostics=bad) for run in other]
    assert "R-hat" not in " ".join(only_problem(runs).warnings)


def test_what_inferences_warn_of_is_told_once_a_kind():
    runs = [
        replace(
            run, diagnostics={"warnings": [f"mode not reached: {run.seed}.5e+3 away.", "cold."]}
        )
        if _inference(run) == "swag" or (run.seed == 0 and _inference(run) == "ensemble")
        else run
        for run in ladder()
    ]
    told = only_problem(runs).warnings
    assert [said for said in told if "warn" in said] == [
        "1 of 3 runs of 'bayes (inference ensemble)' warns: mode not reached: 0.5e+3 away.",
        "1 of 3 runs of 'bayes (inference ensemble)' warns: cold.",
        "2 of 2 runs of 'bayes (inference swag)' warn: such as: mode not reached: 1.5e+3 away.",
        "2 of 2 runs of 'bayes (inference swag)' warn: cold.",
    ]


def test_regression_has_a_total_variation_and_no_agreement():
    def run(method, mean, **changes):
        rows = predictions(IDS, [[1.0]] * 4, [[mean]] * 4)
        rows = replace(rows, noise=np.full((4, 1), 2.0))
        scores = {"nll": 1.0, "rmse": 1.0}
        return planted(
            method, regression=True, predictions=rows, val=scores, test=scores, **changes
        )

    runs = [run("bayes", 0.0, options=HMC), run("none", 1.0)]
    (none,) = only_problem(runs).fidelity
    # 2 Phi(1/4) - 1: means half a deviation apart
    assert none.total_variation == pytest.approx((0.19741265,))
    assert (none.agreement, none.seeds) == ((), (0,))


def test_rows_count_by_their_weights():
    """Rows of both runs in an order of their own; only the one at .6 changes its class."""

    def weighted(inference, shift):
        order = np.random.default_rng(len(inference)).permutation(4)
        told = predictions(np.array(IDS)[order], [0] * 4, outputs(shift)[order])
        told = replace(told, weights=np.array([1.0, 1.0, 5.0, 0.0])[order])
        told.outputs[order == 3] += 0.1 * shift * np.array([[1, -1]])
        return planted("bayes", predictions=told, options={"inference": inference})

    (swag,) = only_problem([weighted("hmc", 0.0), weighted("swag", 0.15)]).fidelity
    assert swag.agreement == pytest.approx((2 / 7,))
    assert swag.total_variation == pytest.approx((0.15,))


def test_each_run_is_read_once_for_it():
    load, asked = loader(ladder())
    problem = only_problem(ladder())
    assert fidelities(problem.arms, problem.reference, load) == problem.fidelity
    assert sorted(asked) == sorted(run.run_id for run in ladder())


def test_stored_in_any_order_the_report_has_the_same_bytes():
    runs = ladder()
    whole = comparison_json(compared(runs), times=True)
    random.Random(0).shuffle(runs)
    assert comparison_json(compared(runs), times=True) == whole
