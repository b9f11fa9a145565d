"""Training an estimator by the engine, from the start or going on from where it was left."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

from threadpoolctl import threadpool_limits

from overfit_cli.core.descent import Descent
from overfit_cli.core.engine import Outcome, Records, Stepper, train
from overfit_cli.core.layout import Array
from overfit_cli.core.replicas import Replicas
from overfit_cli.data.dataset import Prepared
from overfit_cli.errors import UsageError
from overfit_cli.experiment.results import run_results
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.train import stepper_of
from overfit_cli.records import Axis, EpochRecord, RunResult


@dataclass(frozen=True)
class Left:
    """Where a descent was left: replicas with their optimizer's state and random streams."""

    replicas: Replicas
    epochs: int


class Continued:
    """A descent whose optimizer, random streams and count of epochs go on from an earlier one."""

    axis: Axis = "epoch"
    warmup = 0

    def __init__(self, descent: Descent, before: Left | None):
        self.descent, self.before = descent, before
        self.left: Left | None = None

    def init(self, replicas: Replicas) -> None:
        """Make the optimizer's state, or take what is there of it."""
        if self.before is None:
            self.descent.init(replicas)
            return
        fresh = self.descent.optimizer.init(replicas.parameters)
        replicas.state = {name: replicas.state.get(name, new) for name, new in fresh.items()}

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Train one epoch, and remember where it ended."""
        epoch += 0 if self.before is None else self.before.epochs
        loss = self.descent.advance(replicas, epoch)
        # shallow: the engine gives replicas new arrays when some of them leave
        self.left = Left(copy.copy(replicas), epoch)
        return loss

    def noise_variance(self, replicas: Replicas) -> None:
        """See Descent.noise_variance."""


def trained(
    spec: RunSpec, data: Prepared, before: Left | None = None, epochs: int | None = None
) -> tuple[RunResult, Left | None]:
    """Train a spec on these data; return its record and, of a descent, where it was left.

    before: go on from there. epochs: instead of the spec's.

    Raises:
        UsageError: early stopping without validation rows; a method that cannot go on, with
            `before`.
    """
    stack = Stack((spec,), (data,))
    goes_on = _descends(spec) and stack.hooks.stop is None
    if before is not None and not goes_on:
        raise UsageError(f"'{spec.method}' has an end of its own: it cannot go on with warm_start.")
    stack.check()
    with threadpool_limits(spec.threads, "blas"):
        started = time.perf_counter()
        replicas = stack.replicas() if before is None else _resumed(stack, before)
        stepper, planned = stepper_of(stack, replicas.rows.shape[1])
        if goes_on and isinstance(stepper, Descent):
            stepper = Continued(stepper, before)
        outcome, curve = _driven(stack, replicas, stepper, epochs or planned)
        seconds = time.perf_counter() - started
        (result,) = run_results(stack, outcome, [curve], seconds)
    return result, stepper.left if isinstance(stepper, Continued) else None


def _descends(spec: RunSpec) -> bool:
    """Whether minibatch descent is all there is: no sampler, nothing done along the way."""
    inference = spec.inference
    return inference is None or (inference.stepper is None and inference.around is None)


def _resumed(stack: Stack, before: Left) -> Replicas:
    """Return the replicas that were left, on new rows and with hyperparameters as they are now."""
    now = stack.replicas()
    return replace(
        before.replicas,
        hyper=now.hyper,
        rows=now.rows,
        parameters=before.replicas.parameters.astype(now.parameters.dtype),
    )


def _driven(
    stack: Stack, replicas: Replicas, stepper: Stepper, epochs: int
) -> tuple[Outcome, list[EpochRecord]]:
    curve: list[EpochRecord] = []
    steps: Generator[tuple[int, Records], None, Outcome] = train(
        replicas, stack.hooks, stepper, stack.evaluator(), epochs, stack.spec.eval_every
    )
    while True:
        try:
            _, records = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome, curve
        curve += [record for _, record in records]
