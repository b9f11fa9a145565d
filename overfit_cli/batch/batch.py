"""Carrying out a batch: train what is not stored yet, store each run as it comes back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from overfit_cli.batch.tasks import LOADER, Task, results_of, runs_underway, tasks_of, work
from overfit_cli.executors.executor import Executor, Finished
from overfit_cli.executors.retry import persistently
from overfit_cli.experiment.plan import Plan, Shard, known
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack
from overfit_cli.store import Store

# Up to here a plan is looked through before it begins; a larger one as it goes.
LISTED = 10_000


@dataclass
class Tally:
    """How far a batch is, in runs. total is an upper bound until `stored` has been counted.

    stored: before this batch, those among them that diverged or failed then included. underway:
    work done on runs that have not ended, as far as workers tell. saving: the run that is being
    stored, and how many were over before it: an interrupt may come between disk and count.
    """

    total: int
    stored: int = 0
    stored_diverged: int = 0
    stored_failed: int = 0
    done: int = 0
    diverged: int = 0
    failed: int = 0
    underway: float = 0.0
    saving: tuple[str, int] | None = None
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Runs that are neither stored nor failed."""
        return self.total - self.stored - self.done - self.diverged - self.failed


@dataclass(frozen=True)
class Batch:
    """What to do: the plan, or one shard of it.

    retry_failed: train runs again that failed earlier; those that diverged would do so again.
    """

    plan: Plan
    shard: Shard = field(default_factory=Shard)
    retry_failed: bool = False
    keep_models: bool = False

    def check(self) -> list[str]:
        """Check that every value of every axis can be trained; return what to tell of the data.

        Looks at the first seed's data only.

        Raises:
            UsageError, DataError: see Plan.check, data.load, data.prepare and Stack.check.
        """
        self.plan.check()
        notes: dict[str, None] = {}
        for spec in self.plan.each_value():
            data = LOADER.prepared(spec)
            Stack((spec,), (data,)).check()
            notes |= dict.fromkeys(data.notes)
        return list(notes)

    def runs(self) -> Iterator[tuple[str, RunSpec]]:
        """Yield (run id, spec) of every run of this shard, each once."""
        return (pair for pair in known(self.plan, LOADER) if pair[0] in self.shard)

    def is_over(self, status: str | None) -> bool:
        """Tell whether a run of this stored status need not be trained (again)."""
        return status in ("done", "diverged") or (status == "failed" and not self.retry_failed)

    def execute(
        self, store: Store, executor: Executor, watch: Callable[[Tally], None] = lambda _: None
    ) -> Iterator[Tally]:
        """Train and store every run that is left; yield the tally before and after each change.

        It is one object, and `watch` is told it about once a second while no run ends.

        Raises:
            UsageError, DataError: data of a later seed that the method cannot use.
            StoreError: the disk refused; what was stored before stays.
        """
        tally = Tally(len(self.plan) // self.shard.count)
        left: Iterable[RunSpec] = self._left(self.runs(), store.statuses(), store, tally)
        if len(self.plan) <= LISTED:
            left = list(left)
            tally.total = tally.stored + len(left)
        yield tally

        def look(underway: Sequence[tuple[Task, float]]) -> None:
            tally.underway = runs_underway(underway)
            watch(tally)

        tasks = tasks_of(left, executor.workers, self.keep_models)
        for finished in persistently(executor, work, tasks, Task.single, look):
            self._keep(finished, store, tally)
            yield tally
        yield tally

    def _left(
        self,
        runs: Iterable[tuple[str, RunSpec]],
        statuses: dict[str, str],
        store: Store,
        tally: Tally,
    ) -> Iterator[RunSpec]:
        """Yield what is to be trained; make what is stored a member of this batch."""
        for window in _windows(runs):
            over = [run_id for run_id, _ in window if self.is_over(statuses.get(run_id))]
            store.tag(self.plan.name, over)
            tally.stored += len(over)
            tally.stored_diverged += sum(statuses[run_id] == "diverged" for run_id in over)
            tally.stored_failed += sum(statuses[run_id] == "failed" for run_id in over)
            members = set(over)
            yield from (spec for run_id, spec in window if run_id not in members)

    def _keep(self, finished: Finished, store: Store, tally: Tally) -> None:
        tally.underway = 0.0  # until the next look
        for result in results_of(finished):
            tally.saving = result.run_id, tally.total - tally.left
            store.save(result, batch=self.plan.name, keep_model=self.keep_models)
            setattr(tally, result.status, getattr(tally, result.status) + 1)
            tally.saving = None
            if finished.error is not None:
                tally.reasons[result.run_id] = finished.error


def _windows(
    runs: Iterable[tuple[str, RunSpec]], size: int = 1000
) -> Iterator[list[tuple[str, RunSpec]]]:
    remaining = iter(runs)
    while window := list(itertools.islice(remaining, size)):
        yield window
