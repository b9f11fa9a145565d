"""A comparison for programs: one JSON document, or one CSV line per method and seed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from overfit_cli.comparison.records import Arm, Comparison, Problem, Trial
from overfit_cli.report.compare.outlook import outlook
from overfit_cli.report.compare.sentence import answer, verdict_sentence
from overfit_cli.report.compare.winner import next_reason, next_words, trivial_wins
from overfit_cli.report.escape import csv_text, shell
from overfit_cli.report.json_text import document

PARTS = ("train", "val", "test")
FIDELITY = ("reference", "agreement", "total_variation")
Cell = str | float | None


def comparison_json(comparison: Comparison, times: bool) -> str:
    """Return everything as schema `overfit.compare/1`, with each verdict's sentence.

    Without times the date and all seconds are null. `next` names no store, so that the same runs
    are the same bytes wherever they lie.
    """
    content = (comparison if times else without_times(comparison)).to_json()
    for problem, plain in zip(comparison.problems, content["problems"], strict=True):
        plain["answer"] = answer(problem)
        plain["outlook"] = outlook(problem) or None
        plain["warnings"] = [*problem.warnings, *filter(None, [trivial_wins(problem)])]
        plain["next"] = shell(next_words(problem, None)) or None
        plain["next_reason"] = next_reason(problem) or None
        for verdict, told in zip(problem.verdicts, plain["verdicts"], strict=True):
            told["sentence"] = verdict_sentence(verdict, problem)
    return document("overfit.compare/1", **content)


def without_times(comparison: Comparison) -> Comparison:
    """Return the comparison with no date and no seconds: the same bytes whenever it was run."""
    problems = tuple(
        replace(problem, arms=tuple(_untimed(arm) for arm in problem.arms))
        for problem in comparison.problems
    )
    return replace(comparison, date=None, problems=problems)


def _untimed(arm: Arm) -> Arm:
    return replace(arm, trials=tuple(replace(trial, seconds=math.nan) for trial in arm.trials))


@dataclass(frozen=True)
class _Columns:
    """The columns that depend on what was run."""

    settings: tuple[str, ...]
    common: tuple[str, ...]
    scores: tuple[tuple[str, str], ...]
    fidelity: tuple[str, ...]
    times: bool

    @property
    def header(self) -> list[str]:
        return [
            "dataset", "resample", "method", "method_diverged", "method_failed", "seed", "run_id",
            *self.settings, *self.common, "selected_by", "best_epoch", "restored_epoch",
            *(f"{part}_{metric}" for part, metric in self.scores),
            *self.fidelity, *(["seconds"] if self.times else []),
        ]  # fmt: skip


def comparison_csv(comparison: Comparison, all_columns: bool, times: bool) -> str:
    """Return a line per method and seed; fractions and nats, nothing rounded.

    A method without a finished run has one line without a seed. all_columns: also the settings
    that all runs of a problem share.
    """
    columns = _columns(comparison, all_columns, times)
    rows = [
        _row(columns, problem, arm, trial)
        for problem in comparison.problems
        for arm in problem.arms
        for trial in arm.trials or (None,)
    ]
    return csv_text(columns.header, rows)


def _columns(comparison: Comparison, all_columns: bool, times: bool) -> _Columns:
    arms = [arm for problem in comparison.problems for arm in problem.arms]
    trials = [trial for arm in arms for trial in arm.trials]
    varied = {name for arm in arms for name in arm.varied}
    settings = _names(name for trial in trials for name in trial.setting)
    common = _names(name for problem in comparison.problems for name in problem.common)
    return _Columns(
        tuple(name for name in settings if all_columns or name in varied),
        tuple(name for name in common if all_columns and name not in settings),
        tuple(
            (part, metric)
            for part in PARTS
            for metric in _names(key for trial in trials for key in trial.scores.get(part, {}))
        ),
        FIDELITY if any(problem.fidelity for problem in comparison.problems) else (),
        times,
    )


def _names(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _row(columns: _Columns, problem: Problem, arm: Arm, trial: Trial | None) -> list[Cell]:
    start: list[Cell] = [problem.dataset, problem.resample, arm.name, arm.diverged, arm.failed]
    if trial is None:
        return start + [None] * (len(columns.header) - len(start))
    return [
        *start, trial.seed, trial.run_id,
        *(trial.setting.get(name) for name in columns.settings),
        *(problem.common.get(name) for name in columns.common),
        trial.selected_by, trial.best_epoch, trial.restored_epoch,
        *(trial.scores.get(part, {}).get(metric) for part, metric in columns.scores),
        *(_near(problem, arm, trial).get(name) for name in columns.fidelity),
        *([trial.seconds] if columns.times else []),
    ]  # fmt: skip


def _near(problem: Problem, arm: Arm, trial: Trial) -> dict[str, Cell]:
    """Return FIDELITY of one trial as far as it is known."""
    found: dict[str, Cell] = {"reference": problem.reference}
    for each in problem.fidelity:
        if each.arm == arm.name and trial.seed in each.seeds:
            at = each.seeds.index(trial.seed)
            found["total_variation"] = each.total_variation[at]
            found["agreement"] = each.agreement[at] if each.agreement else None
    return found
