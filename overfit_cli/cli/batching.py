"""What `batch` does: plan, execute, store, and say how it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from overfit_cli.batch.batch import LISTED, Batch, Tally
from overfit_cli.batch.estimate import Estimate, estimate
from overfit_cli.batch.workers import planned, workers_for
from overfit_cli.cli.asking import not_a_table, parsed, typed
from overfit_cli.cli.batch import BUILT_IN
from overfit_cli.cli.console import counter, say, show, write
from overfit_cli.cli.places import store_exists, store_path
from overfit_cli.errors import Interrupted, RunsFailed, UsageError
from overfit_cli.executors import available_cores, executor_of
from overfit_cli.executors.executor import Executor
from overfit_cli.experiment.config import Config, name_after, read_batch
from overfit_cli.experiment.plan import Plan, Shard
from overfit_cli.report.batch_page import (
    BatchEnd,
    BatchSubject,
    batch_end,
    batch_json,
    batch_line,
    batch_plan,
)
from overfit_cli.report.escape import shell
from overfit_cli.store import Store, held
from overfit_cli.words import plural


@dataclass(frozen=True)
class BatchRequest:
    """What the user asked of `batch`: `given` holds the options typed, by config key.

    config: None for the built-in one.
    """

    given: dict[str, Any]
    config: str | None
    name: str | None
    plan: bool
    executor: str | None
    workers: int | None
    scheduler: str | None
    stall: float
    retry_failed: bool
    shard: str | None
    yes: bool
    save_model: bool
    store: str | None
    json: bool


def run_batch(request: BatchRequest) -> None:
    """Carry out `overfit batch`.

    Raises:
        UsageError, DataError: before anything is written.
        RunsFailed: if some run failed or diverged; all are stored.
        Interrupted: what has finished is stored.
    """
    given = {key: parsed(key, value) for key, value in request.given.items()}
    batch = Batch(
        Plan(_config(request, given)),
        Shard(*map(int, (request.shard or "1/1").split("/"))),
        request.retry_failed,
        request.save_model,
    )
    notes = batch.check()
    if request.plan:
        _show_plan(request, batch)
        return
    if len(batch.plan) > LISTED and not request.yes:
        raise UsageError(
            f"{len(batch.plan):,} runs are more than {LISTED:,}: look at them with --plan, "
            "and say --yes if they are meant."
        )
    _execute(request, batch, notes)


def _config(request: BatchRequest, given: Mapping[str, Any]) -> Config:
    """Return the config; the built-in one is named after the data, or all would be one batch."""
    name = request.name
    if request.config is None and name is None:
        name = name_after(BUILT_IN, given)
    return read_batch(not_a_table(request.config or BUILT_IN), given, name)


def _show_plan(request: BatchRequest, batch: Batch) -> None:
    stored = _stored(batch, store_path(request.store))
    whole = estimate(batch.plan)
    share = max(0.0, 1 - stored / max(1, _size(batch))) / batch.shard.count
    name, workers, _ = _place(request, batch)
    cost = Estimate(whole.seconds * share / workers, whole.bytes * share)
    subject = _subject(batch, stored, name, workers)
    if request.json:
        write(batch_json(subject, seconds=cost.seconds, size_bytes=cost.bytes))
    else:
        show(batch_plan(subject, cost.seconds, cost.bytes))


def _size(batch: Batch) -> int:
    return -(-len(batch.plan) // batch.shard.count)


def _stored(batch: Batch, path: str) -> int:
    """Return how many runs need not be trained; of a huge plan, those stored under its name."""
    if not store_exists(path):
        return 0
    listed = len(batch.plan) <= LISTED
    with Store.open(path, "read") as store:
        statuses = store.statuses(None if listed else batch.plan.name)
    over = {run_id for run_id, status in statuses.items() if batch.is_over(status)}
    if not listed:
        return sum(run_id in batch.shard for run_id in over)
    return sum(run_id in over for run_id, _ in batch.runs())


def _place(request: BatchRequest, batch: Batch) -> tuple[str, int, Executor]:
    """Return the executor's name, how many processes it is to use (a cluster: 1), and itself.

    Raises:
        UsageError: see executors.executor_of.
    """
    workers, name = request.workers, request.executor or ("dask" if request.scheduler else "")
    if not name:
        workers = workers or workers_for(planned(batch.plan)) or None
        name = "processes" if workers else "serial"
    elif name == "processes":
        workers = workers or available_cores()
    return (
        name,
        workers or 1,
        executor_of(name, workers, request.scheduler, request.stall, silent=True),
    )


def _execute(request: BatchRequest, batch: Batch, notes: list[str]) -> None:
    name, workers, chosen = _place(request, batch)
    started, seen = time.perf_counter(), Tally(0)
    with Store.open(store_path(request.store)) as store, _held(store, batch):
        if not request.json:
            show(batch_line(_subject(batch, None, name, workers)))
        for note in notes:
            say(f"note: {note}")
        try:
            with counter() as count, chosen as executor:
                tell = partial(_tell, count)
                for seen in _tallies(batch, store, executor, tell):
                    tell(seen)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted: {_progress(seen, store)}. To go on, the same command again:\n"
                + shell(["overfit", "batch", *typed()])
            ) from None
        _tell_others(store, batch, seen)
    end = BatchEnd(
        seen.stored,
        seen.done,
        seen.diverged,
        seen.failed,
        seen.reasons,
        seen.stored_diverged,
        seen.stored_failed,
    )
    seconds = time.perf_counter() - started
    if request.json:
        write(batch_json(_subject(batch, seen.stored, name, workers), seconds=seconds, end=end))
    else:
        shards = batch.shard.count
        show(batch_end(batch.plan.name, end, seconds, request.store, shards))
    failed, diverged = seen.failed + seen.stored_failed, seen.diverged + seen.stored_diverged
    if failed or diverged:
        again = " --retry-failed trains those that failed again." if failed else ""
        raise RunsFailed(
            f"of {seen.total} runs {failed} failed and {diverged} diverged; all are stored.{again}"
        )


def _tell(count: Callable[[float, int, str, int], None], tally: Tally) -> None:
    over = tally.total - tally.left + tally.underway
    count(over, tally.total, _words(tally), tally.stored)


def _tell_others(store: Store, batch: Batch, seen: Tally) -> None:
    """Say that the name holds runs that this command does not ask for: they compete as well."""
    name, others = batch.plan.name, len(store.members(batch.plan.name)) - seen.total
    if others > 0 and batch.shard.count == 1:
        say(
            f"note: batch '{name}' holds {plural(others, 'run')} more than this command asks for, "
            "and compare counts all. Another --name keeps them apart."
        )


def _tallies(
    batch: Batch, store: Store, executor: Executor, watch: Callable[[Tally], None]
) -> Iterator[Tally]:
    """Yield what `execute` does; its first tally knows how many runs there are to be."""
    tallies = batch.execute(store, executor, watch)
    first = next(tallies)
    planned = first.total if batch.shard.count == 1 else len(batch.plan)
    store.save_select(batch.plan.name, batch.plan.config.select, planned)
    yield first
    yield from tallies


def _held(store: Store, batch: Batch) -> AbstractContextManager[None]:
    """Keep a second process from training the same runs of this store at the same time."""
    config, shard = batch.plan.config, batch.shard
    what = f"batch '{config.name}'" + (f", shard {shard.number}/{shard.count}" * (shard.count > 1))
    return held(store.path, f"{config!r} {shard.number}/{shard.count}", what)


def _progress(tally: Tally, store: Store) -> str:
    if not tally.total:
        return "nothing was begun"
    over = tally.total - tally.left
    if tally.saving is not None:
        run_id, before = tally.saving
        over = before + (run_id in store.statuses())
    return f"{over} of {tally.total} runs are stored"


def _words(tally: Tally) -> str:
    return f"{tally.done} done, {tally.failed + tally.diverged} failed, {tally.left} left"


def _subject(batch: Batch, stored: int | None, name: str, workers: int) -> BatchSubject:
    config = batch.plan.config
    return BatchSubject(
        name=config.name,
        datasets=batch.plan.datasets(),
        methods=batch.plan.methods(),
        total=_size(batch),
        stored=stored,
        executor=name,
        workers=workers,
        shard=(batch.shard.number, batch.shard.count),
    )
