"""How fast this machine trains: a step of every method, beside bare matrix products."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from overfit_cli.batch.bare import BareProducts
from overfit_cli.compiled import kernels_for
from overfit_cli.core.descent import Descent
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack, members_of, network_of
from overfit_cli.experiment.stacks import COPIES, most_runs
from overfit_cli.experiment.train import stepper_of

WIDTHS = (1, 4, 16, 64)
# Parameters, gradients and velocities of the widest stack that is tried, in bytes.
LARGEST = 2**28
TURNS = 5
TURN_SECONDS = 0.04
# Minibatches per epoch that is timed.
MINIBATCHES = 8


@dataclass(frozen=True)
class Speed:
    """A step of `width` runs trained side by side, medians over turns taken in alternation.

    seconds, bare_seconds: per run, of a whole step and of its matrix products alone. ratio: the
    median of the turns' ratios.
    """

    method: str
    width: int
    seconds: float
    bare_seconds: float
    ratio: float


def speeds(spec: RunSpec, data: Prepared, widths: Sequence[int]) -> Iterator[Speed]:
    """Yield the speed of one spec's steps at every width that memory allows; none of a sampler."""
    for width in _possible(spec, data, widths):
        stack = Stack(
            tuple(spec.model_copy(update={"seed": seed}) for seed in range(width)),
            (data,) * width,
            # as in a training that is worth compiling for
            kernels_for(math.inf),
        )
        with threadpool_limits(spec.threads, "blas"):
            steps = _steps(stack)
            if steps is not None:
                n_replicas = width * members_of(spec)
                bare = BareProducts(
                    stack.network.layout.sizes, spec.batch_size, spec.dtype, n_replicas
                )
                yield _speed(_name(spec), width, steps, bare.step)


def widths(spec: RunSpec, data: Prepared) -> list[int]:
    """Return how many runs to try side by side, the program's own choice among them."""
    return sorted({*WIDTHS, min(most_runs(spec, data), max(WIDTHS))})


def _possible(spec: RunSpec, data: Prepared, widths: Sequence[int]) -> list[int]:
    numbers = network_of(spec, data).layout.n_parameters * members_of(spec)
    most = LARGEST // (numbers * COPIES * (4 if spec.dtype == "float32" else 8))
    return [width for width in widths if width <= max(1, most)]


def _name(spec: RunSpec) -> str:
    members = members_of(spec)
    return spec.method + (f", {members} networks" if members > 1 else "")


def _steps(stack: Stack) -> tuple[Callable[[], None], int] | None:
    """Return a callable that takes an epoch of a few steps, and their number; None of a sampler."""
    replicas = stack.replicas()
    batch = stack.spec.batch_size
    replicas.rows = replicas.rows[:, : MINIBATCHES * batch]
    stepper, _ = stepper_of(stack, replicas.rows.shape[1])
    if not isinstance(stepper, Descent):
        return None
    stepper.init(replicas)
    descent = stepper

    def epoch() -> None:
        descent.advance(replicas, 1)

    return epoch, -(-replicas.rows.shape[1] // batch)


def _speed(
    method: str, width: int, steps: tuple[Callable[[], None], int], bare: Callable[[], None]
) -> Speed:
    epoch, per_epoch = steps
    own, products = _repeated(epoch, per_epoch), _repeated(bare, 1)
    turns = [(own() / width, products() / width) for _ in range(TURNS)]
    return Speed(
        method,
        width,
        statistics.median(step for step, _ in turns),
        statistics.median(product for _, product in turns),
        statistics.median(step / product for step, product in turns),
    )


def _repeated(call: Callable[[], None], steps: int) -> Callable[[], float]:
    """Return a turn: seconds per step, over as many calls as fill TURN_SECONDS."""
    call()
    started = time.perf_counter()
    call()
    n_calls = max(1, round(TURN_SECONDS / max(1e-9, time.perf_counter() - started)))

    def turn() -> float:
        begun = time.perf_counter()
        for _ in range(n_calls):
            call()
        return (time.perf_counter() - begun) / (n_calls * steps)

    return turn
