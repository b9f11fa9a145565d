"""(specs, data) -> RunResults: the only such function."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from overfit_cli.bayes import Problem
from overfit_cli.core.descent import Descent
from overfit_cli.core.engine import Outcome, Stepper, result_of
from overfit_cli.core.engine import train as train_replicas
from overfit_cli.core.schedules import schedule
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.results import run_results
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.work import stack_for_training
from overfit_cli.records import EpochRecord, RunResult


@dataclass(frozen=True)
class Progress:
    """How far a stack is: epoch (or draw) of epochs, and the records since the last one."""

    epoch: int
    epochs: int
    records: Sequence[tuple[int, EpochRecord]]


def train(
    specs: Sequence[RunSpec], data: Sequence[Prepared]
) -> Generator[Progress, None, list[RunResult]]:
    """Train runs that share a stack (see stack.stack_key), each on its own prepared data.

    Yields progress; returns one result per spec, in order. BLAS uses specs[0].threads threads.

    Raises:
        UsageError: a remedy that these data cannot have (early stopping without validation rows).
    """
    stack = stack_for_training(specs, data)
    stack.check()
    with threadpool_limits(stack.spec.threads, "blas"):
        started = time.perf_counter()
        curves: list[list[EpochRecord]] = [[] for _ in specs]
        outcome = yield from _run(stack, curves)
        seconds = (time.perf_counter() - started) / len(specs)
        return run_results(stack, outcome, curves, seconds)


def _run(stack: Stack, curves: list[list[EpochRecord]]) -> Generator[Progress, None, Outcome]:
    replicas, evaluator = stack.replicas(), stack.evaluator()
    stepper, epochs = stepper_of(stack, replicas.rows.shape[1])
    steps = train_replicas(replicas, stack.hooks, stepper, evaluator, epochs, stack.spec.eval_every)
    while True:
        try:
            epoch, records = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        for run, record in records:
            curves[run].append(record)
        yield Progress(epoch, epochs, records)


def stepper_of(stack: Stack, n_rows: int) -> tuple[Stepper, int]:
    """Return what trains n_rows rows per replica, and for how many epochs (draws and warm-up)."""
    spec, inference = stack.spec, stack.spec.inference
    data = stack.training_data()
    problem = Problem(stack.network, data, n_rows, min(spec.batch_size, n_rows))
    if inference is not None and inference.stepper is not None and inference.epochs is not None:
        settings: dict[str, Any] = spec.remedies["bayes"]
        return inference.stepper(problem, settings), inference.epochs(settings)
    descent = Descent(
        stack.network,
        stack.hooks,
        data,
        stack.kernels.optimizers[spec.optimizer],
        schedule(spec.lr_schedule),
        min(spec.batch_size, n_rows),
        spec.epochs,
    )
    if inference is not None and inference.around is not None:
        course = inference.around(descent, problem, spec.remedies["bayes"])
        return course, course.epochs
    return descent, spec.epochs


def finish(steps: Generator[Progress, None, list[RunResult]]) -> list[RunResult]:
    """Run `train` to its end, without watching."""
    return result_of(steps)
