"""A task's sign of life, and how far it is.

Where a limit is set, the system ends a process that gives no sign.

The limit is an interval timer, whose signal, SIGALRM, is left to its default: the kernel ends the
process. So it also works in a loop in C that never gives Python a turn. Seconds in which the
whole machine sleeps do not count.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_limit = 0.0
_tell: Callable[[float], None] | None = None


def alive(done: float = 0.0) -> None:
    """Tell that the task in work makes progress: call it at every epoch or draw (below 1 µs).

    done: how much of the task, from 0 to 1; 0 if that is not known. Does nothing where nobody
    asks: in serial work and on a cluster.
    """
    if _limit:
        signal.setitimer(signal.ITIMER_REAL, _limit)
    if _tell is not None:
        _tell(done)


def limit_silence(seconds: float) -> None:
    """Set after how many seconds without a sign of life this process is to end."""
    global _limit
    _limit = seconds


def tell_progress(tell: Callable[[float], None]) -> None:
    """Set whom this process is to tell how much of its task is done."""
    global _tell
    _tell = tell


@contextmanager
def watched() -> Iterator[None]:
    """Hold the limit against the work inside, and only against that."""
    alive()
    try:
        yield
    finally:
        if _limit:
            signal.setitimer(signal.ITIMER_REAL, 0)
