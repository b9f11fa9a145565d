"""What one worker is handed: runs that train as one stack, and what it does with them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from overfit_cli.data.dataset import Prepared
from overfit_cli.errors import DataError
from overfit_cli.executors.alive import alive
from overfit_cli.executors.executor import Finished
from overfit_cli.experiment.loading import Loader
from overfit_cli.experiment.results import failed_result
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import alike
from overfit_cli.experiment.stacks import most_runs, stacks_of
from overfit_cli.experiment.train import train
from overfit_cli.records import RunResult
from overfit_cli.store.record import MODEL_BYTES

# Runs looked at together for stacks: a plan may have millions.
WINDOW = 1000

# Prepared data that a worker keeps for its next task.
KEPT_BYTES = 2**28

# One per process, so that the tasks of a worker share their data.
LOADER = Loader(KEPT_BYTES)


@dataclass(frozen=True)
class Task:
    """Runs that can share a stack."""

    specs: tuple[RunSpec, ...]
    keep_models: bool = False

    def single(self) -> list[Task]:
        """Return one task per run, so that a bad one takes no other along."""
        return [replace(self, specs=(spec,)) for spec in self.specs]


def tasks_of(
    specs: Iterable[RunSpec],
    workers: int,
    keep_models: bool,
    prepared: Callable[[RunSpec], Prepared] = LOADER.prepared,
) -> Iterator[Task]:
    """Yield tasks that hold every run once: stacks of a good width, and enough for all workers.

    prepared: the data of a run.

    Raises:
        UsageError, DataError: data that cannot be had, or that the method cannot use.
    """
    remaining = iter(specs)
    while window := list(itertools.islice(remaining, WINDOW)):
        groups: dict[Hashable, list[RunSpec]] = {}
        for spec in window:
            groups.setdefault((spec.data, alike(spec)), []).append(spec)
        for group in groups.values():
            width = min(most_runs(group[0], prepared(group[0])), -(-len(group) // workers))
            for start in range(0, len(group), width):
                yield Task(tuple(group[start : start + width]), keep_models)


def work(task: Task) -> list[RunResult]:
    """Train the runs of a task; return one result each, in order.

    Raises:
        DataError: the data are not those that were planned with.
    """
    data = [LOADER.prepared(spec) for spec in task.specs]
    for spec in task.specs:
        if LOADER.known(spec).run_id != spec.run_id:
            raise DataError(f"{spec.data.dataset}: the data changed after the batch was planned.")
    results: dict[str, RunResult] = {}
    for stack in stacks_of(task.specs, data):
        steps = train(stack.specs, stack.data)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                results |= {result.run_id: result for result in end.value}
                break
            done = len(results) + len(stack.specs) * step.epoch / step.epochs
            alive(done / len(task.specs))
    return [_light(results[spec.run_id], task.keep_models) for spec in task.specs]


def results_of(finished: Finished) -> list[RunResult]:
    """Return one result per run of a task that `work` has finished, or will never finish."""
    if finished.error is None:
        results: list[RunResult] = finished.result
        return results
    return [failed_result(spec, finished.error) for spec in finished.task.specs]


def runs_underway(tasks: Iterable[tuple[Task, float]]) -> float:
    """Return how many runs' worth of work is done in tasks of which these shares are done."""
    return sum(len(task.specs) * share for task, share in tasks)


def _light(result: RunResult, keep_model: bool) -> RunResult:
    """Leave out a model that will not be stored: it need not travel."""
    model = result.model
    if keep_model or model is None or model.parameters.nbytes < MODEL_BYTES:
        return result
    return replace(result, model=None)
