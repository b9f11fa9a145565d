"""Final metrics: of one method by part of the data, of several methods on the test rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.records import Axis, RunResult
from overfit_cli.report.figures import (
    at_epochs,
    decimals,
    deviation,
    mean,
    number,
    rounded,
    whole_range,
)
from overfit_cli.report.seeds import by_method, finished, shown
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted
from overfit_cli.words import count, plural

Values = Sequence[float]

FEW_DIGITS = 20
"""A mean of fewer last places is written with so few digits that its deviation needs its own."""


@dataclass(frozen=True)
class Measure:
    """One column of a summary: how it is read from metrics, and written.

    scale: 100 for percent. optional: see `tables.Column`; accuracy says what error says.
    """

    header: str
    read: Callable[[Mapping[str, float]], float | None]
    scale: float = 1.0
    places: int | None = None
    optional: int = 0


def _named(key: str) -> Callable[[Mapping[str, float]], float | None]:
    return lambda metrics: metrics.get(key)


def _accuracy(metrics: Mapping[str, float]) -> float | None:
    return 1 - metrics["error"] if "error" in metrics else None


MEASURES = (
    Measure("nll", _named("nll")),
    Measure("error %", _named("error"), 100, 2),
    Measure("accuracy %", _accuracy, 100, 2, optional=2),
    Measure("AUC", _named("auc"), places=4),
    Measure("Brier", _named("brier"), places=4),
    Measure("ECE", _named("ece"), places=4),
    Measure("rmse", _named("rmse")),
    Measure("mae", _named("mae")),
    Measure("r2", _named("r2"), places=4),
)
GAP = Measure("gap", _named("gap"))


@dataclass(frozen=True)
class Row:
    """One line of a summary: the metrics of every run it averages."""

    label: str
    metrics: tuple[Mapping[str, float], ...]
    style: str = ""


def summary(results: Sequence[RunResult]) -> Fitted:
    """Return the summary: mean and standard deviation over seeds where there are several.

    One method: rows train, val, test. Several: one row each, on test rows (without any: on
    validation rows). Then the baselines.
    """
    groups = by_method(results)
    if len(groups) == 1:
        return Fitted(lambda surface: _one(results, surface))
    return Fitted(lambda surface: _several(groups, surface))


def _one(runs: Sequence[RunResult], surface: Surface) -> RenderableType:
    used = shown(runs)
    sizes = {"train": used[0].n_train, "val": used[0].n_val, "test": used[0].n_test}
    rows = [
        Row(f"{part} ({count(size)} rows)", tuple(with_gap(run, part) for run in used))
        for part, size in sizes.items()
        if any(run.final.get(part) for run in used)
    ]
    rows += baseline_rows(used)
    facts = [_facts(used)] + ([_seeds_line(used, surface)] if len(used) > 1 else [])
    return Group(_table("", rows, [], surface), *(surface.text(line) for line in facts))


def _several(groups: Mapping[str, Sequence[RunResult]], surface: Surface) -> RenderableType:
    part = reference_part([run for runs in groups.values() for run in runs])
    rows = [
        Row(_label(method, runs), tuple(with_gap(run, part) for run in shown(runs)), "bold")
        for method, runs in groups.items()
    ]
    first = next((runs for runs in groups.values() if finished(runs)), [])
    extra = baseline_rows(first) if part == "test" else []
    blanks = ("",) * len(extra)
    columns = [
        _words(header, [write(shown(runs)) for runs in groups.values()] + list(blanks), optional)
        for header, write, optional in (("restored", _restored, 3), ("seconds", _seconds, 1))
    ]
    table = _table(f"on {part} rows", rows + extra, columns, surface)
    most = max((shown(runs) for runs in groups.values()), key=len)
    return Group(table, surface.text(_seeds_line(most, surface))) if len(most) > 1 else table


def _label(method: str, runs: Sequence[RunResult]) -> str:
    """Return the method, with what is behind its row if that is not every run."""
    done = len(finished(runs))
    if done == len(runs):
        return method
    return f"{method} ({done} of {len(runs)} seeds)" if done else f"{method} ({runs[0].status})"


def reference_part(runs: Iterable[RunResult]) -> str:
    """Return which rows judge: "test", without them "val", without those "train"."""
    known = [run.final for run in runs]
    for part in ("test", "val"):
        if any(final.get(part) for final in known):
            return part
    return "train"


def with_gap(run: RunResult, part: str) -> Mapping[str, float]:
    """Return the final metrics of `part` with "gap", its nll minus the training rows'."""
    metrics, train = run.final.get(part, {}), run.final.get("train", {})
    if part == "train" or "nll" not in metrics or "nll" not in train:
        return metrics
    return {**metrics, "gap": metrics["nll"] - train["nll"]}


def baseline_rows(runs: Sequence[RunResult]) -> list[Row]:
    """Return a row per baseline, over the runs that have it."""
    names = dict.fromkeys(name for run in runs for name in run.baselines)
    return [
        Row(name, tuple(run.baselines[name] for run in runs if name in run.baselines))
        for name in names
    ]


def _table(
    key: str, rows: Sequence[Row], more: Sequence[Column], surface: Surface
) -> RenderableType:
    labels = tuple(surface.text(row.label, row.style) for row in rows)
    columns = [
        _measured(measure, rows, surface)
        for measure in (*MEASURES, GAP)
        if any(measure.read(metrics) is not None for row in rows for metrics in row.metrics)
    ]
    if not columns:
        return surface.text("no metrics were recorded", "")
    return fitted(
        Column(Text(key), labels, align="left", most=max(32, surface.width // 4)),
        [*columns, *more],
        surface,
    )


def _measured(measure: Measure, rows: Sequence[Row], surface: Surface) -> Column:
    table = [_values(measure, row) for row in rows]
    places = places_of(table) if measure.places is None else measure.places
    cells = tuple(Text(spread(values, places, surface.plus_minus)) for values in table)
    return Column(Text(measure.header), cells, optional=measure.optional)


def _values(measure: Measure, row: Row) -> list[float]:
    found = (measure.read(metrics) for metrics in row.metrics)
    return [measure.scale * value for value in found if value is not None]


def places_of(table: Iterable[Values]) -> int:
    """Return how many decimals suit the means and deviations of a column's rows."""
    known = [values for values in table if values]
    deviations = (deviation(values) for values in known)
    return decimals(map(mean, known), [sd for sd in deviations if sd is not None])


def spread(values: Values, places: int, plus_minus: str) -> str:
    """Return `0.4123 ± 0.0120`, the mean alone for one value, nothing for none."""
    if not values:
        return ""
    centre, beside = mean(values), deviation(values)
    written = number(centre, places)
    if beside is None:
        return written
    write = number if abs(centre) < FEW_DIGITS * 10.0**-places else rounded
    return f"{written} {plus_minus} {write(beside, places)}"


def _words(header: str, cells: Sequence[str], optional: int) -> Column:
    return Column(Text(header), tuple(map(Text, cells)), optional=optional)


def _restored(runs: Sequence[RunResult]) -> str:
    found = [run.restored_epoch for run in runs if run.restored_epoch is not None]
    return whole_range(found) if found else "-"


def _seconds(runs: Sequence[RunResult]) -> str:
    return number(mean([run.seconds for run in runs]), 2)


def _facts(runs: Sequence[RunResult]) -> str:
    """Say how long was trained, what was restored, and the seconds."""
    first = runs[0]
    facts = [_length([run.epochs_run for run in runs], first.axis)]
    facts += [plural(first.members, "member")] if first.members > 1 else []
    restored = [run.restored_epoch for run in runs if run.restored_epoch is not None]
    if restored:
        facts.append(f"{at_epochs(restored)} restored")
    return ", ".join([*facts, f"{_seconds(runs)} s" + (" per run" if len(runs) > 1 else "")])


ENDINGS: dict[Axis, str] = {"epoch": "run", "draw": "per chain", "setting": "visited"}


def _length(lengths: Sequence[int], axis: Axis) -> str:
    noun = axis if set(lengths) == {1} else f"{axis}s"
    return f"{whole_range(lengths)} {noun} {ENDINGS[axis]}"


def _seeds_line(runs: Sequence[RunResult], surface: Surface) -> str:
    return f"mean {surface.plus_minus} standard deviation over {len(runs)} seeds"
