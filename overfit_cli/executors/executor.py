"""What carries out a batch's tasks: the one interface all executors have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

Task = Any
Result = Any


@dataclass(frozen=True)
class Finished:
    """One task and its result, or the reason why there is none (a sentence for the user).

    error is set where the worker raised, was killed, crashed, hung or ran out of memory.
    """

    task: Task
    result: Result = None
    error: str | None = None


# Told the tasks in work and how much of each is done, from 0 to 1.
Watch = Callable[[Sequence[tuple[Task, float]]], None]


def unwatched(underway: Sequence[tuple[Task, float]]) -> None:
    """Let tasks go on unseen."""
    del underway


class Executor(AbstractContextManager["Executor"], Protocol):
    """Runs a picklable function on tasks, in any order, each once; never retries by itself.

    A task is taken from the iterable only when a worker is about to be free (two or so wait for
    each worker at most): a plan of a million runs is never held in memory. Leaving the context
    stops every worker at once, finished or not, within two seconds.
    """

    @property
    def workers(self) -> int:
        """How many tasks run at the same time."""

    def run(
        self, work: Callable[[Task], Result], tasks: Iterable[Task], watch: Watch = unwatched
    ) -> Iterator[Finished]:
        """Yield tasks as they finish, each exactly once.

        `watch` is called about once a second while none does, where the executor knows how far
        they are: tasks in processes of this machine that say so (see `alive`).
        """
