"""Tasks whose worker was lost, or that failed, are tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from overfit_cli.executors.executor import Executor, Finished, Result, Task, Watch, unwatched

# A task is tried again at most twice.
ATTEMPTS = 3


def persistently(
    executor: Executor,
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    parts: Callable[[Task], list[Task]],
    watch: Watch = unwatched,
) -> Iterator[Finished]:
    """Yield tasks as they finish, with an error only where the last attempt ended with one.

    parts: what is tried again in a task's place, so that a bad part takes no other along.
    """
    for attempt in range(1, ATTEMPTS + 1):
        again: list[Task] = []
        for finished in executor.run(work, tasks, watch):
            if finished.error is not None and attempt < ATTEMPTS:
                again += parts(finished.task)
            else:
                yield finished
        tasks = again
