"""The only owner of stdout and stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress, TaskID

# Off a terminal nothing is wrapped: tables take what they need of this.
WIDE = 1000


def _console(error: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(stderr=error, width=width, highlight=False, emoji=False, markup=False)


def show(*renderables: RenderableType) -> None:
    """Print results on stdout."""
    _console(error=False).print(*renderables, sep="\n")


def write(text: str) -> None:
    """Write machine-readable text on stdout, as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def say(message: str, style: str = "") -> None:
    """Print a message for the user on stderr, harmless whatever it quotes.

    A terminal gets it wrapped at words, except for a line that is a command to paste.
    """
    from rich.text import Text

    from overfit_cli.report.escape import visible

    if sys.stderr is None:  # it was closed before we started
        return
    console = _console(error=True)
    with suppress(OSError):  # a full disk under stderr hides words, not what the exit code says
        for line in message.splitlines():
            text = Text(visible(line, sys.stderr.encoding or "utf-8"), style=style)
            whole = not sys.stderr.isatty() or line.startswith("overfit ")
            console.print(text, soft_wrap=whole)


@contextmanager
def progress(how_far: str = "{task.completed}/{task.total}") -> Iterator[Progress | None]:
    """Yield a progress bar with an ETA on stderr, or None where there is no terminal.

    how_far: what it says beside the bar, in Rich's words.
    """
    console = _console(error=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(how_far),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield bar


# Off a terminal a long batch says how far it is: soon for the first time, but not at every run.
FIRST_SECONDS, LINE_SECONDS = 10.0, 60.0


@contextmanager
def counter() -> Iterator[Callable[[float, int, str, int], None]]:
    """Yield what shows progress over many runs on stderr: (over, total, words, over before).

    over: whole runs and parts of those underway; it is never shown to go back. A bar with an ETA
    on a terminal; elsewhere a line with an estimate of what is left, about once a minute, and
    none for what takes a few seconds.
    """
    with progress("{task.percentage:.0f}%") as bar:
        task: list[TaskID] = []
        started = time.monotonic()
        due = [started + FIRST_SECONDS]
        furthest = 0.0

        def count(over: float, total: int, words: str, before: int) -> None:
            nonlocal furthest
            over = furthest = max(over, furthest)
            if bar is not None:
                if not task:
                    task.append(bar.add_task("", total=total - before))
                bar.update(
                    task[0], description=words, total=total - before, completed=over - before
                )
            elif before < over < total and (now := time.monotonic()) >= due[0]:
                due[0] = now + LINE_SECONDS
                say(f"{words}, {_about((now - started) * (total - over) / (over - before))}")

        yield count


def _about(seconds: float) -> str:
    """Return `about 6 min`, `about 2 h 5 min`: an estimate deserves no seconds."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"about {minutes} min" if minutes else "less than a minute"
    return f"about {hours:,} h" + (f" {minutes} min" if minutes else "")
