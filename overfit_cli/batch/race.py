"""One method, one seed: its settings race, and the winner becomes an ordinary run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from overfit_cli.batch.halving import RUN, Ladder, halving
from overfit_cli.batch.tasks import LOADER
from overfit_cli.comparison.records import HIGHER_IS_BETTER
from overfit_cli.core.engine import Outcome
from overfit_cli.core.engine import train as train_replicas
from overfit_cli.data.dataset import Prepared
from overfit_cli.errors import DataError
from overfit_cli.executors.alive import alive
from overfit_cli.experiment.results import run_results, validation_scores
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.train import stepper_of
from overfit_cli.experiment.work import stack_for_training
from overfit_cli.records import EpochRecord, RunResult

# Validation metrics that every evaluated epoch has; rungs go by one of them.
ON_CURVES = ("nll", "error", "rmse")


@dataclass(frozen=True)
class Bracket:
    """Runs that train side by side as one stack, and when which of them leave it."""

    specs: tuple[RunSpec, ...]
    ladder: Ladder


@dataclass(frozen=True)
class Race:
    """All settings of one method for one seed; those that cannot share a stack race apart.

    select: the validation metric that chooses. settings: how many the grid has; whole: the epochs
    that all of them would take. budget: the epochs that every method may spend per seed. tried:
    the values of each option that differ among those in the race, in words.
    """

    method: str
    brackets: tuple[Bracket, ...]
    select: str
    settings: int
    whole: int
    budget: int
    tried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def specs(self) -> tuple[RunSpec, ...]:
        """All runs, bracket after bracket."""
        return tuple(spec for bracket in self.brackets for spec in bracket.specs)

    @property
    def key(self) -> str:
        """Sixteen hex digits of the SHA-256 of who races, on what ladders, and for what."""
        ids = [spec.run_id for spec in self.specs]
        told = (self.select, ids, [bracket.ladder for bracket in self.brackets])
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Ran:
    """One run at the end of its bracket: alone in its stack, with its own rows of the outcome."""

    stack: Stack
    outcome: Outcome
    curve: tuple[EpochRecord, ...]
    lost: bool
    seconds: float

    @property
    def epochs(self) -> int:
        return int(self.outcome.epochs.max())

    @property
    def diverged(self) -> bool:
        return bool(self.outcome.diverged.any())


def run_race(race: Race) -> RunResult:
    """Train a race; return the winner as `overfit batch` would have trained it.

    The winner is the finalist with the best final validation metric, the first among equals; of
    settings that all diverged, the one that lasted longest. Only its test rows are looked at.
    diagnostics: "trials", "tried", "trial_epochs" (spent), "budget_epochs", "tuning" (the key).

    Raises:
        DataError: the data are not those that were planned with.
    """
    data = LOADER.prepared(race.specs[0])
    if LOADER.known(race.specs[0]).run_id != race.specs[0].run_id:
        raise DataError(f"{race.specs[0].data.dataset}: the data changed after tuning was planned.")
    tell = _teller(sum(bracket.ladder.cost for bracket in race.brackets))
    ran = [own for bracket in race.brackets for own in _raced(bracket, data, race.select, tell)]
    won = _winner(ran, race.select)
    result = run_results(won.stack, won.outcome, [won.curve], won.seconds)[0]
    own = {
        "trials": len(race.specs),
        "tried": {name: list(values) for name, values in race.tried.items()},
        "trial_epochs": sum(each.epochs for each in ran),
        "budget_epochs": race.budget,
        "tuning": race.key,
    }
    return replace(result, diagnostics={**result.diagnostics, **own})


def _teller(cost: int) -> Callable[[int], None]:
    """Return what is to be told after each epoch how many runs it was for, of a known cost."""
    spent = 0

    def tell(n_runs: int) -> None:
        nonlocal spent
        spent += n_runs
        alive(min(1.0, spent / cost))

    return tell


def _winner(ran: Sequence[_Ran], select: str) -> _Ran:
    finalists = [own for own in ran if not own.lost and not own.diverged]
    if not finalists:
        return max(ran, key=lambda own: own.epochs)
    if len(finalists) == 1:
        return finalists[0]
    sign = -1.0 if select in HIGHER_IS_BETTER else 1.0
    scores = [sign * validation_scores(own.stack, own.outcome)[select] for own in finalists]
    return finalists[int(np.argsort(scores, kind="stable")[0])]


def _raced(
    bracket: Bracket, data: Prepared, select: str, tell: Callable[[int], None]
) -> Iterator[_Ran]:
    """Yield every run of a bracket, as far as it came."""
    specs, rungs = bracket.specs, dict(zip(bracket.ladder.rungs, bracket.ladder.keeps, strict=True))
    stack = stack_for_training(specs, (data,) * len(specs))
    curves: list[list[EpochRecord]] = [[] for _ in specs]
    started = time.perf_counter()
    with threadpool_limits(stack.spec.threads, "blas"):
        metric = select if select in ON_CURVES else "nll"
        outcome = _trained(stack, rungs, metric, curves, tell)
    seconds = time.perf_counter() - started
    lost, total = outcome.state["stop.lost"], int(outcome.epochs.sum())
    for run, spec in enumerate(specs):
        own = stack.run_of == run
        alone = replace(
            outcome,
            parameters=outcome.parameters[own],
            epochs=outcome.epochs[own],
            restored=outcome.restored[own],
            diverged=outcome.diverged[own],
            state={name: values[own] for name, values in outcome.state.items()},
        )
        # the stack's wall time, by what each took of it
        share = seconds * int(alone.epochs.sum()) / max(1, total)
        yield _Ran(Stack((spec,), (data,)), alone, tuple(curves[run]), bool(lost[own].any()), share)


def _trained(
    stack: Stack,
    rungs: Mapping[int, int],
    metric: str,
    curves: list[list[EpochRecord]],
    tell: Callable[[int], None],
) -> Outcome:
    hooks = replace(stack.hooks, stop=halving(rungs, metric, stack.hooks.stop))
    replicas, evaluator = stack.replicas(), stack.evaluator()
    replicas.hyper[RUN] = stack.run_of
    # of members it asks for a metric each only where there is a stop rule
    evaluator.hooks = hooks
    stepper, epochs = stepper_of(stack, replicas.rows.shape[1])
    steps = train_replicas(replicas, hooks, stepper, evaluator, epochs, stack.spec.eval_every)
    while True:
        n_runs = len(replicas) // stack.n_members
        try:
            epoch, records = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            break
        for run, record in records:
            curves[run].append(record)
        tell(n_runs if epoch else 0)
    if stack.hooks.stop is None:
        outcome.restored[:] = -1
    return outcome
