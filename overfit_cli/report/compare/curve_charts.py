"""Training and validation curves: one small figure per method, with the same axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overfit_cli.comparison.records import Arm, Curves, Problem
from overfit_cli.report.compare.drawing import Drawing, axes, scaled
from overfit_cli.report.compare.measures import Measure, measure
from overfit_cli.report.compare.palette import BASELINE, Look
from overfit_cli.report.figures import number

WIDTH, HEIGHT = 340, 236
DASHED, SOLID = (0, (3.5, 1.8)), "solid"
Looks = Mapping[str, Look]


def curve_charts(problem: Problem, looks: Looks) -> Iterator[Drawing]:
    """Yield a figure per method: train dashed, val solid, with the range over seeds."""
    how = measure(curve_metric(problem))
    arms = [arm for arm in problem.arms if _highest(arm, how) > -math.inf]
    for place, arm in enumerate(arms, 1):
        yield Drawing(
            f"curves-{place}-{arm.name}",
            f"{arm.name}: {how.label} while training",
            _description(arm, how),
            partial(_chart, problem, arms, arm, looks),
        )


def curve_metric(problem: Problem) -> str:
    """Return the metric of the verdicts if curves of it were recorded, else nll."""
    bands = {name for arm in problem.arms if arm.curves for name in arm.curves.bands}
    return problem.metric if f"train_{problem.metric}" in bands else "nll"


def _chart(problem: Problem, arms: Sequence[Arm], arm: Arm, looks: Looks) -> Figure:
    how = measure(curve_metric(problem))
    figure, made = axes(WIDTH, HEIGHT, title=arm.name)
    for other in arms:
        if other.name == problem.baseline != arm.name:
            _line(made, other, f"val_{how.key}", how, BASELINE.light, SOLID)
    for part, style in (("train", DASHED), ("val", SOLID)):
        _band(made, arm, f"{part}_{how.key}", how, looks[arm.name].colour.light)
        _line(made, arm, f"{part}_{how.key}", how, looks[arm.name].colour.light, style)
    scaled(made, "y", [v for each in arms for v in _means(each, how)])
    epochs = [float(epoch) for each in arms for epoch in _curves(each).epochs]
    scaled(made, "x", epochs, may_log=False)
    stop = " to first stop" if arm.curves and arm.curves.is_cut else ""
    made.set_xlabel(f"{_curves(arm).axis}{stop} (dashed: train, solid: val)")
    made.set_ylabel(how.label)
    return figure


def _curves(arm: Arm) -> Curves:
    """Return what is drawn: a mean over the seeds that train longest would seem to recover."""
    return arm.curves.shared() if arm.curves else Curves("epoch", (), (), {})


def _means(arm: Arm, how: Measure) -> list[float]:
    """Return all finite means of both parts, which the axes span; outliers of a band are cut."""
    bands = (_curves(arm).bands.get(f"{part}_{how.key}") for part in ("train", "val"))
    values = (how.factor * value for band in bands if band for value in band.mean)
    return [value for value in values if math.isfinite(value)]


def _highest(arm: Arm, how: Measure) -> float:
    return max(_means(arm, how), default=-math.inf)


def _band(made: Axes, arm: Arm, name: str, how: Measure, colour: str) -> None:
    band = _curves(arm).bands.get(name)
    if band is not None and max(_curves(arm).n, default=0) > 1:
        low, high = ([how.factor * v for v in edge] for edge in (band.low, band.high))
        made.fill_between(_curves(arm).epochs, low, high, color=colour, alpha=0.17, linewidth=0)


def _line(
    made: Axes, arm: Arm, name: str, how: Measure, colour: str, style: str | tuple[object, ...]
) -> None:
    curves = _curves(arm)
    band = curves.bands.get(name)
    if band is not None:
        values = [how.factor * value for value in band.mean]
        made.plot(curves.epochs, values, color=colour, linestyle=style)


def _description(arm: Arm, how: Measure) -> str:
    """Say where both curves end and where validation was lowest."""
    curves = _curves(arm)
    stop = ", up to the first stop" if arm.curves and arm.curves.is_cut else ""
    told = [f"Mean over {max(curves.n, default=0)} seeds, with their range{stop}."]
    for part, word in (("train", "training"), ("val", "validation")):
        band = curves.bands.get(f"{part}_{how.key}")
        known = [v for v in band.mean if math.isfinite(v)] if band else []
        if known:
            lowest, last = number(how.factor * min(known), 3), number(how.factor * known[-1], 3)
            told.append(f"On {word} rows lowest {lowest}, at the end {last}.")
    return " ".join(told)
