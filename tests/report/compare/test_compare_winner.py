"""What follows from a verdict: the run to refit, and whether anything beats guessing."""

from dataclasses import replace

import pytest
from comparison_samples import (
    all_diverged,
    averages,
    classification,
    comparison,
    regression,
    undecided,
    verdict,
)

from overfit_cli.report.compare.documents import comparison_json
from overfit_cli.report.compare.sentence import answer
from overfit_cli.report.compare.winner import linear_wins, next_reason, next_words, trivial_wins

NLL = 0.16


def scored(arm, values):
    """The arm with these test nlls, by seed."""
    trials = [
        replace(trial, seed=seed, scores={"test": {"nll": value}})
        for trial, (seed, value) in zip(arm.trials, values.items(), strict=False)
    ]
    return replace(arm, trials=tuple(trials))


def guessing(**metrics):
    """A problem in which the majority class scores so on test rows."""
    return replace(classification(), references={"majority class": metrics})


def test_the_winner_is_refitted_with_the_setting_chosen_most_often():
    problem = classification()
    trials = [
        replace(
            t, run_id=f"run{t.seed}", setting={"p": "0.5" if t.seed in (2, 4, 6) else str(t.seed)}
        )
        for t in problem.arms[1].trials
    ]
    arms = (problem.arms[0], replace(problem.arms[1], trials=tuple(trials)), *problem.arms[2:])
    best = min((trials[s] for s in (2, 4, 6)), key=lambda t: t.scores["val"]["nll"])
    found = replace(problem, arms=arms)
    assert next_words(found, None) == ["overfit", "refit", best.run_id]
    assert next_words(found, "my.db")[3:] == ["--store", "my.db"]
    assert next_reason(found) == ""


def test_without_a_winner_the_best_mean_is_named_and_called_so():
    problem = replace(classification(), verdicts=(undecided("dropout"), undecided("l2")))
    assert next_words(problem, None)[2] in {t.run_id for t in problem.arms[1].trials}
    assert next_reason(problem).startswith("'dropout' has the best mean test nll so far; that it")


def test_means_are_held_against_each_other_over_the_same_seeds():
    problem = replace(classification(), verdicts=(undecided("dropout"),), references={})
    base, other, *_ = problem.arms

    # the second is worse for both seeds, and has no run for the hard one
    arms = (scored(base, {0: 1.0, 1: 1.0, 2: 9.0}), scored(other, {0: 1.5, 1: 1.5}))
    found = replace(problem, arms=arms)
    assert next_reason(found).startswith("'none' has the best mean")
    apart = replace(problem, arms=(scored(base, {0: 2.0}), scored(other, {1: 1.5})))
    assert next_reason(apart).startswith("'dropout' has the best mean")


def test_a_baseline_better_than_all_needs_no_reservation():
    base, other, *_ = classification().arms
    worse = replace(
        other, trials=tuple(replace(t, scores={"test": {"nll": 9.0}}) for t in other.trials)
    )
    lost = verdict("dropout", 8.8, 0.1, "worse")
    problem = replace(classification(), arms=(base, worse), verdicts=(lost,))
    assert next_reason(problem) == ""
    assert next_words(problem, None)[2] in {t.run_id for t in base.trials}


def test_nothing_to_refit_where_nothing_finished():
    problem = replace(all_diverged(), arms=all_diverged().arms[1:], verdicts=())
    assert (next_words(problem, None), next_reason(problem)) == ([], "")


@pytest.mark.parametrize(("nll", "told"), [(0.0, True), (0.17, False), (9.0, False)])
def test_that_a_linear_model_does_better_comes_first(nll, told):
    problem = replace(classification(), references={"linear model": {"nll": nll}})
    first, *rest = answer(problem).split(". ")
    plain = answer(classification())
    assert first.startswith("The linear model does better on average") == told
    assert (". ".join(rest) if told else answer(problem)) == plain


def test_the_linear_model_is_held_against_each_method_over_its_own_seeds():
    """Its mean over all seeds is better; where the second method was run, it is worse."""
    problem = replace(classification(), references={"linear model": {"nll": 0.3}})
    base, other, *_ = problem.arms
    few = replace(scored(other, {0: 0.4, 1: 0.4}), references={"linear model": {"nll": 0.5}})
    found = replace(problem, arms=(scored(base, {0: 0.6, 1: 0.6, 2: 0.1}), few), verdicts=())
    assert linear_wins(found) == ""
    assert next_words(found, None) != []
    easy = replace(found, arms=(found.arms[0], replace(few, references={})))
    assert linear_wins(easy).endswith("than every method here: test nll 0.3 against 0.4 (dropout)")
    # nor is it advised to use what it has just been said to do worse
    assert (next_words(easy, None), next_reason(easy)) == ([], "")
    lone = replace(easy, arms=easy.arms[1:])
    assert " does better on average here: test nll 0.3 against 0.4" in linear_wins(lone)


def test_a_single_method_is_not_held_against_others():
    lone = replace(classification(), arms=classification().arms[:1], verdicts=(), references={})
    assert next_words(lone, None) != []
    assert next_reason(lone) == ""


def test_no_method_is_said_to_lose_that_wins_on_its_own_seeds():
    problem = guessing(nll=0.25)
    base, other, *_ = problem.arms

    arms = (scored(base, {0: 0.05, 1: 0.4, 2: 0.4, 3: 0.4}), scored(other, {0: 0.1}))
    assert trivial_wins(replace(problem, arms=arms, verdicts=())) == ""


def test_that_guessing_is_no_worse_comes_first_and_warns():
    problem = guessing(nll=NLL)
    told = (
        "No method does better on average than a model that ignores the inputs (majority class): "
        "test nll "
    )
    assert trivial_wins(problem).startswith(told)
    assert trivial_wins(problem).endswith(f"against {NLL}")
    assert answer(problem).startswith(told)
    assert "dropout wins over none" in answer(problem)
    assert told in comparison_json(comparison(problem), False).split('"warnings"')[1]


def test_good_predictions_of_bad_uncertainty_are_told_apart_from_bad_ones():
    """A network of high R2 can have a worse nll than the mean."""
    guess = {"mean": {"nll": -9.0, "rmse": 90000.0, "r2": 0.0}}
    told = trivial_wins(replace(regression(), metric="nll", references=guess))
    assert told.endswith(" against 90000 dropout does: only its uncertainty is off")
    assert ". By rmse " in told
    worse = {"majority class": {"nll": 0.01, "error": 0.001}}
    assert "By error" not in trivial_wins(replace(classification(), references=worse))


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (guessing(nll=0.3), False),
        (guessing(), False),
        (replace(classification(), references={}), False),
        (replace(guessing(ece=0.0), metric="ece"), False),
        (replace(guessing(error=0.01), metric="error"), True),
        (regression(), False),
        (replace(regression(), references={"mean": {"rmse": 50000.0}}), True),
        (replace(regression(), metric="r2", references={"mean": {"r2": 0.0}}), False),
        (replace(regression(), metric="r2", references={"mean": {"r2": 0.8}}), True),
        (averages(), False),
    ],
)
def test_when_guessing_wins(problem, said):
    assert bool(trivial_wins(problem)) is said


def test_a_difference_that_no_reader_would_see_is_not_claimed():
    """Two means that are written alike are not said to differ."""
    problem = replace(classification(), references={})
    base, other, *_ = problem.arms
    alike = (scored(base, {0: 0.3, 1: 0.4}), scored(other, {0: 0.3, 1: 0.4 - 1e-9}))
    undecided_yet = replace(problem, arms=alike, verdicts=(undecided("dropout"),))
    assert " is one of those with the best mean test nll so far; that" in next_reason(undecided_yet)
    lone = replace(regression(), metric="nll", arms=regression().arms[1:2])
    mean = sum(t.scores["test"]["rmse"] for t in lone.arms[0].trials) / len(lone.arms[0].trials)
    for more, said in ((1 + 1e-7, False), (1.1, True)):
        guess = {"mean": {"nll": -99.0, "rmse": mean * more}}
        told = trivial_wins(replace(lone, references=guess))
        assert ("By rmse" in told) is said
