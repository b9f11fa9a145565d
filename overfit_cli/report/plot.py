"""Curves drawn in the terminal: training dotted, validation solid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from overfit_cli.records import RunResult
from overfit_cli.report.canvas import Canvas
from overfit_cli.report.scale import Scale
from overfit_cli.report.seeds import MeanCurve, by_method, mean_curve
from overfit_cli.report.surface import Fitted, Surface

ROWS, FEWER_ROWS = 15, 9
WIDEST = 100
"""Cells; a wider plot of a hundred epochs shows nothing more."""

LABEL = 9
STYLES = {"train nll": "", "val nll": "bold magenta"}


def plot(results: Sequence[RunResult]) -> Fitted:
    """Return one panel per method: train and val nll by epoch, means over seeds, shared axes."""
    means = {method: mean_curve(runs) for method, runs in by_method(results).items()}
    return Fitted(lambda surface: _panels(means, results[0].axis if results else "", surface))


def _panels(means: Mapping[str, MeanCurve], axis: str, surface: Surface) -> RenderableType:
    drawn = [point for curve in means.values() for point in finite_points(curve)]
    if not drawn:
        return surface.text("nothing to plot: no finite nll was recorded")
    across = Scale.of([float(x) for x, _ in drawn], may_log=False)
    up = Scale.of([y for _, y in drawn])
    rows = ROWS if len(means) == 1 else FEWER_ROWS
    parts = [panel(*item, axis, (across, up), rows, surface) for item in means.items()]
    told = [surface.text(line) for line in ends_told(means.values())]
    return Text("\n\n").join([*(Text("\n").join(part) for part in parts), *told])


def _points(curve: MeanCurve, name: str) -> list[tuple[int, float]]:
    """Return what is drawn: a mean over the seeds that train longest would seem to recover."""
    shared = set(curve.shared())
    return [(x, y) for x, y in curve.values.get(name, {}).items() if x in shared]


def finite_points(curve: MeanCurve) -> Iterable[tuple[int, float]]:
    """Yield what the axes must span."""
    for name in STYLES:
        yield from ((x, y) for x, y in _points(curve, name) if math.isfinite(y))


def ends_told(curves: Iterable[MeanCurve]) -> Iterable[str]:
    """Say where curves end, if that is not the end of every seed's training."""
    if any(len(curve.shared()) < len(curve.counts) for curve in curves):
        yield "means over seeds, up to the epoch where the first of them stopped"


def panel(
    method: str,
    curve: MeanCurve,
    axis: str,
    scales: tuple[Scale, Scale],
    rows: int,
    surface: Surface,
) -> Iterable[Text]:
    """Return one method's curves, train dashed and val solid, in a frame."""
    across, up = scales
    width = max(10, min(surface.width, WIDEST) - LABEL - 2)
    canvas = Canvas(width, rows, surface.unicode)
    for index, name in enumerate(STYLES):
        places = [(across.place(x), up.place(y)) for x, y in _points(curve, name)]
        canvas.line(index, places, dotted=index == 0)
    yield surface.text(method, "bold")
    yield _legend(curve, axis, up, surface)
    labels = {round((1 - up.place(tick)) * (rows - 1)): tick for tick in up.ticks(5)}
    edge = "│" if surface.unicode else "|"
    for row, cells in enumerate(canvas.rows()):
        label = up.label(labels[row]) if row in labels else ""
        line = Text(f"{label:>{LABEL}} {edge}")
        for character, owner in cells:
            line.append(character, "" if owner is None else list(STYLES.values())[owner])
        line.rstrip()
        yield line
    yield from _foot(across, curve.lowest(), width, surface)


def _legend(curve: MeanCurve, axis: str, up: Scale, surface: Surface) -> Text:
    scale = ", log scale" if up.log else ""
    train, val = ("⠂⠂⠂", "⠒⠒⠒") if surface.unicode else ("...", "***")
    line = Text(f"nll by {axis}{scale}   {train} train")
    if "val nll" in curve.values:
        lowest = curve.lowest()
        best = f", lowest at {lowest} (^)" if lowest is not None else ""
        line.append("   ").append(f"{val} val", STYLES["val nll"]).append(best)
    return line


def _foot(across: Scale, lowest: int | None, width: int, surface: Surface) -> Iterable[Text]:
    corner, rule = ("└", "─") if surface.unicode else ("+", "-")
    line, labels = [rule] * width, [" "] * (width + LABEL)
    if lowest is not None:
        line[round(across.place(lowest) * (width - 1))] = "^"
    free = 0
    for tick in across.ticks(6):
        text = f"{tick:g}"
        start = LABEL + round(across.place(tick) * (width - 1)) - len(text) // 2
        start = min(start, len(labels) - len(text))
        if start >= free:
            labels[start : start + len(text)] = text
            free = start + len(text) + 1
    yield Text(" " * (LABEL + 1) + corner + "".join(line))
    yield Text("  " + "".join(labels).rstrip())
