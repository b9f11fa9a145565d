"""Runs that differ by their seed only: grouped, sifted and averaged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overfit_cli.records import EpochRecord, RunResult
from overfit_cli.report.figures import listed, mean


@dataclass(frozen=True)
class MeanCurve:
    """Curves averaged over seeds.

    values: "train nll", "val nll", "train error" ... -> epoch -> mean over the seeds evaluated
    there; a column nobody recorded is absent. counts: epoch -> how many seeds.
    """

    values: Mapping[str, Mapping[int, float]]
    counts: Mapping[int, int]

    def at(self, name: str, epoch: int) -> float | None:
        """Return the mean of column `name` at `epoch`, None where there is none."""
        return self.values.get(name, {}).get(epoch)

    def gap(self, epoch: int) -> float | None:
        """Return val nll - train nll."""
        train, val = self.at("train nll", epoch), self.at("val nll", epoch)
        return None if train is None or val is None else val - train

    def lowest(self) -> int | None:
        """Return the epoch of the lowest finite val nll, among those that every seed reached.

        The mean of the few seeds that train longest is not comparable.
        """
        column = self.values.get("val nll", {})
        whole = {epoch: column[epoch] for epoch in self.shared() if epoch in column}
        known = {epoch: value for epoch, value in whole.items() if math.isfinite(value)}
        return min(known, key=known.__getitem__) if known else None

    def shared(self) -> list[int]:
        """Return the epochs that every seed reached."""
        seeds = max(self.counts.values(), default=0)
        return [epoch for epoch, count in self.counts.items() if count == seeds]


def by_method(results: Iterable[RunResult]) -> dict[str, list[RunResult]]:
    """Return the runs of each method, both in the order given.

    A method trained under several settings is several, told apart by what differs: `l2 lr=0.1`.
    """
    groups: dict[str, list[RunResult]] = {}
    for result in results:
        groups.setdefault(result.method, []).append(result)
    labelled = (pair for method, runs in groups.items() for pair in _by_setting(method, runs))
    return {label: [run for at, run in pairs if at == label] for label, pairs in labelled}


def _by_setting(
    method: str, runs: Sequence[RunResult]
) -> Iterable[tuple[str, list[tuple[str, RunResult]]]]:
    own = [dict(_settings("", run.spec)) for run in runs]
    keys = dict.fromkeys(key for settings in own for key in settings)
    differing = [key for key in keys if len({settings.get(key) for settings in own}) > 1]
    labels = [
        " ".join([method, *(f"{key.split('.')[-1]}={settings.get(key)}" for key in differing)])
        for settings in own
    ]
    pairs = list(zip(labels, runs, strict=True))
    return ((label, pairs) for label in dict.fromkeys(labels))


def _settings(prefix: str, spec: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the settings of a spec, flat and in words, less what follows from the seed."""
    for key, value in spec.items():
        if isinstance(value, Mapping):
            yield from _settings(f"{prefix}{key}.", value)
        elif prefix + key not in ("seed", "fingerprint"):
            yield prefix + key, str(value)


def finished(runs: Iterable[RunResult]) -> list[RunResult]:
    """Return the runs that came to their end."""
    return [run for run in runs if run.status == "done"]


def shown(runs: Sequence[RunResult]) -> list[RunResult]:
    """Return the runs that stand in tables: the finished ones, or all if none finished."""
    return finished(runs) or list(runs)


def mean_curve(runs: Sequence[RunResult]) -> MeanCurve:
    """Return the mean curve of the runs that `shown` picks."""
    cells: dict[str, dict[int, list[float]]] = {}
    counts: dict[int, int] = {}
    for record in (record for run in shown(runs) for record in run.curves):
        counts[record.epoch] = counts.get(record.epoch, 0) + 1
        for name, value in _columns(record):
            cells.setdefault(name, {}).setdefault(record.epoch, []).append(value)
    values = {name: _means(column) for name, column in cells.items()}
    return MeanCurve(values, dict(sorted(counts.items())))


def _columns(record: EpochRecord) -> Iterable[tuple[str, float]]:
    for part, metrics in (("train", record.train), ("val", record.val)):
        for metric, value in metrics.items():
            yield f"{part} {metric}", value


def _means(column: Mapping[int, list[float]]) -> dict[int, float]:
    return {epoch: mean(column[epoch]) for epoch in sorted(column)}


def broken_at(run: RunResult) -> int:
    """Return the epoch (or draw) at which a run's training loss stopped being finite."""
    for record in run.curves:
        if not math.isfinite(record.train.get("nll", math.nan)):
            return record.epoch
    return run.epochs_run


def losses(runs: Sequence[RunResult]) -> list[str]:
    """Say which runs diverged or failed: they are in no mean, and never out of sight."""
    diverged = [run for run in runs if run.status == "diverged"]
    failed = [run for run in runs if run.status == "failed"]
    lines = []
    if diverged:
        where = listed(broken_at(run) for run in diverged)
        axis = diverged[0].axis + ("s" if len(diverged) > 1 else "")
        lines.append(f"{_share(diverged, runs)} diverged at {axis} {where}")
    if failed:
        reasons = dict.fromkeys(
            str(run.diagnostics.get("reason", "")).rstrip(".") for run in failed
        )
        lines.append(": ".join([f"{_share(failed, runs)} failed", *filter(None, reasons)]))
    return lines


def _share(some: Sequence[RunResult], runs: Sequence[RunResult]) -> str:
    if len(runs) == 1:
        return "the run"
    seeds = f"seed{'s' if len(some) > 1 else ''} {listed(run.seed for run in some)}"
    return f"{len(some)} of {len(runs)} runs ({seeds})"


def second_metric(results: Iterable[RunResult]) -> str:
    """Return "rmse" for regression, else "error"."""
    found = (metrics for run in results for metrics in _metrics(run))
    return "rmse" if any("rmse" in metrics for metrics in found) else "error"


def _metrics(run: RunResult) -> Iterable[Mapping[str, float]]:
    yield from run.final.values()
    yield from (record.train for record in run.curves[:1])
