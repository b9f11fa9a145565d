"""Figures without a window: axes measured in pixels, text as text, the same bytes every time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overfit_cli.report.compare.palette import INK, MUTED, PAPER, RULE, themed
from overfit_cli.report.escape import html_text, visible
from overfit_cli.report.scale import Scale

PIXELS = 100
"""Pixels per inch of a figure's own measure."""

LONGEST = 30
"""Characters of a name within a figure."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "overfit",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.6,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "text.color": INK.light,
    "axes.labelcolor": MUTED.light,
    "axes.edgecolor": RULE.light,
    "xtick.color": MUTED.light,
    "ytick.color": MUTED.light,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE.light,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": PAPER.light,
    "axes.facecolor": "none",
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
}


@dataclass(frozen=True)
class Drawing:
    """One figure, drawn when it is asked for.

    name: a file's, without its ending. title, description: what a screen reader says.
    """

    name: str
    title: str
    description: str
    draw: Callable[[], Figure]


def axes(width: int, height: int, left: int = 64, title: str = "") -> tuple[Figure, Axes]:
    """Return a figure of so many pixels with one pair of axes, `left` pixels for its labels."""
    figure = Figure(figsize=(width / PIXELS, height / PIXELS), dpi=PIXELS)
    bottom, right, top = 40, 12, 28 if title else 10
    place = (left / width, bottom / height)
    size = (1 - (left + right) / width, 1 - (bottom + top) / height)
    made = figure.add_axes((*place, *size))
    made.yaxis.set_label_coords((12 - left) / (width * size[0]), 0.5)
    if title:
        made.set_title(shortened(title), x=(4 - left) / (width * size[0]))
    return figure, made


def shortened(name: str) -> str:
    """Return a name as a figure can show it: harmless and not too long."""
    shown = visible(name)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def scaled(
    made: Axes, which: str, values: Sequence[float], may_log: bool = True, about: int = 5
) -> Scale:
    """Span `values` (finite, at least one) along x or y with round ticks; return the scale."""
    scale = _roomy(Scale.of(values, may_log))
    ticks = _enough_ticks(scale, about)
    labels = tick_labels(ticks, scale.log)
    if which == "x":
        made.set_xscale("log" if scale.log else "linear")
        made.set_xlim(scale.low, scale.high)
        made.set_xticks(ticks, labels)
    else:
        made.set_yscale("log" if scale.log else "linear")
        made.set_ylim(scale.low, scale.high)
        made.set_yticks(ticks, labels)
    made.minorticks_off()
    return scale


def _enough_ticks(scale: Scale, about: int) -> list[float]:
    """Return about so many ticks, but four at least where the axis is linear."""
    finer = (scale.ticks(number) for number in (about, about + 2, 2 * about))
    return next((ticks for ticks in finer if len(ticks) >= 4 or scale.log), scale.ticks(about))


def tick_labels(ticks: Sequence[float], log: bool) -> list[str]:
    """Return labels with the same number of decimals, unless the axis is logarithmic."""
    plain = [f"{tick:.6g}" for tick in ticks]
    if log or any("e" in label for label in plain):
        return plain
    decimals = max(len(label.partition(".")[2]) for label in plain)
    return [f"{tick + 0.0:.{decimals}f}" for tick in ticks]


def _roomy(scale: Scale) -> Scale:
    """Leave four percent free at both ends, so that no marker is cut."""
    if scale.log:
        room = (scale.high / scale.low) ** 0.04
        return Scale(scale.low / room, scale.high * room, True)
    room = 0.04 * (scale.high - scale.low)
    return Scale(scale.low - room, scale.high + room, False)


@contextmanager
def drawn(drawing: Drawing) -> Iterator[Figure]:
    """Draw under this module's settings, whatever the user's own are."""
    with mpl.rc_context(), warnings.catch_warnings():
        # A name in a script that the font lacks: the reader's own fonts show it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield drawing.draw()


def png(drawing: Drawing) -> bytes:
    """Return the figure as PNG at twice its pixels."""
    with drawn(drawing) as figure:
        raw = io.BytesIO()
        figure.savefig(raw, format="png", dpi=2 * PIXELS, metadata={"Software": None})
    return raw.getvalue()


def svg(drawing: Drawing) -> str:
    """Return the figure as an SVG file that stands alone, with title and description."""
    with drawn(drawing) as figure:
        raw = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(raw, format="svg", metadata=nothing)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", raw.getvalue(), flags=re.DOTALL)
    text = re.sub(r"<!DOCTYPE[^>]*>\s*", "", text)
    return re.sub(r"(<svg\b[^>]*)>", lambda head: head[1] + _said(drawing, ""), text, count=1)


def inline_svg(drawing: Drawing, prefix: str) -> str:
    """Return the figure to stand within a page: ids under `prefix`, colours as CSS variables."""
    text = svg(drawing)
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)[0]
    content = text[text.index("</desc>") + len("</desc>") : text.rindex("</svg>")]
    content = re.sub(r"<style.*?</style>", "", content, flags=re.DOTALL)
    # Tags only: text may be a name that looks like one of these attributes.
    content = re.sub(r"<[^>]*>", lambda tag: _inlined(tag[0], prefix), content)
    pixels = round(float(width) * PIXELS / 72)
    head = f'<svg viewBox="0 0 {width} {height}" width="{pixels}"'
    return f"{head}{_said(drawing, prefix)}{content.strip()}</svg>"


def _inlined(tag: str, prefix: str) -> str:
    tag = re.sub(r'\bid="', f'id="{prefix}', tag)
    tag = re.sub(r'\b(?:xlink:)?href="#', f'href="#{prefix}', tag)
    tag = tag.replace("url(#", f"url(#{prefix}").replace("'DejaVu Sans'", "var(--font)")
    return themed(tag)


def _said(drawing: Drawing, prefix: str) -> str:
    """Return the rest of an SVG's head, and what it says to those who cannot see it."""
    title, description = f"{prefix}title", f"{prefix}desc"
    return (
        f' role="img" aria-labelledby="{title} {description}">'
        f'<title id="{title}">{html_text(drawing.title)}</title>'
        f'<desc id="{description}">{html_text(drawing.description)}</desc>'
    )
