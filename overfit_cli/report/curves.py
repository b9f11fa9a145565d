"""Training and validation curves as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.records import RunResult
from overfit_cli.report.epochs import chosen
from overfit_cli.report.figures import decimals, number, percent
from overfit_cli.report.seeds import (
    MeanCurve,
    broken_at,
    by_method,
    losses,
    mean_curve,
    second_metric,
    shown,
)
from overfit_cli.report.sparkline import sparkline
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted

Write = Callable[[float | None], str]
WIDEST_SPARK = 40
WIDEST = 24
"""Cells of a method's column; a longer name folds."""


def curves(results: Sequence[RunResult], every: int | None = None) -> Fitted:
    """Return the curves of one method, or of several side by side, averaged over seeds.

    every: print each multiple of it (1: all); None prints about a dozen telling ones.
    """
    groups = by_method(results)
    if not any(run.curves for run in results):
        return Fitted(lambda surface: surface.text("no curves were recorded"))
    if len(groups) == 1:
        return Fitted(lambda surface: _one(results, every, surface))
    return Fitted(lambda surface: _side_by_side(groups, every, surface))


def _one(runs: Sequence[RunResult], every: int | None, surface: Surface) -> RenderableType:
    curve = mean_curve(runs)
    marks = _marks(runs, curve)
    epochs = chosen(curve.counts, marks, every)
    styles = ["bold" if epoch in marks else "" for epoch in epochs]
    columns = [
        _column(header, [write(value(epoch)) for epoch in epochs], styles)
        for header, value, write in _contents(runs, curve)
    ]
    if len(shown(runs)) > 1:
        columns.append(_column("seeds", [str(curve.counts[epoch]) for epoch in epochs], styles))
    if marks:
        words = tuple(Text(marks.get(epoch, ""), "bold") for epoch in epochs)
        columns.append(Column(Text(""), words, align="left"))
    table = fitted(_key(runs, epochs, styles), columns, surface)
    notes = [surface.text(line, "bold") for line in losses(runs)]
    return Group(table, *_sparklines(curve, surface), *notes)


def _contents(
    runs: Sequence[RunResult], curve: MeanCurve
) -> Iterable[tuple[str, Callable[[int], float | None], Write]]:
    second = second_metric(runs)
    validated = "val nll" in curve.values
    write = _writer(curve, "nll")
    yield "train\nnll", lambda epoch: curve.at("train nll", epoch), write
    if validated:
        yield "val\nnll", lambda epoch: curve.at("val nll", epoch), write
        yield "gap", curve.gap, write
    write = percent if second == "error" else _writer(curve, second)
    unit = " %" if second == "error" else ""
    yield f"train\n{second}{unit}", lambda epoch: curve.at(f"train {second}", epoch), write
    if validated:
        yield f"val\n{second}{unit}", lambda epoch: curve.at(f"val {second}", epoch), write


def _writer(curve: MeanCurve, metric: str) -> Write:
    columns = (curve.values.get(f"{part} {metric}", {}).values() for part in ("train", "val"))
    places = decimals(value for column in columns for value in column)
    return lambda value: number(value, places)


def _marks(runs: Sequence[RunResult], curve: MeanCurve) -> dict[int, str]:
    """Return epoch -> what happened there; for several seeds only where their mean is lowest."""
    if len(shown(runs)) > 1:
        lowest = curve.lowest()
        return {} if lowest is None else {lowest: "lowest mean"}
    run = shown(runs)[0]
    best = curve.at("val nll", run.best_epoch)
    events = [(best is not None and math.isfinite(best), run.best_epoch, "best")]
    events += [(run.restored_epoch is not None, run.restored_epoch or 0, "restored")]
    planned = run.spec.get("epochs")
    early = run.status == "done" and isinstance(planned, int) and run.epochs_run < planned
    events += [(early and run.axis == "epoch", run.epochs_run, "stopped")]
    events += [(run.status == "diverged", broken_at(run), "diverged")]
    marks: dict[int, str] = {}
    for happened, epoch, word in events:
        if happened:
            marks[epoch] = f"{marks[epoch]}, {word}" if epoch in marks else word
    return marks


def _key(runs: Iterable[RunResult], epochs: Sequence[int], styles: Sequence[str]) -> Column:
    axes = dict.fromkeys(run.axis for run in runs)
    return _column("\nor ".join(axes), [str(epoch) for epoch in epochs], styles)


def _column(header: str, cells: Sequence[str], styles: Sequence[str], group: str = "") -> Column:
    texts = tuple(Text(cell, style) for cell, style in zip(cells, styles, strict=True))
    return Column(Text(header), texts, group=group)


def _sparklines(curve: MeanCurve, surface: Surface) -> list[Text]:
    """Return a line each for train and val nll; the untrained epoch 0 is left out.

    They end where the first seed stopped: the mean of the others would seem to recover.
    """
    shared = set(curve.shared())
    columns = {
        name: {epoch: value for epoch, value in column.items() if epoch > 0 and epoch in shared}
        for name, column in curve.values.items()
        if name.endswith("nll")
    }
    endings = {name: _ending(column) for name, column in columns.items() if len(column) > 2}
    taken = len("train nll") + 4 + max(map(len, endings.values()), default=0)
    width = max(8, min(WIDEST_SPARK, surface.width - taken))
    return [
        surface.text(f"{name:9}  {_spark(columns[name], surface, width)}  {ending}")
        for name, ending in endings.items()
    ]


def _spark(column: Mapping[int, float], surface: Surface, width: int) -> str:
    return sparkline(list(column.values()), surface.sparks, width)


def _ending(column: Mapping[int, float]) -> str:
    """Say from where to where a curve goes, and its lowest point if that is not the end."""
    values = list(column.values())
    places = decimals(values)
    ends = f"{number(values[0], places)} to {number(values[-1], places)}"
    lowest = min(column, key=lambda e: column[e] if math.isfinite(column[e]) else math.inf)
    if lowest == max(column):
        return ends
    return f"{ends}, lowest {number(column[lowest], places)} at {lowest}"


def _side_by_side(
    groups: dict[str, list[RunResult]], every: int | None, surface: Surface
) -> RenderableType:
    means = {method: mean_curve(runs) for method, runs in groups.items()}
    shared = {method: curve.shared() for method, curve in means.items()}
    everywhere = {epoch for epochs in shared.values() for epoch in epochs}
    lowest = {epoch for each in means.values() if (epoch := each.lowest()) is not None}
    ends = {max(epochs) for epochs in shared.values() if epochs}
    epochs = chosen(everywhere, lowest | ends, every)
    columns = [
        column
        for method, runs in groups.items()
        for column in _pair(method, means[method], epochs, surface)
    ]
    key = _key([run for runs in groups.values() for run in runs], epochs, [""] * len(epochs))
    notes = [f"{method}: {line}" for method, runs in groups.items() for line in losses(runs)]
    table = fitted(key, columns, surface)
    return Group(table, _legend(groups, surface), *(surface.text(n, "bold") for n in notes))


def _pair(
    method: str, curve: MeanCurve, epochs: Sequence[int], surface: Surface
) -> Iterable[Column]:
    """Yield train and val nll; empty once a seed has stopped, for the others mean less alone."""
    write = _writer(curve, "nll")
    shared = set(curve.shared())
    for part in ("train", "val"):
        name = f"{part} nll"
        if name not in curve.values:
            continue
        best = curve.lowest() if part == "val" else None
        values = (curve.at(name, epoch) if epoch in shared else None for epoch in epochs)
        cells = tuple(
            _cell(value, write, epoch == best) for value, epoch in zip(values, epochs, strict=True)
        )
        header = surface.text(method)
        header = Text(header.plain.replace("+", "+\n") + f"\n{part} nll")
        yield Column(header, cells, group=method, most=WIDEST)


def _cell(value: float | None, write: Write, best: bool) -> Text:
    if value is None:
        return Text("")
    return Text(f"*{write(value)}", "bold") if best else Text(write(value))


def _legend(groups: dict[str, list[RunResult]], surface: Surface) -> Text:
    seeds = [len(shown(runs)) for runs in groups.values()]
    words = "* lowest val nll of the method"
    if max(seeds) > 1:
        words += "; means over seeds, up to the epoch where the first of them stopped"
    return surface.text(words)
