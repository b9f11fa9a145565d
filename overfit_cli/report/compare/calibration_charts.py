"""Reliability diagrams: accuracy against confidence, bin by bin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overfit_cli.comparison.records import Arm, Problem
from overfit_cli.report.compare.drawing import Drawing, axes, scaled
from overfit_cli.report.compare.palette import BASELINE, MUTED, Look

WIDTH, HEIGHT = 260, 262
SMALLEST, LARGEST = 6.0, 70.0
"""Areas of a bin's marker, in square points."""
STEP = 10
"""Axes begin at a multiple of so many percent."""


def calibration_charts(problem: Problem, looks: Mapping[str, Look]) -> Iterator[Drawing]:
    """Yield a figure per method; the baseline's line stands behind the others."""
    for place, arm in enumerate(problem.arms, 1):
        if _bins(arm):
            yield Drawing(
                f"calibration-{place}-{arm.name}",
                f"{arm.name}: accuracy by confidence",
                _description(arm),
                partial(_chart, problem, arm, looks[arm.name]),
            )


def _bins(arm: Arm) -> list[tuple[float, float, int]]:
    """Return the bins that hold rows."""
    return [(b.confidence, b.accuracy, b.count) for b in arm.reliability if b.count > 0]


def _description(arm: Arm) -> str:
    bins = [each for each in arm.reliability if each.count > 0]
    rows, weight = (sum(each.count for each in bins), sum(each.weight for each in bins))
    sure = sum(each.confidence * each.weight for each in bins) / weight
    right = sum(each.accuracy * each.weight for each in bins) / weight
    return f"Over {rows} rows mean confidence {100 * sure:.1f}%, accuracy {100 * right:.1f}%."


def _chart(problem: Problem, arm: Arm, look: Look) -> Figure:
    figure, made = axes(WIDTH, HEIGHT, left=44, title=arm.name)
    sure, right = _lowest(problem)
    made.plot([sure, 100], [sure, 100], color=MUTED.light, linewidth=0.9, linestyle=(0, (1, 2)))
    for other in problem.arms:
        if other.name == problem.baseline != arm.name and _bins(other):
            made.plot(*_points(other), color=BASELINE.light, linewidth=1)
    made.plot(*_points(arm), color=look.colour.light)
    _markers(made, arm, look)
    scaled(made, "x", [sure, 100.0], may_log=False)
    scaled(made, "y", [right, 100.0], may_log=False)
    made.set_xlabel("confidence %")
    made.set_ylabel("accuracy %")
    return figure


def _lowest(problem: Problem) -> tuple[float, float]:
    """Return where both axes begin, for all methods: the top of K classes has 1/K or more."""
    bins = [each for arm in problem.arms for each in _bins(arm)]
    sure = STEP * math.floor(100 * min(confidence for confidence, _, _ in bins) / STEP)
    right = STEP * math.floor(100 * min(accuracy for _, accuracy, _ in bins) / STEP)
    return min(float(sure), 100.0 - STEP), float(min(sure, right))


def _points(arm: Arm) -> tuple[list[float], list[float]]:
    bins = _bins(arm)
    return [100 * each[0] for each in bins], [100 * each[1] for each in bins]


def _markers(made: Axes, arm: Arm, look: Look) -> None:
    """Draw a marker per bin, its area growing with the bin's rows."""
    most = max(count for _, _, count in _bins(arm))
    areas = [
        SMALLEST + (LARGEST - SMALLEST) * math.sqrt(count / most) for _, _, count in _bins(arm)
    ]
    made.scatter(
        *_points(arm), s=areas, color=look.colour.light, marker=look.marker, linewidths=0, zorder=3
    )
