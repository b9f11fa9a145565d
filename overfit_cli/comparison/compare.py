"""From stored runs to a comparison: the one way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from overfit_cli.comparison.fidelity import reference_names
from overfit_cli.comparison.grouping import ProblemRuns, problems_of
from overfit_cli.comparison.pictures import Load
from overfit_cli.comparison.problem import METRICS, Question, metrics_of, problem_of
from overfit_cli.comparison.records import Comparison
from overfit_cli.comparison.run import Run
from overfit_cli.errors import UsageError, choose


def compare(
    runs: Iterable[Run], load: Load, question: Question, title: str, date: str | None = None
) -> Comparison:
    """Compare methods on every data set among `runs`, in whatever order these come.

    load: yields stored runs by id, with curves and predictions; only chosen ones are asked for.

    Raises:
        UsageError: an unknown metric, baseline or reference; settings that nothing could choose
            among.
    """
    known = list(runs)
    groups = problems_of(known)
    _check(known, groups, question)
    return Comparison(
        title=title,
        problems=tuple(problem_of(group, question, load) for group in groups),
        n_runs=len(known),
        date=date,
    )


def _check(runs: Sequence[Run], groups: Sequence[ProblemRuns], question: Question) -> None:
    choose(question.select, METRICS, "metric to select by")
    metrics = metrics_of(runs)
    if metrics:
        _check_metric(question.metric, metrics, runs)
    if question.baseline is not None:
        names = dict.fromkeys(arm.name for group in groups for arm in group.arms)
        choose(question.baseline, names, "baseline")
    if question.reference is not None:
        names = dict.fromkeys(name for group in groups for name in reference_names(group.arms))
        choose(question.reference, names, "reference")


def _check_metric(metric: str, known: Sequence[str], runs: Sequence[Run]) -> None:
    kinds = sorted({run.kind for run in runs if run.kind})
    if metric in METRICS and metric not in known and len(kinds) == 1:
        raise UsageError(
            f"--metric {metric}: these runs are of a {kinds[0]} problem, and have no {metric}. "
            f"They have: {', '.join(known)}."
        )
    choose(metric, known, "metric")
