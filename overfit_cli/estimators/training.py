"""Training an estimator by the engine, from the start or going on from where it was left."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from overfit_cli.core.descent import Descent
from overfit_cli.core.engine import Outcome, Records, Stepper, train
from overfit_cli.core.layout import Array
from overfit_cli.core.replicas import Replicas
from overfit_cli.data.dataset import Prepared
from overfit_cli.errors import UsageError
from overfit_cli.estimators.threads import blas_threads
from overfit_cli.experiment.results import run_results
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.train import stepper_of
from overfit_cli.experiment.work import stack_for_training
from overfit_cli.records import Axis, EpochRecord, RunResult


@dataclass(frozen=True)
class Left:
    """Where a descent was left: replicas with their optimizer's state and random streams.

    replicas: without rows, which are the next training's. sizes: units per layer.
    """

    replicas: Replicas
    sizes: tuple[int, ...]
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
        there = replace(replicas, rows=np.empty((len(replicas), 0), np.intp))
        self.left = Left(there, self.descent.network.layout.sizes, epoch)
        return loss

    def noise_variance(self, replicas: Replicas) -> None:
        """See Descent.noise_variance."""


def trained(
    spec: RunSpec, data: Prepared, before: Left | None = None, epochs: int | None = None
) -> tuple[RunResult, Left | None]:
    """Train a spec on these data; return its record and, of a descent, where it was left.

    before: go on from there. epochs: instead of the spec's.

    Raises:
        UsageError: early stopping without validation rows; with `before`, a method that cannot go
            on, other layers or another number of networks.
    """
    stack = stack_for_training((spec,), (data,))
    goes_on = _descends(spec) and stack.hooks.stop is None
    if before is not None and not goes_on:
        raise UsageError(f"'{spec.method}' has an end of its own: it cannot go on with warm_start.")
    stack.check()
    with blas_threads(spec.threads):
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
    """Return copies of the replicas that were left, on new rows, hyperparameters as they are now.

    Copies, so that a training that fails leaves everything where it was.
    """
    now = stack.replicas()
    _check_alike(before, stack.network.layout.sizes, len(now))
    then = copy.deepcopy(before.replicas)
    parameters = then.parameters.astype(now.parameters.dtype)
    return replace(then, hyper=now.hyper, rows=now.rows, parameters=parameters)


def _check_alike(before: Left, sizes: tuple[int, ...], members: int) -> None:
    if sizes != before.sizes:
        raise UsageError(
            f"the network has layers of {_units(before.sizes)}, now {_units(sizes)} are asked for: "
            "warm_start and partial_fit cannot change hidden_layer_sizes, features or targets."
        )
    if members != len(before.replicas):
        raise UsageError(
            f"{len(before.replicas)} were trained together, now {members} are asked for: "
            "warm_start and partial_fit cannot change the number of networks (members)."
        )


def _units(sizes: tuple[int, ...]) -> str:
    return "-".join(map(str, sizes))


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
