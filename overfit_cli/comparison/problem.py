"""One data set's comparison: arms, verdicts, references and what to be warned of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from overfit_cli.comparison import caveats
from overfit_cli.comparison.fidelity import fidelities, reference_of
from overfit_cli.comparison.grouping import ProblemRuns, values_tried
from overfit_cli.comparison.notes import notes_of
from overfit_cli.comparison.pictures import Load, correct_of, with_pictures
from overfit_cli.comparison.records import Arm, Problem, Resample, Verdict
from overfit_cli.comparison.run import Run
from overfit_cli.comparison.selection import arm_of
from overfit_cli.comparison.verdicts import default_rope, verdicts_of
from overfit_cli.records import Metrics

METRICS = ("nll", "error", "brier", "ece", "auc", "rmse", "mae", "r2")
BASELINE = "none"


@dataclass(frozen=True)
class Question:
    """What is asked of the runs.

    metric: what verdicts are about. select: the validation metric that chooses settings.
    baseline: None for "none", or the first arm where that was not run. rope: None for the
    metric's own. reference: the method, or the inference, whose predictive distributions the
    others' are held against; None for HMC's, where it was run.
    """

    metric: str = "nll"
    select: str = "nll"
    baseline: str | None = None
    rope: float | None = None
    reference: str | None = None


def problem_of(group: ProblemRuns, question: Question, load: Load) -> Problem:
    """Return the comparison of all methods on one data set.

    Raises:
        UsageError: settings that nothing but the test rows could choose among.
    """
    chosen = (arm_of(runs, question.select, question.metric) for runs in group.arms)
    known = _known_references(group.runs)
    arms = tuple(replace(arm, references=_own_references(arm, known)) for arm in chosen)
    baseline = _baseline(arms, question)
    verdicts = _verdicts(group, arms, baseline, question, load)
    reference = reference_of(group.arms, question.reference)
    fidelity = fidelities(arms, reference, load)
    first = _first(group.runs)
    return Problem(
        dataset=group.name,
        resample=_resample(group),
        n_train=first.n_train,
        n_val=first.n_val,
        n_test=first.n_test,
        metric=question.metric,
        select=question.select,
        baseline=baseline,
        arms=tuple(with_pictures(arm, load) for arm in arms),
        verdicts=verdicts,
        common=_common(group.runs),
        references=_means(known.values()),
        warnings=(
            *caveats.told(group, arms, baseline, question.metric, question.select),
            *caveats.about_reference(group, arms, question.reference, reference, fidelity),
        ),
        reference=reference,
        fidelity=fidelity,
        notes=notes_of(group.runs),
    )


def _baseline(arms: Sequence[Arm], question: Question) -> str | None:
    names = [arm.name for arm in arms]
    if question.baseline is not None:
        return question.baseline if question.baseline in names else None
    return BASELINE if BASELINE in names else names[0]


def _verdicts(
    group: ProblemRuns, arms: Sequence[Arm], baseline: str | None, question: Question, load: Load
) -> tuple[Verdict, ...]:
    metrics = metrics_of(group.runs)
    if baseline is None or question.metric not in metrics:
        return ()
    values = next(arm for arm in arms if arm.name == baseline).values(question.metric).values()
    rope = question.rope
    return verdicts_of(
        arms,
        baseline,
        question.metric,
        _resample(group),
        _test_over_train(group.runs),
        default_rope(question.metric, values) if rope is None else rope,
        [name for name in metrics if name != question.metric],
        correct_of(arms, baseline, load),
    )


def metrics_of(runs: Iterable[Run], part: str = "test") -> list[str]:
    """Return the metrics that some finished run has of a part, in the order of tables."""
    found = {name for run in runs if run.is_done for name in run.scores.get(part, {})}
    return [name for name in METRICS if name in found] + sorted(found.difference(METRICS))


def _resample(group: ProblemRuns) -> Resample:
    return cast(Resample, group.runs[0].split.get("resample", "splits"))


def _test_over_train(runs: Iterable[Run]) -> float:
    """Return test rows over rows that could have trained, for the corrected t.

    The seeds' scores are correlated because they share rows: a part n_test / (n_test + n_train) of
    their test rows, where all others train (Nadeau & Bengio 2003, section 3). Rows that a
    --train-size leaves out make no seed's rows more alike, so they count as if they trained.
    """
    done = [run for run in runs if run.is_done]
    pools: dict[int, int] = {}
    for run in done:
        # all runs of a seed have the same pool, and older ones do not know it
        pools[run.seed] = max(pools.get(run.seed, 0), run.n_pool or 0, run.n_train)
    pool = sum(pools[run.seed] for run in done)
    return sum(run.n_test for run in done) / pool if pool else math.nan


def _first(runs: Sequence[Run]) -> Run:
    return next((run for run in runs if run.is_done), runs[0])


def _common(runs: Sequence[Run]) -> dict[str, str]:
    """Return every option on which all runs agree that have it, and that was not tuned."""
    split = {name: value for name, value in runs[0].split.items() if name != "resample"}
    settings = values_tried(runs).items()
    return split | {name: min(values) for name, values in settings if len(values) == 1}


def _known_references(runs: Sequence[Run]) -> dict[int, Mapping[str, Metrics]]:
    """Return each seed's references; the first arm that has a seed's tells them."""
    by_seed: dict[int, Mapping[str, Metrics]] = {}
    for run in runs:
        if run.references:
            by_seed.setdefault(run.seed, run.references)
    return dict(sorted(by_seed.items()))


def _own_references(arm: Arm, known: Mapping[int, Mapping[str, Metrics]]) -> dict[str, Metrics]:
    """Return the references' means over the arm's own seeds, empty where it has all."""
    own = {trial.seed for trial in arm.trials}
    return {} if own >= set(known) else _means(known[seed] for seed in known if seed in own)


def _means(rows: Iterable[Mapping[str, Metrics]]) -> dict[str, Metrics]:
    found = list(rows)
    names = dict.fromkeys(name for references in found for name in references)
    return {name: _mean([own[name] for own in found if name in own]) for name in names}


def _mean(rows: Sequence[Metrics]) -> Metrics:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row[name] for row in rows if name in row] for name in names}
    return {name: sum(values) / len(values) for name, values in columns.items()}
