"""After a verdict: which run to refit, and whether anything beats guessing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from overfit_cli.comparison.records import HIGHER_IS_BETTER, Arm, Problem, Trial, Verdict
from overfit_cli.comparison.tails import decided_by_few
from overfit_cli.report.compare.measures import measure, plain, test_mean, typical
from overfit_cli.report.figures import decimals, number

TRIVIAL = ("majority class", "mean")
LINEAR = "linear model"
POINTS = ("error", "rmse")
"""Metrics of the predictions alone, whatever their uncertainty."""
NOT_OF_TRIVIAL = ("ece",)
"""Metrics in which a model that has learned nothing may be the best."""


def winner(problem: Problem) -> Verdict | None:
    """Return the verdict of the method that gains most of those shown to be better, if any is."""
    better = [each for each in problem.verdicts if each.finding == "better"]
    return max(better, key=_gain, default=None)


def next_words(problem: Problem, store: str | None) -> list[str]:
    """Return the words of the command that trains the method to use on all rows.

    Its setting is the one chosen most often, its run the best of that by validation rows. Nothing
    is returned if no run finished, or the linear model did better.
    """
    arm = _to_use(problem)
    if arm is None or linear_wins(problem):
        return []
    run_id = _trial_to_refit(arm, problem.select).run_id
    return ["overfit", "refit", run_id, *([] if store is None else ["--store", store])]


def next_reason(problem: Problem) -> str:
    """Say why that method: "" where it is shown to be best, else that its mean is."""
    arm = _to_use(problem)
    alone = len(problem.arms) == 1 or linear_wins(problem)
    if arm is None or alone or winner(problem) or _beats_all(arm, problem):
        return ""
    few = ", which few seeds decide" if decided_by_few(problem.arms, problem.metric) else ""
    return (
        f"'{arm.name}' {_best(arm, problem)} mean test {problem.metric} so far{few}; "
        "that it is better than the others is not shown."
    )


def _best(arm: Arm, problem: Problem) -> str:
    """Say that others have the same mean where a reader would see no difference."""
    factor = measure(problem.metric).factor
    means = [factor * test_mean(each, problem.metric) for each in problem.arms]
    places = 2 if factor != 1 else decimals(means)
    written = [number(mean, places) for mean in means]
    alone = written.count(written[problem.arms.index(arm)]) == 1
    return "has the best" if alone else "is one of those with the best"


def _beats_all(arm: Arm, problem: Problem) -> bool:
    found = {each.finding for each in problem.verdicts}
    return arm.name == problem.baseline and found == {"worse"}


def trivial_wins(problem: Problem) -> str:
    """Say that on average no method beats guessing without inputs; "" if one does.

    Where that is so by nll only, the predictions are good and their uncertainty is not.
    """
    metric = problem.metric
    arm = _best_of_all(problem, metric)
    if arm is None or math.isnan(_guess(arm, problem, metric)) or metric in NOT_OF_TRIVIAL:
        return ""
    if any(_beats_guess(each, problem, metric) for each in problem.arms):
        return ""
    name = next(name for name in TRIVIAL if name in problem.references)
    told = (
        "No method does better on average than a model that ignores the inputs "
        f"({name}): test {_against(arm, problem, metric)}"
    )
    points = [each for each in POINTS if not math.isnan(_guess(arm, problem, each))]
    point = points[0] if metric == "nll" and points else metric
    sharp = _best_of_all(problem, point)
    if sharp is None or not _beats_guess(sharp, problem, point) or _alike(sharp, problem, point):
        return told
    by = f"By {_against(sharp, problem, point)} {sharp.name} does"
    return f"{told}. {by}: only its uncertainty is off"


def linear_wins(problem: Problem) -> str:
    """Say that on average the linear model beats every method, by what matters; "" if not."""
    metric = problem.metric
    ropes = [each.rope for each in problem.verdicts if each.interval.metric == metric]
    known = [arm for arm in problem.arms if not math.isnan(test_mean(arm, metric))]
    arm = _best_of_all(problem, metric)
    if arm is None or metric in NOT_OF_TRIVIAL:
        return ""
    margin = max(ropes, default=0.0)
    for each in known:
        value = _reference(each, problem, LINEAR, metric)
        if not _loss(value, metric) < _loss(test_mean(each, metric), metric) - margin:
            return ""
    how = measure(metric)
    means = test_mean(arm, metric), _reference(arm, problem, LINEAR, metric)
    ours, theirs = (plain(how.factor * each) for each in means)
    if ours == theirs:
        return ""
    than = "than every method here" if len(problem.arms) > 1 else "here"
    return (
        f"The {LINEAR} does better on average {than}: test {how.label} {theirs} "
        f"against {ours} ({arm.name})"
    )


def _reference(arm: Arm, problem: Problem, name: str, metric: str) -> float:
    """Return a reference's mean over the seeds that the arm has."""
    return (arm.references or problem.references).get(name, {}).get(metric, math.nan)


def _guess(arm: Arm, problem: Problem, metric: str) -> float:
    name = next((name for name in TRIVIAL if name in problem.references), "")
    return _reference(arm, problem, name, metric)


def _beats_guess(arm: Arm, problem: Problem, metric: str) -> bool:
    return _loss(test_mean(arm, metric), metric) < _loss(_guess(arm, problem, metric), metric)


def _against(arm: Arm, problem: Problem, metric: str) -> str:
    return f"{measure(metric).label} {' against '.join(_values(arm, problem, metric))}"


def _alike(arm: Arm, problem: Problem, metric: str) -> bool:
    """Whether a reader would see the same number twice."""
    ours, theirs = _values(arm, problem, metric)
    return ours == theirs


def _values(arm: Arm, problem: Problem, metric: str) -> tuple[str, str]:
    """Return an arm's mean and the guess as they are written."""
    factor = measure(metric).factor
    ours, theirs = test_mean(arm, metric), _guess(arm, problem, metric)
    return plain(factor * ours), plain(factor * theirs)


def _gain(verdict: Verdict) -> float:
    """Return the mean improvement over the baseline: the best gain wins."""
    return -_loss(verdict.interval.difference, verdict.interval.metric)


def _to_use(problem: Problem) -> Arm | None:
    found = winner(problem)
    if found is None:
        return _best_mean(problem, problem.metric)
    return next(arm for arm in problem.arms if arm.name == found.arm)


def _best_mean(problem: Problem, metric: str) -> Arm | None:
    """Return the arm of the best mean over the seeds that all have, so far as there are any."""
    values = {arm.name: _known(arm, metric) for arm in problem.arms}
    known = [arm for arm in problem.arms if values[arm.name]]
    common = set.intersection(*(set(values[arm.name]) for arm in known)) if known else set()

    def loss(arm: Arm) -> float:
        own = values[arm.name]
        return _loss(typical(own[seed] for seed in sorted(common or own)), metric)

    return min(known, key=loss, default=None)


def _best_of_all(problem: Problem, metric: str) -> Arm | None:
    """Return the arm of the best mean over its own seeds."""
    known = [arm for arm in problem.arms if not math.isnan(test_mean(arm, metric))]
    return min(known, key=lambda arm: _loss(test_mean(arm, metric), metric), default=None)


def _known(arm: Arm, metric: str) -> dict[int, float]:
    return {seed: v for seed, v in arm.values(metric).items() if not math.isnan(v)}


def _loss(value: float, metric: str) -> float:
    return -value if metric in HIGHER_IS_BETTER else value


def _trial_to_refit(arm: Arm, select: str) -> Trial:
    often = Counter(_setting(trial.setting) for trial in arm.trials).most_common(1)[0][0]
    usual = [trial for trial in arm.trials if _setting(trial.setting) == often]
    return min(usual, key=lambda trial: _validation(trial, select))


def _setting(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))


def _validation(trial: Trial, select: str) -> float:
    value = trial.scores.get("val", {}).get(select, math.nan)
    return math.inf if math.isnan(value) else _loss(value, select)
