"""All figures of a comparison, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from overfit_cli.comparison.records import Comparison, Problem
from overfit_cli.report.compare.calibration_charts import calibration_charts
from overfit_cli.report.compare.curve_charts import curve_charts
from overfit_cli.report.compare.drawing import Drawing
from overfit_cli.report.compare.facts import capital
from overfit_cli.report.compare.fidelity import fidelity_note
from overfit_cli.report.compare.palette import Look, looks
from overfit_cli.report.compare.response_charts import response_charts, undrawn
from overfit_cli.report.compare.score_charts import (
    difference_charts,
    fidelity_charts,
    score_charts,
)


@dataclass(frozen=True)
class Group:
    """Figures that belong together, and how they are read."""

    title: str
    caption: str
    drawings: tuple[Drawing, ...]


def groups(comparison: Comparison) -> Iterator[tuple[Problem, list[Group]]]:
    """Yield each problem with its figures; a method looks the same in all of them."""
    found = looks(comparison.problems)
    for problem in comparison.problems:
        yield problem, [group for group in _groups(problem, found) if group.drawings]


def _groups(problem: Problem, found: dict[str, Look]) -> Iterator[Group]:
    yield Group(
        "Paired differences",
        "A dot per seed: the method minus the baseline, both trained with that seed. The "
        "line is the 95% interval, the tick on it the mean, the grey band what counts as equal.",
        tuple(difference_charts(problem, found)),
    )
    yield Group(
        "Final scores",
        "A dot per seed on test rows; the tick below is the mean. References nearby are hollow.",
        tuple(score_charts(problem, found)),
    )
    yield Group(
        f"Distance from {problem.reference}",
        f"{capital(fidelity_note(problem))}. A dot per seed, a mean over the same test rows. It "
        "tells who approximates the reference well, not who predicts well.",
        tuple(fidelity_charts(problem, found)),
    )
    yield Group(
        "Curves",
        "Training rows dashed, validation rows solid, means over seeds with their range; grey is "
        "the baseline on validation rows. A line ends where the first of the seeds stopped.",
        tuple(curve_charts(problem, found)),
    )
    yield Group(
        "Reliability",
        "How often the top answer is right, by how sure the network was, over 15 bins; larger "
        "markers hold more rows. Below the diagonal it is too sure. Grey is the baseline.",
        tuple(calibration_charts(problem, found)),
    )
    yield Group(
        "Response to hyperparameters",
        "Mean score of every setting that was tried: validation rows filled and solid, test rows "
        "hollow and dotted. The lines join the best setting at each value." + undrawn(problem),
        tuple(response_charts(problem, found)),
    )
