"""The one training loop: drives a stepper over a stack until every replica is done."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.ballot import Ballot
from overfit_cli.core.evaluation import Evaluator
from overfit_cli.core.hooks import Hooks
from overfit_cli.core.layout import Array
from overfit_cli.core.replicas import Replicas
from overfit_cli.records import Axis, EpochRecord

Records = list[tuple[int, EpochRecord]]
Result = TypeVar("Result")


class Stepper(Protocol):
    """What moves the parameters: an optimizer over minibatches, or a sampler.

    axis: "epoch", or "draw" for a sampler, whose draws are averaged, or "setting" where a Voting
    stepper visits settings of the parameters. warmup: epochs before the
    first that counts. init fills replicas.state; advance moves replicas.parameters in place and
    returns a running loss (R,), NaN if there is none, infinite if the replica diverged;
    noise_variance (R, T) in standardised units, None if it is to be estimated from residuals.
    """

    axis: Axis
    warmup: int

    def init(self, replicas: Replicas) -> None:
        """Make the state."""

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Train one epoch, or take one draw per chain."""

    def noise_variance(self, replicas: Replicas) -> Array | None:
        """Return the noise of this draw."""


class Voting(Stepper, Protocol):
    """A stepper that visits many settings of the parameters per epoch; they vote with weights.

    counted: how many were visited by an epoch. ballots: one per replica, what the last epoch adds
    to its running average.
    """

    def counted(self, epoch: int) -> int:
        """Return the settings visited by then."""

    def ballots(self, replicas: Replicas) -> list[Ballot]:
        """Return what the last epoch adds."""


@dataclass
class Outcome:
    """Where R replicas ended.

    parameters (R, P): the last epoch's or, after a stop rule, the best one's. epochs (R,): how
    many were run, a sampler's warm-up not counted. restored (R,): the restored epoch, -1 if none.
    diverged (R,). axis: the stepper's. draws: a sampler's parameters (S, R, P) after warm-up and
    their noise (S, R, T). state: the stepper's last state.
    """

    parameters: Array
    epochs: NDArray[np.intp]
    restored: NDArray[np.intp]
    diverged: NDArray[np.bool_]
    axis: Axis = "epoch"
    draws: list[Array] = field(default_factory=list)
    noise: list[Array] = field(default_factory=list)
    state: dict[str, NDArray[Any]] = field(default_factory=dict)


def train(
    replicas: Replicas,
    hooks: Hooks,
    stepper: Stepper,
    evaluator: Evaluator,
    epochs: int,
    eval_every: int = 1,
) -> Generator[tuple[int, Records], None, Outcome]:
    """Train for `epochs` epochs (a sampler: warm-up and draws); yield (epoch, records) as it goes.

    Epoch 0 is the untrained network. A replica leaves the stack when its stop rule says so; when
    its loss or parameters are no longer finite, it leaves with all members of its run. The others
    do not notice.
    """
    steps = _train(replicas, hooks, stepper, evaluator, epochs, eval_every)
    while True:
        # not around the yield: there it would silence the caller too
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            try:
                epoch, records = next(steps)
            except StopIteration as end:
                return cast(Outcome, end.value)
        yield epoch, records


def _train(
    replicas: Replicas,
    hooks: Hooks,
    stepper: Stepper,
    evaluator: Evaluator,
    epochs: int,
    eval_every: int,
) -> Generator[tuple[int, Records], None, Outcome]:
    stepper.init(replicas)
    outcome = _new_outcome(replicas, stepper)
    if hooks.stop is not None:
        replicas.state |= {"stop." + k: v for k, v in hooks.stop.init(replicas.hyper).items()}
    if stepper.axis == "epoch":
        yield 0, _observe(0, replicas, hooks, stepper, evaluator, outcome, np.nan)[1]
    loss_since, epochs_since = np.zeros(len(replicas)), 0
    for epoch in range(1, epochs + 1):
        counted, last = _counted(stepper, epoch), epoch == epochs
        loss_since, epochs_since = loss_since + stepper.advance(replicas, epoch), epochs_since + 1
        # diverged runs leave before anyone is evaluated, so that the others cannot notice
        over, records = _diverged(replicas, stepper, evaluator, outcome, loss_since, counted)
        _leave(replicas, hooks, evaluator, outcome, counted, over)
        loss_since = loss_since[~over]
        if len(replicas) and _due(stepper, counted, eval_every, last):
            losses = loss_since / epochs_since
            stop, seen = _observe(counted, replicas, hooks, stepper, evaluator, outcome, losses)
            if (epoch - stepper.warmup) % eval_every == 0 or last:
                records += seen
                loss_since, epochs_since = np.zeros(len(replicas)), 0
            _leave(replicas, hooks, evaluator, outcome, counted, stop | last)
            loss_since = loss_since[~(stop | last)]
        yield epoch, records
        if len(replicas) == 0:
            break
    return outcome


def _votes(stepper: Stepper) -> TypeGuard[Voting]:
    # asked at every epoch: isinstance with a Protocol would look at all its members
    return stepper.axis == "setting"


def _counted(stepper: Stepper, epoch: int) -> int:
    """Return what records of this epoch are numbered by; not above 0 in a warm-up."""
    return stepper.counted(epoch) if _votes(stepper) else epoch - stepper.warmup


def _due(stepper: Stepper, counted: int, eval_every: int, last: bool) -> bool:
    """Whether to evaluate now: every draw that counts, but only every eval_every-th epoch."""
    if stepper.axis != "epoch":
        return counted > 0
    return counted % eval_every == 0 or last


def _diverged(
    replicas: Replicas,
    stepper: Stepper,
    evaluator: Evaluator,
    outcome: Outcome,
    loss: Array,
    counted: int,
) -> tuple[NDArray[np.bool_], Records]:
    """Return which replicas (R,) must leave, whole runs, and the last records of those runs."""
    lost = np.asarray(~np.isfinite(replicas.parameters).all(axis=1))
    if stepper.axis == "epoch":
        # a sampler has no running loss: its NaN says nothing
        lost |= ~np.isfinite(loss)
    if not lost.any():
        return lost, []
    ids, runs = replicas.ids[lost], evaluator.run_of
    outcome.diverged[ids] = True
    over = np.isin(runs[replicas.ids], runs[ids])
    return np.asarray(over), evaluator.diverged(max(0, counted), ids)


def result_of(steps: Generator[Any, None, Result]) -> Result:
    """Run a generator to its end without watching, and return what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def _new_outcome(replicas: Replicas, stepper: Stepper) -> Outcome:
    n_replicas = len(replicas)
    return Outcome(
        parameters=replicas.parameters.copy(),
        epochs=np.zeros(n_replicas, np.intp),
        restored=np.full(n_replicas, -1, np.intp),
        diverged=np.zeros(n_replicas, np.bool_),
        axis=stepper.axis,
    )


def _observe(
    epoch: int,
    replicas: Replicas,
    hooks: Hooks,
    stepper: Stepper,
    evaluator: Evaluator,
    outcome: Outcome,
    running_loss: Array | float,
) -> tuple[NDArray[np.bool_], Records]:
    if _votes(stepper):
        records = evaluator.tally(epoch, replicas, stepper.ballots(replicas))
        return np.zeros(len(replicas), np.bool_), records
    noise = stepper.noise_variance(replicas)
    sampling = stepper.axis == "draw"
    losses = np.broadcast_to(running_loss, len(replicas))
    metrics, records = evaluator.observe(epoch, replicas, losses, noise, sampling)
    if sampling:
        _keep_draw(replicas, outcome, noise)
    if hooks.stop is None:
        return np.zeros(len(replicas), np.bool_), records
    state = {k[5:]: v for k, v in replicas.state.items() if k.startswith("stop.")}
    improved, stop = hooks.stop.observe(replicas.hyper, state, epoch, metrics)
    replicas.state |= {"stop." + name: values for name, values in state.items()}
    better = replicas.ids[improved]
    outcome.parameters[better] = replicas.parameters[improved]
    outcome.restored[better] = epoch
    _keep_state(replicas, outcome, improved, _collected(replicas))
    return stop, records


def _collected(replicas: Replicas) -> list[str]:
    """Return the names of what a stepper gathers along with the parameters.

    An optimizer's moments end with it; whoever wants an array kept gives it a dotted name.
    """
    return [name for name in replicas.state if "." in name and not name.startswith("stop.")]


def _keep_state(
    replicas: Replicas, outcome: Outcome, chosen: NDArray[np.bool_], names: Iterable[str]
) -> None:
    for name in names:
        values = replicas.state[name]
        whole = (len(outcome.epochs), *values.shape[1:])
        kept = outcome.state.setdefault(name, np.zeros(whole, values.dtype))
        kept[replicas.ids[chosen]] = values[chosen]


def _keep_draw(replicas: Replicas, outcome: Outcome, noise: Array | None) -> None:
    draw = np.full_like(outcome.parameters, np.nan)
    draw[replicas.ids] = replicas.parameters
    outcome.draws.append(draw)
    if noise is not None:
        variance = np.full((len(draw), noise.shape[1]), np.nan)
        variance[replicas.ids] = noise
        outcome.noise.append(variance)


def _leave(
    replicas: Replicas,
    hooks: Hooks,
    evaluator: Evaluator,
    outcome: Outcome,
    epoch: int,
    leaving: NDArray[np.bool_],
) -> None:
    if not leaving.any():
        return
    ids = replicas.ids[leaving]
    outcome.epochs[ids] = max(0, epoch)
    if hooks.stop is None:
        outcome.parameters[ids] = replicas.parameters[leaving]
    collected, shape = _collected(replicas), replicas.parameters.shape
    # a stop rule keeps those of the epoch that it restores; of what diverged they may tell why
    kept = leaving if hooks.stop is None else leaving & outcome.diverged[replicas.ids]
    _keep_state(replicas, outcome, kept, collected)
    small = [k for k, v in replicas.state.items() if k not in collected and v.shape != shape]
    _keep_state(replicas, outcome, leaving, small)
    if hooks.stop is not None:
        for place in np.flatnonzero(leaving):
            replica = int(replicas.ids[place])
            own = {name: array[place : place + 1] for name, array in replicas.hyper.items()}
            evaluator.settle(replica, own, outcome.parameters[replica : replica + 1])
    replicas.keep(~leaving)
