"""A comparison as one offline HTML file: no script, nothing fetched, figures as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from overfit_cli.comparison.records import Comparison, Finding, Problem
from overfit_cli.report.compare.drawing import Drawing, inline_svg
from overfit_cli.report.compare.drawings import Group, groups
from overfit_cli.report.compare.facts import capital, lost_lines, problem_facts, run_facts
from overfit_cli.report.compare.fidelity import fidelity_by_seed, fidelity_grid
from overfit_cli.report.compare.grids import (
    Grid,
    differences_grid,
    methods_grid,
    seeds_grid,
    settings_grid,
)
from overfit_cli.report.compare.measures import measure
from overfit_cli.report.compare.outlook import outlook
from overfit_cli.report.compare.palette import css
from overfit_cli.report.compare.sentence import answer, verdict_sentence
from overfit_cli.report.compare.setting_scores import setting_scores_grid, settings_left_out
from overfit_cli.report.escape import visible

BADGES: dict[Finding, str] = {
    "better": "better",
    "worse": "worse",
    "equal": "equal",
    "undecided": "undecided",
    "too few": "too few seeds",
}


SPREAD = "mean ± standard deviation over seeds"


@dataclass(frozen=True)
class Said:
    """One verdict: a class name, its word and its sentence."""

    kind: str
    badge: str
    sentence: str


@dataclass(frozen=True)
class Titled:
    """A table and its caption."""

    caption: str
    grid: Grid


@dataclass(frozen=True)
class Shown:
    """Figures of one kind, as inline SVG."""

    title: str
    caption: str
    figures: tuple[Markup, ...]


@dataclass(frozen=True)
class Section:
    """Everything about one problem."""

    name: str
    anchor: str
    facts: str
    answer: str
    outlook: str
    verdicts: tuple[Said, ...]
    lost: tuple[str, ...]
    warnings: tuple[str, ...]
    tables: tuple[Titled, ...]
    figures: tuple[Shown, ...]
    settings: Titled | None
    details: tuple[Titled, ...]
    notes: tuple[str, ...]
    common: tuple[tuple[str, str], ...]


def comparison_html(comparison: Comparison, all_columns: bool, times: bool) -> str:
    """Return the report as one file that reads in light and dark, on a phone and printed."""
    sections = [
        _section(place, problem, found, all_columns, times)
        for place, (problem, found) in enumerate(groups(comparison), 1)
    ]
    return _environment().get_template("comparison.html").render(
        title=comparison.title,
        facts=run_facts(comparison, times),
        sections=sections,
        warnings=comparison.warnings,
        light=Markup(css(dark=False)),
        dark=Markup(css(dark=True)),
    )  # fmt: skip


def _environment() -> Environment:
    """Return templates that escape everything and show unseen characters as `\\x1b`."""
    return Environment(
        loader=PackageLoader("overfit_cli.report.compare"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _harmless(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _section(
    place: int, problem: Problem, found: Sequence[Group], all_columns: bool, times: bool
) -> Section:
    return Section(
        name=problem.dataset,
        anchor=f"problem-{place}",
        facts=problem_facts(problem),
        answer=answer(problem),
        outlook=outlook(problem),
        verdicts=_verdicts(problem),
        lost=tuple(lost_lines(problem)),
        warnings=problem.warnings,
        tables=_tables(problem, all_columns, times),
        figures=tuple(_shown(place, index, group) for index, group in enumerate(found, 1)),
        settings=_settings(problem, all_columns),
        details=tuple(_details(problem, all_columns)),
        notes=problem.notes,
        common=tuple(problem.common.items()),
    )


def _verdicts(problem: Problem) -> tuple[Said, ...]:
    return tuple(
        Said(v.finding.replace(" ", "-"), BADGES[v.finding], verdict_sentence(v, problem))
        for v in problem.verdicts
    )


def _tables(problem: Problem, all_columns: bool, times: bool) -> tuple[Titled, ...]:
    methods = methods_grid(problem, all_columns, times)
    found = (
        (f"Test rows: {SPREAD}", methods),
        ("Difference from the baseline [95% interval]", differences_grid(problem)),
        (f"Nearness to {problem.reference}: {SPREAD}", fidelity_grid(problem)),
    )
    return tuple(Titled(caption, grid) for caption, grid in found if grid is not None)


def _settings(problem: Problem, all_columns: bool) -> Titled | None:
    grid = settings_grid(problem, all_columns)
    return Titled("Settings tried, and how often each was chosen", grid) if grid else None


def _details(problem: Problem, all_columns: bool) -> Iterator[Titled]:
    """Yield tables that are folded away: every setting and every seed."""
    scores = setting_scores_grid(problem, all_columns)
    if scores is not None:
        told = [f"Scores by setting: {SPREAD}", *settings_left_out(problem)]
        yield Titled("; ".join(told), scores)
    yield Titled(f"Test {measure(problem.metric).label} of every seed", seeds_grid(problem))
    yield from (Titled(capital(title), grid) for title, grid in fidelity_by_seed(problem))


def _shown(place: int, index: int, group: Group) -> Shown:
    return Shown(group.title, group.caption, tuple(_inline(place, index, group.drawings)))


def _inline(place: int, index: int, drawings: Sequence[Drawing]) -> list[Markup]:
    """Return figures whose ids are their own within the page."""
    return [
        Markup(inline_svg(drawing, f"f{place}-{index}-{number}-"))
        for number, drawing in enumerate(drawings, 1)
    ]
