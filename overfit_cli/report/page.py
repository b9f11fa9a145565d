"""What `run` prints when training is over, and what `show` prints of a stored run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.records import RunResult, finite
from overfit_cli.report.curves import curves
from overfit_cli.report.diagnostics import diagnostics_facts, diagnostics_lines
from overfit_cli.report.escape import shell, shell_lines
from overfit_cli.report.headline import Subject, headline
from overfit_cli.report.next_command import next_words, store_words
from overfit_cli.report.plot import plot
from overfit_cli.report.seeds import by_method
from overfit_cli.report.summary import summary
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted
from overfit_cli.report.verdict import Kind, too_good, verdicts
from overfit_cli.words import plural

STYLES: dict[Kind, str] = {"diverged": "bold red", "failed": "bold red"}
BLANK = Text("")


def run_page(
    results: Sequence[RunResult],
    options: Sequence[str],
    every: int | None = None,
    with_plot: bool = False,
    store: str = "",
) -> Group:
    """Return curves, summary, verdict and the next command; the headline came before training.

    options: what the user gave after `overfit run`. store: the file that holds the runs now.
    """
    return Group(BLANK, *_figures(results, every, with_plot), *_closing(results, options, store))


def show_page(
    result: RunResult,
    subject: Subject,
    every: int | None = None,
    with_plot: bool = False,
) -> Group:
    """Return everything that is known about one stored run."""
    return Group(
        _line(f"run {result.run_id}, {result.status}", "bold"),
        headline(subject),
        BLANK,
        *_figures([result], every, with_plot),
        *_judged([result]),
        *_notes(result.notes),
        *details("diagnostics", diagnostics_facts(result.diagnostics)),
        *details("spec", result.spec),
        *details("environment", result.environment),
    )


def _figures(
    results: Sequence[RunResult], every: int | None, with_plot: bool
) -> Iterable[RenderableType]:
    yield curves(results, every)
    yield BLANK
    if with_plot:
        yield plot(results)
        yield BLANK
    yield summary(results)
    yield BLANK


def _judged(results: Sequence[RunResult]) -> Iterable[RenderableType]:
    judged = verdicts(results)
    for method, judgement in judged.items():
        before = f"{method}: " if len(judged) > 1 else ""
        yield _line(before + judgement.sentence, STYLES.get(judgement.kind, "bold"))


def _closing(
    results: Sequence[RunResult], options: Sequence[str], store: str
) -> Iterable[RenderableType]:
    yield from _judged(results)
    yield from map(_line, diagnostics_lines(results))
    if suspicion := too_good(results):
        yield _line(f"warning: {suspicion}")
    yield from _warnings(results)
    if store:
        yield _line(_stored(results, store, options))
    if not all("reason" in result.diagnostics for result in results):
        # what failed for a reason would do so again; the reason says what to change
        yield _command("next: ", next_words(results, options))


def _stored(results: Sequence[RunResult], store: str, options: Sequence[str]) -> str:
    if len(results) == 1:
        return f"stored as {results[0].run_id} in {store}"
    listed = shell(["overfit", "list", *store_words(options)])
    return f"stored: {plural(len(results), 'run')} in {store} ({listed})"


def _warnings(results: Sequence[RunResult]) -> Iterable[RenderableType]:
    """Yield what an inference warns of, each sentence once per method."""
    for method, runs in by_method(results).items():
        told = (warning for run in runs for warning in run.diagnostics.get("warnings", ()))
        for warning in dict.fromkeys(told):
            yield _line(f"warning: {method}: {warning}")


def _line(words: str, style: str = "") -> Fitted:
    return Fitted(lambda surface: surface.text(words, style))


def _command(before: str, words: Sequence[str]) -> Fitted:
    """Return a command that can be pasted whole, also where it takes several lines."""

    def draw(surface: Surface) -> Text:
        lines = shell_lines(words, surface.width - len(before))
        return surface.lines([before + lines[0], *(" " * len(before) + line for line in lines[1:])])

    return Fitted(draw)


def _notes(notes: Sequence[str]) -> Iterable[RenderableType]:
    if notes:
        yield Fitted(lambda surface: surface.lines(f"note: {note}" for note in notes))


def details(title: str, content: Mapping[str, Any]) -> Iterable[RenderableType]:
    """Yield a two-column table of names and values; nothing if there are none."""
    flat = dict(_flat("", content))
    if flat:
        yield BLANK
        yield Fitted(lambda surface: _pairs(title, flat, surface))


def _pairs(title: str, flat: Mapping[str, str], surface: Surface) -> RenderableType:
    names = tuple(surface.text(name) for name in flat)
    values = tuple(surface.text(value) for value in flat.values())
    key = Column(Text(title), names, align="left", most=max(32, surface.width // 4))
    room = max(10, surface.width - key.width - 2)
    return fitted(key, [Column(Text(""), values, align="left", most=room)], surface)


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield nested settings as `dropout.p`, `0.5`; those that are None say nothing."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flat(f"{name}.", value)
        elif value is not None:
            plain = finite(value)
            yield name, plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
