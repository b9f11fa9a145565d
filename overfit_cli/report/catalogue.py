"""What there is: the pages of `overfit methods` and `overfit datasets`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.report.json_text import document
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted

Kind = Literal["methods", "datasets"]


@dataclass(frozen=True)
class OptionLine:
    """One option: its flag or key, its default, what is allowed, and what it does."""

    name: str
    default: str
    allowed: str
    help: str


@dataclass(frozen=True)
class Entry:
    """One method or data set.

    formula: what is computed, or how rows are generated; may have several lines. facts: short
    pairs such as ("task", "classification"). refuses: methods it cannot be combined with.
    example: a whole command.
    """

    name: str
    summary: str
    formula: str = ""
    options: tuple[OptionLine, ...] = ()
    source: str = ""
    example: str = ""
    refuses: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def catalogue(entries: Sequence[Entry]) -> Fitted:
    """Return a line for each entry."""
    return Fitted(lambda surface: _table("name", [(e.name, e.summary) for e in entries], surface))


def entry_page(entry: Entry) -> Fitted:
    """Return everything about one entry."""
    return Fitted(lambda surface: Group(*_parts(entry, surface)))


def catalogue_json(kind: Kind, entries: Sequence[Entry]) -> str:
    """Return the document of `methods --json` (`overfit.methods/1`) or `datasets --json`."""
    return document(f"overfit.{kind}/1", **{kind: [asdict(entry) for entry in entries]})


def _parts(entry: Entry, surface: Surface) -> Iterable[RenderableType]:
    yield surface.text(entry.name, "bold").append_text(
        surface.text(f": {entry.summary}", "not bold")
    )
    if entry.formula:
        yield Text("")
        yield surface.lines(f"  {line}" for line in entry.formula.splitlines())
    if entry.options:
        yield Text("")
        yield _options(entry.options, surface)
    facts = [*entry.facts, ("not with", ", ".join(entry.refuses)), ("source", entry.source)]
    facts = [(name, text) for name, text in [*facts, ("example", entry.example)] if text]
    if facts:
        yield Text("")
        yield surface.lines(f"{name}: {text}" for name, text in facts)


def _options(options: Sequence[OptionLine], surface: Surface) -> RenderableType:
    """Put default and range into the words where there is no room for columns of their own."""
    narrow = surface.width < 100
    rows = [
        (o.name, f"{o.help} ({o.allowed}; default {o.default})" if narrow else o.help)
        for o in options
    ]
    if narrow:
        return _table("option", rows, surface)
    extra = [
        Column(Text(header), tuple(surface.text(c) for c in cells), align="left", most=28)
        for header, cells in (
            ("default", [o.default for o in options]),
            ("allowed", [o.allowed for o in options]),
        )
    ]
    return _table("option", rows, surface, extra)


def _table(
    header: str,
    rows: Sequence[tuple[str, str]],
    surface: Surface,
    extra: Sequence[Column] = (),
) -> RenderableType:
    names = tuple(surface.text(name, "bold") for name, _ in rows)
    key = Column(Text(header), names, align="left", most=28)
    taken = sum(column.width + 2 for column in (key, *extra))
    words = tuple(surface.text(text) for _, text in rows)
    last = Column(Text(""), words, align="left", most=max(20, surface.width - taken))
    return fitted(key, [*extra, last], surface)
