"""Final scores, paired differences and distances from a reference: every seed is a dot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overfit_cli.comparison.records import Fidelity, Problem, Verdict
from overfit_cli.report.compare.drawing import Drawing, axes, scaled, shortened
from overfit_cli.report.compare.measures import interval_text, measure, test_mean
from overfit_cli.report.compare.palette import INK, MUTED, RULE, Look
from overfit_cli.report.figures import mean, number

WIDTH, ROW, REST = 460, 34, 62
LETTER = 7.68
"""Pixels that a character of a label takes at most."""

GOLDEN, ABOVE, BELOW = 0.618, 0.5, 0.3
"""Dots lie around the row's middle, each far from the one before; mean and interval below."""

Looks = Mapping[str, Look]


def score_charts(problem: Problem, looks: Looks) -> Iterator[Drawing]:
    """Yield the test score of every seed by method, with means and references."""
    how = measure(problem.metric)
    if any(_finite(arm.values(how.key).values()) for arm in problem.arms):
        told = (f"{a.name} {number(how.factor * test_mean(a, how.key), 3)}" for a in problem.arms)
        yield Drawing(
            "scores",
            f"Test {how.label} of every seed",
            f"Means: {'; '.join(told)}.",
            partial(_scores, problem, looks),
        )


def difference_charts(problem: Problem, looks: Looks) -> Iterator[Drawing]:
    """Yield the paired difference of every method from the baseline, with 95% intervals."""
    known = [v for v in problem.verdicts if math.isfinite(v.interval.difference)]
    # McNemar speaks about error, whatever the others are about: one axis has one unit.
    verdicts = [v for v in known if v.interval.metric == known[0].interval.metric]
    if verdicts:
        told = (f"{each.arm} {interval_text(each.interval)}" for each in verdicts)
        how = measure(verdicts[0].interval.metric)
        yield Drawing(
            "differences",
            f"Test {how.of_difference} minus {verdicts[0].baseline}",
            f"Means and 95% intervals: {'; '.join(told)}.",
            partial(_differences, verdicts, looks),
        )


def fidelity_charts(problem: Problem, looks: Looks) -> Iterator[Drawing]:
    """Yield the total variation between every method and the reference, by seed."""
    known = [each for each in problem.fidelity if each.seeds]
    if known:
        told = (f"{each.arm} {number(mean(each.total_variation), 3)}" for each in known)
        yield Drawing(
            "fidelity",
            f"Total variation from {problem.reference}, every seed",
            f"Means: {'; '.join(told)}.",
            partial(_distances, known, looks),
        )


def _scores(problem: Problem, looks: Looks) -> Figure:
    how = measure(problem.metric)
    rows = {a.name: [how.factor * v for v in a.values(how.key).values()] for a in problem.arms}
    values = [value for row in rows.values() for value in _finite(row)]
    near = _near(values, problem, how.factor)
    figure, made = _rows([*rows, *near])
    for place, (name, row) in enumerate(rows.items()):
        look, known = looks[name], _finite(row)
        _dots(made, place, known, look)
        if known:
            _mark(made, place, sum(known) / len(known))
    for place, value in enumerate(near.values(), len(rows)):
        made.plot([value], [place], color=MUTED.light, marker="D", mfc="none", linestyle="none")
    scaled(made, "x", [*values, *near.values()])
    made.set_xlabel(f"test {how.label}")
    return figure


def _near(values: Sequence[float], problem: Problem, factor: float) -> dict[str, float]:
    """Return the references that do not push the methods together."""
    room = max(max(values) - min(values), 1e-9)
    found = {
        name: factor * scores[problem.metric]
        for name, scores in problem.references.items()
        if problem.metric in scores
    }
    low, high = min(values) - room, max(values) + room
    return {name: value for name, value in found.items() if low <= value <= high}


def _differences(verdicts: Sequence[Verdict], looks: Looks) -> Figure:
    how = measure(verdicts[0].interval.metric)
    figure, made = _rows([verdict.arm for verdict in verdicts])
    rope = max(verdict.rope for verdict in verdicts) * how.factor
    made.axvspan(-rope, rope, color=RULE.light, alpha=0.6, linewidth=0)
    made.axvline(0, color=MUTED.light, linewidth=1)
    span = [-rope, rope]
    for place, verdict in enumerate(verdicts):
        dots = _finite(how.factor * value for value in verdict.differences)
        _dots(made, place, dots, looks[verdict.arm])
        ends = _finite(how.factor * v for v in (verdict.interval.low, verdict.interval.high))
        if len(ends) == 2:
            made.plot(ends, [place + BELOW] * 2, color=INK.light, linewidth=1.6)
        _mark(made, place, how.factor * verdict.interval.difference)
        span += [*dots, *ends]
    scaled(made, "x", span, may_log=False)
    better = "higher" if how.higher_is_better else "lower"
    made.set_xlabel(f"test {how.of_difference} minus baseline; {better} is better")
    return figure


def _distances(known: Sequence[Fidelity], looks: Looks) -> Figure:
    figure, made = _rows([each.arm for each in known])
    for place, each in enumerate(known):
        _dots(made, place, each.total_variation, looks[each.arm])
        _mark(made, place, mean(each.total_variation))
    scaled(made, "x", [0.0, *(v for each in known for v in each.total_variation)], may_log=False)
    made.set_xlabel("total variation; 0 is equal")
    return figure


def _rows(names: Sequence[str]) -> tuple[Figure, Axes]:
    """Return axes with a row per name, the first on top."""
    shown = [shortened(name) for name in names]
    left = round(14 + LETTER * max(map(len, shown)))
    figure, made = axes(max(WIDTH, left + 240), REST + ROW * len(names), left)
    made.set_yticks(range(len(names)), shown)
    made.set_ylim(len(names) - 0.5, -0.5)
    made.grid(axis="y", visible=False)
    made.tick_params(axis="y", labelcolor=INK.light)
    made.spines["left"].set_visible(False)
    return figure, made


def _dots(made: Axes, place: int, values: Sequence[float], look: Look) -> None:
    """Draw one dot per seed, spread over the row's height so that equal ones stay apart."""
    heights = [place + ABOVE * ((index * GOLDEN) % 1 - 0.6) for index in range(len(values))]
    made.plot(
        values, heights, color=look.colour.light, marker=look.marker, linestyle="none",
        alpha=0.75, markeredgewidth=0,
    )  # fmt: skip


def _mark(made: Axes, place: int, value: float) -> None:
    ends = [place + BELOW - 0.1, place + BELOW + 0.1]
    made.plot([value, value], ends, color=INK.light, linewidth=2.4)


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
