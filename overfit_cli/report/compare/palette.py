"""Colours and markers of methods: the same everywhere, told apart without colour as well.

Figures are drawn in the light colours; in a page each becomes a CSS variable with a dark twin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from overfit_cli.comparison.records import Problem


@dataclass(frozen=True)
class Colour:
    """A role and how it looks on a light and on a dark ground."""

    variable: str
    light: str
    dark: str


PAPER = Colour("paper", "#ffffff", "#14171c")
INK = Colour("ink", "#1c2128", "#e4e7ec")
MUTED = Colour("muted", "#5c6570", "#a3acb8")
RULE = Colour("rule", "#d5dae1", "#343b45")
BASELINE = Colour("baseline", "#6e7681", "#9aa4b0")

# After Okabe and Ito (2008), "Color universal design", darkened to 3:1 on white, lightened on dark.
METHODS = (
    Colour("m1", "#0072b2", "#56b4e9"),
    Colour("m2", "#d55e00", "#f5894a"),
    Colour("m3", "#00845f", "#2fc79b"),
    Colour("m4", "#b0508a", "#e494c3"),
    Colour("m5", "#946a00", "#e6b422"),
    Colour("m6", "#5b4fc4", "#a99ff5"),
    Colour("m7", "#8a4b2a", "#d19a77"),
)
ALL = (PAPER, INK, MUTED, RULE, BASELINE, *METHODS)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BASELINE_MARKER = "h"


@dataclass(frozen=True)
class Look:
    """How one method is drawn."""

    colour: Colour
    marker: str


def looks(problems: Sequence[Problem]) -> dict[str, Look]:
    """Return the look of every method, the same in all problems; baselines are grey."""
    baselines = {problem.baseline for problem in problems}
    names = dict.fromkeys(arm.name for problem in problems for arm in problem.arms)
    found = {name: Look(BASELINE, BASELINE_MARKER) for name in names if name in baselines}
    for index, name in enumerate(name for name in names if name not in baselines):
        # After a full round of colours the markers have moved on: no pair comes twice in 49.
        turn, place = divmod(index, len(METHODS))
        found[name] = Look(METHODS[place], MARKERS[(place + turn) % len(MARKERS)])
    return found


def themed(tag: str) -> str:
    """Return an SVG tag with every colour of this palette as its CSS variable."""
    variables = {colour.light: f"var(--{colour.variable})" for colour in ALL}
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: variables.get(found[0], found[0]), tag)


def css(dark: bool) -> str:
    """Return the declarations of all variables."""
    return " ".join(f"--{c.variable}: {c.dark if dark else c.light};" for c in ALL)
