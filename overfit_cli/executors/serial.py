"""One task after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from overfit_cli.executors.attempt import attempt
from overfit_cli.executors.executor import Finished, Result, Task, Watch, unwatched


class Serial:
    """Runs tasks here: nothing to start, but a task that crashes or hangs takes all with it."""

    workers = 1

    def __enter__(self) -> Serial:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to stop."""

    def run(
        self, work: Callable[[Task], Result], tasks: Iterable[Task], watch: Watch = unwatched
    ) -> Iterator[Finished]:
        """Yield each task as it finishes, in the order given; the next is taken only then."""
        del watch
        for task in tasks:
            yield Finished(task, *attempt(work, task))
