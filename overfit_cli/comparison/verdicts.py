"""Verdicts: each arm against the baseline, paired by seed, one test per comparison."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overfit_cli.comparison.records import (
    HIGHER_IS_BETTER,
    Arm,
    Finding,
    Interval,
    Resample,
    Test,
    Verdict,
)
from overfit_cli.errors import choose
from overfit_cli.statistics import power
from overfit_cli.statistics.corrected_t import corrected_t, has_spread, posterior
from overfit_cli.statistics.estimate import LEVEL, Estimate, Floats
from overfit_cli.statistics.mcnemar import mcnemar
from overfit_cli.statistics.multiplicity import holm, needed_seeds
from overfit_cli.statistics.sign_flip import sign_flip

SURE = 0.95
"""Probability of practical equality from which two methods are called equal."""

ROPES = {"nll": 0.01, "error": 0.005, "brier": 0.005, "ece": 0.005, "auc": 0.005, "r2": 0.01}
RELATIVE_ROPES = {"rmse": 0.01, "mae": 0.01}

Correct = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class _Comparison:
    """One arm's test before Holm. estimate: None where there are too few seeds to test."""

    arm: str
    test: Test
    metric: str
    seeds: tuple[int, ...]
    differences: Floats
    estimate: Estimate | None
    probabilities: tuple[float, float, float] | None
    rope: float
    others: tuple[Interval, ...]


@dataclass(frozen=True)
class _Design:
    """What all comparisons of a problem share: see verdicts_of."""

    metric: str
    resample: Resample
    test_over_train: float
    rope: float
    others: tuple[str, ...]


def default_rope(metric: str, baseline: Iterable[float]) -> float:
    """Return the largest difference that practically does not matter, in the metric's unit.

    .01 nats, .005 of error, Brier, ECE and AUC, .01 of r2, and 1% of the mean of the baseline's
    values for rmse and mae.

    Raises:
        UsageError: for an unknown metric.
    """
    choose(metric, [*ROPES, *RELATIVE_ROPES], "metric")
    if metric in ROPES:
        return ROPES[metric]
    values = [value for value in baseline if math.isfinite(value)]
    return RELATIVE_ROPES[metric] * float(np.mean(values)) if values else 0.0


def verdicts_of(
    arms: Sequence[Arm],
    baseline: str,
    metric: str,
    resample: Resample,
    test_over_train: float,
    rope: float,
    others: Sequence[str],
    correct: Correct | None = None,
) -> tuple[Verdict, ...]:
    """Return one verdict per arm but the baseline, on test rows, over seeds finished by both.

    One test per comparison: the corrected resampled t for "splits", with test_over_train its test
    rows over rows that could have trained; the sign flip for "fixed" and "draws", and where all
    differences of "splits" are equal, so that no t exists; McNemar's where both arms have one and
    the same seed and `correct` (by arm, correctness of each test row) has both. That one is about
    the error, whatever the metric: its difference is the error's, without interval, its rope the
    error's default, and the metric's own difference comes first among the others.

    Findings: "too few" if so few seeds cannot decide; else "equal" if that has probability .95
    (corrected t), or the 95% interval lies within +-rope (sign flip); else "better" or "worse" if
    p, by Holm over all arms, is at most .05 and the difference larger than the rope; else
    "undecided". An interval's limits are NaN where the seeds do not bound it.

    Raises:
        UsageError: if no arm has the baseline's name.
    """
    named = {arm.name: arm for arm in arms}
    base = named.pop(choose(baseline, named, "baseline"))
    design = _Design(metric, resample, test_over_train, rope, tuple(others))
    compared = [_compare(arm, base, design, correct or {}) for arm in named.values()]
    # an arm without seeds stays in the family: who is compared must not depend on the outcome
    adjusted = holm([1.0 if each.estimate is None else each.estimate.p for each in compared])
    return tuple(
        _verdict(each, baseline, design, p_holm, len(compared))
        for each, p_holm in zip(compared, adjusted, strict=True)
    )


def _compare(arm: Arm, base: Arm, design: _Design, correct: Correct) -> _Comparison:
    seeds, differences = _paired(arm, base, design.metric)
    once = len(seeds) == len(arm.trials) == len(base.trials) == 1
    if once and arm.name in correct and base.name in correct:
        return _mcnemar(arm, base, seeds, design, correct)
    test, estimate = _estimate(differences, design)
    probabilities = None
    if test == "corrected t" and estimate is not None:
        below, within, above = posterior(differences, design.test_over_train, design.rope)
        higher = design.metric in HIGHER_IS_BETTER
        probabilities = (above, within, below) if higher else (below, within, above)
    others = tuple(_other(arm, base, name, design) for name in design.others)
    return _Comparison(
        arm.name,
        test,
        design.metric,
        seeds,
        differences,
        estimate,
        probabilities,
        design.rope,
        others,
    )


def _mcnemar(
    arm: Arm, base: Arm, seeds: tuple[int, ...], design: _Design, correct: Correct
) -> _Comparison:
    p = mcnemar(correct[arm.name], correct[base.name])
    difference = float(correct[base.name].mean() - correct[arm.name].mean())
    names = [name for name in dict.fromkeys([design.metric, *design.others]) if name != "error"]
    return _Comparison(
        arm.name,
        "McNemar",
        "error",
        seeds,
        np.array([difference]),
        Estimate(difference, math.nan, math.nan, p),
        None,
        design.rope if design.metric == "error" else ROPES["error"],
        tuple(_other(arm, base, name, design) for name in names),
    )


def _paired(arm: Arm, base: Arm, metric: str) -> tuple[tuple[int, ...], Floats]:
    """Return the seeds for which both arms have a finite value, and arm less baseline."""
    own, reference = arm.values(metric), base.values(metric)
    both = {seed: own[seed] - reference[seed] for seed in sorted(own.keys() & reference.keys())}
    finite = {seed: value for seed, value in both.items() if math.isfinite(value)}
    return tuple(finite), np.array(list(finite.values()), np.float64)


def _estimate(differences: Floats, design: _Design) -> tuple[Test, Estimate | None]:
    n = len(differences)
    if design.resample == "splits" and (n < 2 or has_spread(differences)):
        return "corrected t", corrected_t(differences, design.test_over_train) if n > 1 else None
    return "sign flip", sign_flip(differences) if n else None


def _other(arm: Arm, base: Arm, metric: str, design: _Design) -> Interval:
    _, differences = _paired(arm, base, metric)
    return _interval(metric, differences, _estimate(differences, design)[1])


def _interval(metric: str, differences: Floats, estimate: Estimate | None) -> Interval:
    difference = float(differences.mean()) if len(differences) else math.nan
    if estimate is None or not math.isfinite(estimate.low):
        return Interval(metric, difference, math.nan, math.nan)
    return Interval(metric, difference, estimate.low, estimate.high)


def _verdict(
    found: _Comparison, baseline: str, design: _Design, p_holm: float, comparisons: int
) -> Verdict:
    needed = _needed(found.test, comparisons)
    finding = _finding(found, p_holm, needed)
    estimate = found.estimate
    return Verdict(
        arm=found.arm,
        baseline=baseline,
        test=found.test,
        finding=finding,
        interval=_interval(found.metric, found.differences, estimate),
        seeds=found.seeds,
        differences=tuple(found.differences.tolist()),
        p=None if estimate is None else estimate.p,
        p_holm=None if estimate is None else p_holm,
        rope=found.rope,
        comparisons=comparisons,
        probabilities=found.probabilities,
        needed=needed if finding == "too few" else None,
        enough=_enough(found, comparisons, design) if finding == "undecided" else None,
        test_over_train=design.test_over_train if found.test == "corrected t" else None,
        others=found.others,
    )


def _enough(found: _Comparison, comparisons: int, design: _Design) -> int | None:
    """Return about how many seeds would decide, None if none up to 10,000."""
    n, flips = len(found.differences), found.test == "sign flip"
    if n < 2 or found.test == "McNemar":
        return None
    mean, sd = float(found.differences.mean()), float(np.std(found.differences, ddof=1))
    shared = 0.0 if flips else design.test_over_train
    seen = power.Design(mean, sd, shared, found.rope, comparisons, flips)
    return power.seeds_to_decide(seen, max(n + 1, _needed(found.test, comparisons)))


def _needed(test: Test, comparisons: int) -> int:
    """Return the number of seeds below which the test cannot decide."""
    return {"corrected t": 2, "McNemar": 1, "sign flip": needed_seeds(comparisons)}[test]


def _finding(found: _Comparison, p_holm: float, needed: int) -> Finding:
    """Return the finding; a difference that is certain but does not matter is "equal".

    One that is certain, and may or may not matter, is "undecided".
    """
    estimate = found.estimate
    if estimate is None or (p_holm > LEVEL and len(found.differences) < needed):
        return "too few"
    if found.probabilities is not None:
        equal = found.probabilities[1] >= SURE
    else:
        equal = -found.rope <= estimate.low and estimate.high <= found.rope
    if equal:
        return "equal"
    if p_holm > LEVEL or abs(estimate.difference) <= found.rope:
        return "undecided"
    higher = found.metric in HIGHER_IS_BETTER
    return "better" if (estimate.difference > 0) == higher else "worse"
