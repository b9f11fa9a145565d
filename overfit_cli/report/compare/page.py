"""What `compare` prints: per problem a headline, tables of methods, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.comparison.records import Comparison, Finding, Problem
from overfit_cli.report.compare.facts import common_text, lost_lines, problem_facts, run_facts
from overfit_cli.report.compare.fidelity import (
    fidelity_by_seed,
    fidelity_grid,
    fidelity_note,
)
from overfit_cli.report.compare.grids import (
    Cells,
    Grid,
    differences_grid,
    methods_grid,
    seeds_grid,
    settings_grid,
)
from overfit_cli.report.compare.measures import measure
from overfit_cli.report.compare.outlook import outlook
from overfit_cli.report.compare.sentence import answer, verdict_sentence
from overfit_cli.report.compare.setting_scores import setting_scores_grid, settings_left_out
from overfit_cli.report.compare.winner import next_reason, next_words
from overfit_cli.report.escape import shell_lines
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted

STYLES: dict[Finding, str] = {"better": "bold green", "worse": "bold red"}
BLANK = Text("")


def comparison_page(
    comparison: Comparison,
    all_columns: bool,
    every_seed: bool,
    times: bool,
    settings: bool = False,
    store: str | None = None,
) -> RenderableType:
    """Return the whole report for a terminal.

    all_columns: also what is the same everywhere and the less usual metrics. every_seed: the
    value of each. times: seconds and the date. settings: the scores of every setting tried.
    store: as the user named it, for the next command.
    """
    parts: list[RenderableType] = [
        _line(f"{comparison.title}: {run_facts(comparison, times)}", "bold")
    ]
    for problem in comparison.problems:
        parts += [BLANK, *_problem(problem, all_columns, every_seed, times, settings)]
        parts += _next(problem, store)
    if not comparison.problems:
        parts.append(_line("there is nothing to compare"))
    parts += [_line(f"warning: {warning}") for warning in comparison.warnings]
    return Group(*parts)


def _problem(
    problem: Problem, all_columns: bool, every_seed: bool, times: bool, settings: bool
) -> Iterable[RenderableType]:
    yield _headline(problem)
    if problem.common:
        yield _line(f"all runs: {common_text(problem)}")
    yield from (_line(f"note: {note}") for note in problem.notes)
    yield BLANK
    yield _methods(problem, all_columns, times)
    yield from _titled("", settings_grid(problem, all_columns))
    if settings:
        yield from _setting_scores(problem, all_columns)
    yield from _titled("difference from the baseline [95% interval]", differences_grid(problem))
    yield from _spread_over_seeds(partial(fidelity_grid, problem), [fidelity_note(problem)])
    if every_seed:
        yield from _titled(f"test {measure(problem.metric).label} by seed", seeds_grid(problem))
        for title, grid in fidelity_by_seed(problem):
            yield from _titled(title, grid)
    yield BLANK
    yield from _closing(problem)


def _headline(problem: Problem) -> Fitted:
    def draw(surface: Surface) -> Text:
        line = surface.text(f"{problem.dataset}: {problem_facts(problem)}")
        line.stylize("bold", 0, len(surface.text(problem.dataset)))
        return line

    return Fitted(draw)


def _methods(problem: Problem, all_columns: bool, times: bool) -> Fitted:
    def draw(surface: Surface) -> RenderableType:
        grid = methods_grid(problem, all_columns, times, surface.plus_minus)
        note = f"test rows; mean {surface.plus_minus} standard deviation over seeds"
        return Group(_drawn(grid, surface), surface.text(note))

    return Fitted(draw)


def _setting_scores(problem: Problem, all_columns: bool) -> Iterable[RenderableType]:
    make = partial(setting_scores_grid, problem, all_columns)
    yield from _spread_over_seeds(make, settings_left_out(problem))


def _spread_over_seeds(
    make: Callable[[str], Grid | None], notes: Iterable[str]
) -> Iterable[RenderableType]:
    """Yield what `make` returns for the surface's plus-minus sign, with notes; nothing for None."""

    def draw(surface: Surface) -> RenderableType:
        grid = make(surface.plus_minus)
        return BLANK if grid is None else _drawn(grid, surface)

    if make("") is not None:
        yield BLANK
        yield Fitted(draw)
        yield from map(_line, notes)


def _titled(title: str, grid: Grid | None) -> Iterable[RenderableType]:
    if grid is None:
        return
    yield BLANK
    if title:
        yield _line(title)
    yield Fitted(lambda surface: _drawn(grid, surface))


def _drawn(grid: Grid, surface: Surface) -> RenderableType:
    key = _column(grid.key, surface, max(24, surface.width // 4))
    room = max(16, surface.width // 2)
    return fitted(key, [_column(each, surface, room) for each in grid.columns], surface)


def _column(cells: Cells, surface: Surface, most: int) -> Column:
    return Column(
        surface.text(cells.header),
        tuple(surface.text(cell) for cell in cells.cells),
        optional=cells.optional,
        align="left" if cells.words else "right",
        most=most if cells.words else None,
    )


def _closing(problem: Problem) -> Iterable[RenderableType]:
    for verdict in problem.verdicts:
        yield _line(verdict_sentence(verdict, problem), STYLES.get(verdict.finding, ""))
    yield from (_line(line, "bold red") for line in lost_lines(problem))
    yield from (_line(f"warning: {warning}") for warning in problem.warnings)
    told = outlook(problem)
    yield from [_line(told)] if told else []
    yield _line(answer(problem), "bold")


def _next(problem: Problem, store: str | None) -> Iterable[RenderableType]:
    words = next_words(problem, store)
    if words:
        reason = next_reason(problem)
        yield from [_line(reason)] if reason else []
        yield Fitted(lambda surface: surface.lines(_command(words, surface.width)))


def _command(words: Sequence[str], width: int) -> Iterable[str]:
    """Yield a command that can be pasted whole, also where it takes several lines."""
    before = "next: "
    for place, line in enumerate(shell_lines(words, width - len(before))):
        yield (" " * len(before) if place else before) + line


def _line(words: str, style: str = "") -> Fitted:
    return Fitted(lambda surface: surface.text(words, style))
