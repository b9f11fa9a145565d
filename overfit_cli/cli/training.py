"""What `run` does once everything is checked: train, store, print."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from overfit_cli.batch.tasks import Task, results_of, runs_underway, tasks_of, work
from overfit_cli.batch.workers import workers_for
from overfit_cli.cli.asking import Asked, Request, typed
from overfit_cli.cli.console import counter, progress, show, write
from overfit_cli.cli.places import store_path
from overfit_cli.errors import Interrupted, RunsFailed
from overfit_cli.executors import executor_of
from overfit_cli.executors.retry import persistently
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import train
from overfit_cli.records import RunResult
from overfit_cli.report.escape import shell
from overfit_cli.report.json_text import runs_json
from overfit_cli.report.page import run_page
from overfit_cli.store import Store


def train_and_show(request: Request, asked: Asked) -> None:
    """Carry out `overfit run`.

    Raises:
        RunsFailed: if some run diverged or failed; all are stored and shown.
        Interrupted: what has finished is stored.
    """
    results = train_and_store(request, asked)
    if request.json:
        write(runs_json(results))
    else:
        path = store_path(request.store)
        show(run_page(results, typed(), request.every, request.plot, path))
    lost = [result for result in results if result.status != "done"]
    if lost:
        ends = " or ".join(dict.fromkeys(result.status for result in lost))
        reasons = dict.fromkeys(str(run.diagnostics.get("reason", "")) for run in lost)
        why = " ".join(reason for reason in reasons if reason)
        of = f"{len(lost)} of {len(results)} runs" if len(results) > 1 else "the run"
        said = f"{of} {ends}; {'all are' if len(results) > 1 else 'it is'} stored."
        raise RunsFailed(f"{said} {why}".rstrip())


def train_and_store(request: Request, asked: Asked) -> list[RunResult]:
    """Train what is asked for, storing each run as soon as it is done; return results in order."""
    with Store.open(store_path(request.store)) as store:
        results = _stored(store, asked, request.save_model) if request.resume else {}
        try:
            with closing(_trained(request, _left(asked, results))) as trained:
                for result in trained:
                    store.save(result, keep_model=request.save_model)
                    results[result.run_id] = result
        except KeyboardInterrupt:
            words = [word for word in sys.argv[1:] if word != "--resume"]
            # asked of the store: an interrupt may come between it and `results`
            stored = sum(store.has(spec.run_id) for spec in asked.specs)
            raise Interrupted(
                f"interrupted: {stored} of {len(asked.specs)} runs are stored. To go on:\n"
                + shell(["overfit", *words, "--resume"])
            ) from None
    return [results[spec.run_id] for spec in asked.specs]


def _stored(store: Store, asked: Asked, with_model: bool) -> dict[str, RunResult]:
    done = [spec.run_id for spec in asked.specs if store.has(spec.run_id)]
    results = {run_id: store.load(run_id, blobs=True) for run_id in done}
    if not with_model:
        return results
    return {run_id: result for run_id, result in results.items() if result.model is not None}


def _left(asked: Asked, results: dict[str, RunResult]) -> Asked:
    pairs = zip(asked.specs, asked.data, strict=True)
    left = [(spec, data) for spec, data in pairs if spec.run_id not in results]
    return Asked([spec for spec, _ in left], [data for _, data in left])


def _trained(request: Request, asked: Asked) -> Generator[RunResult, None, None]:
    """Yield results as they come: one stack after another here, or several in processes."""
    pairs = zip(asked.specs, asked.data, strict=True)
    workers = request.workers or workers_for((1, spec, data) for spec, data in pairs)
    if workers > 1 and len(asked.specs) > 1:
        yield from _side_by_side(asked, workers, request.save_model)
        return
    with progress() as bar:
        for stack in stacks_of(asked.specs, asked.data):
            yield from _train(stack, bar)


def _side_by_side(
    asked: Asked, workers: int, keep_models: bool
) -> Generator[RunResult, None, None]:
    n_runs, n_over = len(asked.specs), 0
    data = {spec.run_id: own for spec, own in zip(asked.specs, asked.data, strict=True)}
    tasks = tasks_of(asked.specs, workers, keep_models, lambda spec: data[spec.run_id])
    with (
        counter() as count,
        executor_of("processes", min(workers, n_runs), silent=True) as executor,
    ):

        def tell(underway: Sequence[tuple[Task, float]] = ()) -> None:
            count(n_over + runs_underway(underway), n_runs, f"{n_over} of {n_runs} runs", 0)

        tell()
        for finished in persistently(executor, work, tasks, Task.single, tell):
            for result in results_of(finished):
                n_over += 1
                yield result
            tell()


def _train(stack: Stack, bar: Any) -> list[RunResult]:
    task = None
    steps = train(stack.specs, stack.data)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            results: list[RunResult] = end.value
            if task is not None:
                bar.remove_task(task)
            return results
        if bar is not None and task is None:
            task = bar.add_task(stack.spec.method, total=step.epochs)
        if task is not None:
            bar.update(task, completed=step.epoch)
