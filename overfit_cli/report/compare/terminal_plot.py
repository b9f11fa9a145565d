"""Curves of a comparison in the terminal, side by side as far as its width allows."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from overfit_cli.comparison.records import Comparison, Curves, Problem
from overfit_cli.report.plot import FEWER_ROWS, ends_told, finite_points, panel
from overfit_cli.report.scale import Scale
from overfit_cli.report.seeds import MeanCurve
from overfit_cli.report.surface import Fitted, Surface

NARROWEST = 62
"""Cells of a panel: its legend takes as many."""

GUTTER = 2


def comparison_plot(comparison: Comparison) -> RenderableType:
    """Return train and val nll by epoch, a panel per method, with the same axes per problem."""
    parts: list[RenderableType] = []
    for problem in comparison.problems:
        curves = {arm.name: arm.curves for arm in problem.arms if arm.curves is not None}
        parts += [_heading(problem), _panels(curves), Text("")]
    return Group(*parts)


def _heading(problem: Problem) -> Fitted:
    return Fitted(lambda surface: surface.text(f"{problem.dataset}: curves, mean over seeds"))


def _panels(curves: Mapping[str, Curves]) -> Fitted:
    means = {name: mean_curve_of(each) for name, each in curves.items()}
    axis = next((each.axis for each in curves.values()), "epoch")
    return Fitted(lambda surface: _drawn(means, axis, surface))


def mean_curve_of(curves: Curves) -> MeanCurve:
    """Return the bands' means as the plot of `run` takes them: `train_nll` is `train nll`."""
    values = {
        name.replace("_", " "): dict(zip(curves.epochs, band.mean, strict=True))
        for name, band in curves.bands.items()
    }
    return MeanCurve(values, dict(zip(curves.epochs, curves.n, strict=True)))


def _drawn(means: Mapping[str, MeanCurve], axis: str, surface: Surface) -> RenderableType:
    points = [point for curve in means.values() for point in finite_points(curve)]
    if not points:
        return surface.text("nothing to plot: no finite nll was recorded")
    scales = (
        Scale.of([float(x) for x, _ in points], may_log=False),
        Scale.of([y for _, y in points]),
    )
    across = max(1, min(len(means), (surface.width + GUTTER) // (NARROWEST + GUTTER)))
    narrow = Surface((surface.width + GUTTER) // across - GUTTER, surface.encoding)
    drawn = [
        Text("\n").join(panel(name, curve, axis, scales, FEWER_ROWS, narrow))
        for name, curve in means.items()
    ]
    told = (surface.text(line) for line in ends_told(means.values()))
    return Group(_grid(drawn, across, narrow.width), *told)


def _grid(drawn: list[Text], across: int, width: int) -> Table:
    grid = Table.grid(padding=(0, GUTTER, 0, 0))
    for _ in range(across):
        grid.add_column(width=width)
    for start in range(0, len(drawn), across):
        grid.add_row(*(text.append("\n") for text in drawn[start : start + across]))
    return grid
