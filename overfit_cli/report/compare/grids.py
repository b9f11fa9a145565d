"""The tables of a comparison as plain text cells, the same for every format."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from overfit_cli.comparison.caveats import tried_told
from overfit_cli.comparison.records import Arm, Problem, Setting
from overfit_cli.report.compare.measures import (
    Measure,
    interval_texts,
    known_metrics,
    measure,
    typical,
)
from overfit_cli.report.figures import decimals, number, rounded
from overfit_cli.report.summary import places_of, spread
from overfit_cli.words import plural

USUAL = ("nll", "error", "ece", "rmse")
"""Metrics that are shown without being asked for."""

MOST_SETTINGS = 3
"""Chosen settings that are spelled out; the rest are counted."""


@dataclass(frozen=True)
class Cells:
    """One column; words are aligned left and may fold, and the highest `optional` goes first."""

    header: str
    cells: tuple[str, ...]
    words: bool = False
    optional: int = 0


@dataclass(frozen=True)
class Grid:
    """A table: `key` names its rows."""

    key: Cells
    columns: tuple[Cells, ...]

    def rows(self) -> list[tuple[str, ...]]:
        """Return each row, its name first."""
        return list(zip(self.key.cells, *(column.cells for column in self.columns), strict=True))


def methods_grid(problem: Problem, all_columns: bool, times: bool, plus_minus: str = "±") -> Grid:
    """Return a row per method with its test metrics over seeds, then the references."""
    names = [arm.name for arm in problem.arms] + list(problem.references)
    columns = [_seeds(problem), *_main(problem, plus_minus)]
    columns += [_mean_of(problem, key) for key in _others(problem, all_columns)]
    if all_columns:
        columns.append(_validation(problem, plus_minus))
    if times and problem.arms:
        columns.append(_column(problem, "seconds", lambda arm: [t.seconds for t in arm.trials], 2))
    columns += _lost(problem)
    return Grid(Cells("method", tuple(names), words=True), tuple(columns))


def _seeds(problem: Problem) -> Cells:
    counts = (str(len(arm.trials)) for arm in problem.arms)
    return Cells("seeds", (*counts, *("" for _ in problem.references)))


def _lost(problem: Problem) -> Iterable[Cells]:
    lost = tuple(lost_text(arm) for arm in problem.arms)
    if any(lost):
        yield Cells("lost", (*lost, *("" for _ in problem.references)), words=True)


def lost_text(arm: Arm) -> str:
    """Return `2 diverged, 1 failed`, nothing if every run came to its end."""
    counts = ((arm.diverged, "diverged"), (arm.failed, "failed"))
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def _main(problem: Problem, plus_minus: str) -> Iterable[Cells]:
    """Yield mean ± sd and median of the metric that verdicts are about, and the gap."""
    how = measure(problem.metric)
    table = _table(problem, problem.metric)
    places = digits_of(how, table)
    yield Cells(how.label, tuple(spread(values, places, plus_minus) for values in table))
    medians = (rounded(statistics.median(values), places) if values else "" for values in table)
    references = len(problem.references)
    shown = list(medians)[: len(table) - references] + [""] * references
    yield Cells("median", tuple(shown))
    if any(arm.trials for arm in problem.arms):
        yield _column(problem, "gap", _gaps, None)


def _gaps(arm: Arm) -> list[float]:
    """Return test nll - train nll of every seed."""
    train = arm.values("nll", "train")
    return [value - train[seed] for seed, value in arm.values("nll").items()]


def _column(
    problem: Problem, header: str, read: Callable[[Arm], Sequence[float]], places: int | None
) -> Cells:
    """Return the means of what `read` finds; references have none."""
    means = [typical(read(arm)) for arm in problem.arms]
    digits = decimals(_finite(means)) if places is None else places
    cells = ["" if math.isnan(value) else number(value, digits) for value in means]
    return Cells(header, (*cells, *("" for _ in problem.references)))


def _others(problem: Problem, all_columns: bool) -> list[str]:
    known = [key for key in known_metrics(problem) if key != problem.metric]
    return known if all_columns else [key for key in known if key in USUAL]


def _mean_of(problem: Problem, key: str) -> Cells:
    how, table = measure(key), _table(problem, key)
    places = digits_of(how, table)
    cells = (number(typical(values), places) if values else "" for values in table)
    return Cells(how.label, tuple(cells))


def _validation(problem: Problem, plus_minus: str) -> Cells:
    how = measure(problem.metric)
    table = [in_unit(how, arm.values(how.key, "val").values()) for arm in problem.arms]
    cells = [spread(values, digits_of(how, table), plus_minus) for values in table]
    return Cells(f"val {how.label}", (*cells, *("" for _ in problem.references)))


def _table(problem: Problem, key: str) -> list[list[float]]:
    """Return the test values of every row, arms first, in the page's unit."""
    rows = [arm.values(key).values() for arm in problem.arms]
    references = [[each[key]] if key in each else [] for each in problem.references.values()]
    return [in_unit(measure(key), values) for values in (*rows, *references)]


def in_unit(how: Measure, values: Iterable[float]) -> list[float]:
    """Return values in the page's unit; none of them if nobody recorded the metric."""
    found = [how.factor * value for value in values]
    return [] if all(map(math.isnan, found)) else found


def digits_of(how: Measure, table: Sequence[Sequence[float]]) -> int:
    """Return how many decimals suit the rows of a table, in the page's unit."""
    if how.factor != 1:
        return 2
    return places_of(table)


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def settings_grid(problem: Problem, all_columns: bool) -> Grid | None:
    """Return how many settings each method tried and which won how often; None without any."""
    arms = [arm for arm in problem.arms if any(each.values for each in arm.settings)]
    if not arms:
        return None
    tried = tuple(tried_told(arm) for arm in arms)
    chosen = tuple(_chosen(arm, all_columns) for arm in arms)
    columns = (Cells("tried", tried), Cells("chosen", chosen, words=True))
    return Grid(Cells("method", tuple(arm.name for arm in arms), words=True), columns)


def _chosen(arm: Arm, all_columns: bool) -> str:
    """Return `lr=0.1, p=0.5 (7 of 10); lr=0.05, p=0.5 (3)`, the most chosen first."""
    won = sorted((each for each in arm.settings if each.chosen), key=lambda each: -each.chosen)
    total, first = sum(each.chosen for each in won), won[:MOST_SETTINGS]
    words = [f"{setting_text(arm, each, all_columns)} ({each.chosen})" for each in first]
    if words:
        words[0] = words[0][:-1] + f" of {total})"
    rest = won[MOST_SETTINGS:]
    if rest:
        words.append(f"{plural(len(rest), 'other')} ({sum(each.chosen for each in rest)})")
    return "; ".join(words) or "none finished"


def setting_text(arm: Arm, setting: Setting, all_columns: bool) -> str:
    """Return the values of a setting that differ within its method, or between methods, or all."""
    values = setting.values
    names: Iterable[str] = values
    if not all_columns:
        chosen = (name for name, value in values.items() if not _follows(arm, name, value))
        names = arm.varied or chosen
    return ", ".join(f"{name}={values[name]}" for name in names if name in values) or "one setting"


def _follows(arm: Arm, name: str, value: str) -> bool:
    """Whether nobody chose it: the precision is the inference's own, else float32."""
    is_bayes = "bayes" in arm.name.partition(" ")[0].split("+")
    return name == "dtype" and (is_bayes or value == "float32")


def differences_grid(problem: Problem) -> Grid | None:
    """Return paired differences with their 95% intervals in every metric; None without any."""
    verdicts = problem.verdicts
    if not any(verdict.others for verdict in verdicts):
        return None
    intervals = [{each.metric: each for each in (v.interval, *v.others)} for v in verdicts]
    metrics = dict.fromkeys(metric for known in intervals for metric in known)
    columns = tuple(
        Cells(
            measure(metric).of_difference,
            interval_texts([known.get(metric) for known in intervals]),
        )
        for metric in metrics
    )
    key = Cells(f"minus {verdicts[0].baseline}", tuple(each.arm for each in verdicts), words=True)
    return Grid(key, columns)


def seeds_grid(problem: Problem) -> Grid:
    """Return the test value of every seed, a column per method."""
    how = measure(problem.metric)
    table = [arm.values(how.key) for arm in problem.arms]
    seeds = sorted({seed for values in table for seed in values})
    places = 2 if how.factor != 1 else decimals(_finite(v for row in table for v in row.values()))
    columns = tuple(
        Cells(arm.name, tuple(_seed_cell(values, seed, how, places) for seed in seeds))
        for arm, values in zip(problem.arms, table, strict=True)
    )
    return Grid(Cells("seed", tuple(map(str, seeds))), columns)


def _seed_cell(values: dict[int, float], seed: int, how: Measure, places: int) -> str:
    return number(how.factor * values[seed], places) if seed in values else "-"
