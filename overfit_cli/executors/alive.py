"""A task's sign of life: where a limit is set, the system ends a process that gives none.

The limit is an interval timer, whose signal, SIGALRM, is left to its default: the kernel ends the
process. So it also works in a loop in C that never gives Python a turn. Seconds in which the
whole machine sleeps do not count.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_limit = 0.0


def alive() -> None:
    """Tell that the task in work makes progress: call it at every epoch or draw (below 1 µs).

    Does nothing where no limit is set: in serial work and on a cluster.
    """
    if _limit:
        signal.setitimer(signal.ITIMER_REAL, _limit)


def limit_silence(seconds: float) -> None:
    """Set after how many seconds without a sign of life this process is to end."""
    global _limit
    _limit = seconds


@contextmanager
def watched() -> Iterator[None]:
    """Hold the limit against the work inside, and only against that."""
    alive()
    try:
        yield
    finally:
        if _limit:
            signal.setitimer(signal.ITIMER_REAL, 0)
