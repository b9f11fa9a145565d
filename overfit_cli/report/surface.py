"""What a report is drawn on: how wide it is and which characters it can show."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from overfit_cli.report.escape import visible

ASCII_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


@dataclass(frozen=True)
class Surface:
    """A width in cells and an encoding; only a UTF one gets more than ASCII marks."""

    width: int
    encoding: str = "utf-8"

    @property
    def unicode(self) -> bool:
        """Whether block, braille and line characters can be shown."""
        return self.encoding.lower().startswith("utf")

    @property
    def sparks(self) -> str:
        """Eight levels of a sparkline, lowest first."""
        return "▁▂▃▄▅▆▇█" if self.unicode else "_.:-=+*#"

    @property
    def plus_minus(self) -> str:
        """What stands between a mean and its standard deviation."""
        return "±" if self.unicode else "+/-"

    @property
    def box(self) -> box.Box:
        """One rule under the header, nothing else."""
        return box.SIMPLE_HEAD if self.unicode else ASCII_HEAD

    def text(self, value: str, style: str = "") -> Text:
        """Return `value` as harmless text that this surface can show."""
        return Text(visible(value, self.encoding), style=style)

    def lines(self, values: Iterable[str]) -> Text:
        """Return `values` one below the other."""
        return Text("\n").join(self.text(value) for value in values)


def plain_text(renderable: RenderableType, width: int, encoding: str = "utf-8") -> str:
    """Return what a terminal so wide would show, without colours and trailing blanks."""
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, newline="\n") as file:
        Console(file=file, width=width, color_system=None, legacy_windows=False).print(renderable)
        file.flush()
        drawn = raw.getvalue().decode(encoding)
    return "".join(f"{line.rstrip()}\n" for line in drawn.split("\n")[:-1])


@dataclass(frozen=True)
class Fitted:
    """A renderable that is drawn once its surface is known."""

    draw: Callable[[Surface], RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw for the console at hand."""
        yield self.draw(Surface(options.max_width, options.encoding))
