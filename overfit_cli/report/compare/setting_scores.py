"""What every setting scored: a row per method and setting, the best of them if they are many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from overfit_cli.comparison.records import Arm, Problem, Setting
from overfit_cli.report.compare.grids import Cells, Grid, digits_of, in_unit, setting_text
from overfit_cli.report.compare.measures import Measure, measure, typical
from overfit_cli.report.summary import spread
from overfit_cli.words import plural

MOST = 40
"""Settings of one method that are listed."""


def setting_scores_grid(problem: Problem, all_columns: bool, plus_minus: str = "±") -> Grid | None:
    """Return scores over seeds by setting, in the order of settings; None if nobody had a choice.

    Of a method with more than MOST settings those with the best mean on validation rows.
    """
    how = measure(problem.metric)
    rows = [(arm, each) for arm in _choosing(problem) for each in _listed(arm, how)]
    if not rows:
        return None
    columns = [
        Cells("setting", tuple(setting_text(*row, all_columns) for row in rows), words=True),
        Cells("chosen", tuple(str(each.chosen) for _, each in rows)),
        Cells("seeds", tuple(str(len(each.seeds)) for _, each in rows), optional=1),
        _scores(f"val {how.label}", how, [each.val for _, each in rows], plus_minus),
        _scores(f"test {how.label}", how, [each.test for _, each in rows], plus_minus),
    ]
    if any(each.lost for _, each in rows):
        columns.append(Cells("lost", tuple(str(each.lost or "") for _, each in rows)))
    return Grid(Cells("method", tuple(arm.name for arm, _ in rows), words=True), tuple(columns))


def settings_left_out(problem: Problem) -> Iterable[str]:
    """Yield a sentence per method of which not all settings are listed."""
    for arm in _choosing(problem):
        if len(arm.settings) > MOST:
            yield (
                f"{arm.name}: {plural(len(arm.settings) - MOST, 'setting')} of "
                f"{len(arm.settings)}, worse on validation rows, left out; --json lists all"
            )


def by_validation(settings: Iterable[Setting], how: Measure) -> list[Setting]:
    """Return settings by their mean on validation rows, the best first, those without one last."""
    sign = -1 if how.higher_is_better else 1

    def loss(setting: Setting) -> float:
        value = sign * typical(value for value in setting.val if not math.isnan(value))
        return math.inf if math.isnan(value) else value

    return sorted(settings, key=loss)


def _choosing(problem: Problem) -> list[Arm]:
    return [arm for arm in problem.arms if len(arm.settings) > 1]


def _listed(arm: Arm, how: Measure) -> list[Setting]:
    best = {id(each) for each in by_validation(arm.settings, how)[:MOST]}
    return [each for each in arm.settings if id(each) in best]


def _scores(header: str, how: Measure, table: Sequence[Sequence[float]], plus_minus: str) -> Cells:
    scaled = [in_unit(how, values) for values in table]
    places = digits_of(how, scaled)
    return Cells(header, tuple(spread(values, places, plus_minus) or "-" for values in scaled))
