"""A comparison as Markdown: tables and sentences, every name shown as itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from overfit_cli.comparison.records import Comparison, Problem
from overfit_cli.report.compare.facts import (
    capital,
    common_text,
    lost_lines,
    problem_facts,
    run_facts,
)
from overfit_cli.report.compare.fidelity import (
    fidelity_by_seed,
    fidelity_grid,
    fidelity_note,
)
from overfit_cli.report.compare.grids import (
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
from overfit_cli.report.escape import markdown


def comparison_markdown(
    comparison: Comparison,
    all_columns: bool,
    every_seed: bool,
    times: bool,
    settings: bool = False,
) -> str:
    """Return the report as Markdown with pipe tables; see comparison_page."""
    blocks = [f"# {markdown(comparison.title)}", f"{markdown(run_facts(comparison, times))}."]
    for problem in comparison.problems:
        blocks += _problem(problem, all_columns, every_seed, times, settings)
    blocks += _bullets(f"Warning: {warning}" for warning in comparison.warnings)
    return "\n\n".join(blocks) + "\n"


def _problem(
    problem: Problem, all_columns: bool, every_seed: bool, times: bool, settings: bool
) -> Iterable[str]:
    yield f"## {markdown(problem.dataset)}"
    yield f"{markdown(problem_facts(problem))}."
    yield f"**{markdown(answer(problem))}**"
    yield from _bullets(verdict_sentence(verdict, problem) for verdict in problem.verdicts)
    if told := outlook(problem):
        yield markdown(told)
    lost = (f"Lost runs, in no average: {line}" for line in lost_lines(problem))
    notes = (f"Note: {note}" for note in problem.notes)
    yield from _bullets([*lost, *(f"Warning: {warning}" for warning in problem.warnings), *notes])
    yield "Test rows; mean ± standard deviation over seeds:"
    yield _table(methods_grid(problem, all_columns, times))
    yield from _titled("Settings:", settings_grid(problem, all_columns))
    if settings:
        title = "Scores by setting, over seeds:"
        yield from _titled(title, setting_scores_grid(problem, all_columns))
        yield from _bullets(settings_left_out(problem))
    yield from _titled(
        "Differences from the baseline \\[95% interval\\]:", differences_grid(problem)
    )
    yield from _titled(f"{capital(fidelity_note(problem))}:", fidelity_grid(problem))
    if every_seed:
        yield from _by_seed(problem)
    if problem.common:
        yield f"All runs: {markdown(common_text(problem))}"


def _by_seed(problem: Problem) -> Iterable[str]:
    scores = f"test {measure(problem.metric).label} by seed", seeds_grid(problem)
    for title, grid in (scores, *fidelity_by_seed(problem)):
        yield from _titled(f"{capital(markdown(title))}:", grid)


def _titled(title: str, grid: Grid | None) -> Iterable[str]:
    if grid is not None:
        yield title
        yield _table(grid)


def _bullets(sentences: Iterable[str]) -> Iterable[str]:
    lines = [f"- {markdown(sentence)}" for sentence in sentences]
    if lines:
        yield "\n".join(lines)


def _table(grid: Grid) -> str:
    columns = (grid.key, *grid.columns)
    rule = [":--" if column.words else "--:" for column in columns]
    header = [markdown(column.header) for column in columns]
    cells = [map(markdown, c.cells) if c.words else c.cells for c in columns]
    return "\n".join(_piped(row) for row in (header, rule, *zip(*cells, strict=True)))


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
