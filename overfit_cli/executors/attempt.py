"""One task carried out, whatever comes of it: what every executor does where the work is done."""

from __future__ import annotations

from collections.abc import Callable

from overfit_cli.errors import OverfitError
from overfit_cli.executors.executor import Result, Task

Outcome = tuple[Result, str | None]


def attempt(work: Callable[[Task], Result], task: Task) -> Outcome:
    """Return the result of `work(task)` and None, or None and the reason why there is none.

    Not even `sys.exit` in a task ends the batch; only KeyboardInterrupt passes through.
    """
    try:
        return work(task), None
    except (Exception, SystemExit) as error:
        return None, reason(error)


def reason(error: BaseException) -> str:
    """Say in one line what went wrong: our own errors in their words, others with their type."""
    if isinstance(error, MemoryError):
        return "out of memory"
    message = " ".join(str(error).split())
    if isinstance(error, OverfitError):
        return message
    return f"{type(error).__name__}: {message}".removesuffix(": ")
