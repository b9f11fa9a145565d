"""What a batch will take: seconds and bytes, from the plan and a short measurement."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from overfit_cli.batch.tasks import LOADER
from overfit_cli.compiled import kernels_for
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack, members_of, network_of
from overfit_cli.experiment.stacks import most_runs
from overfit_cli.experiment.train import stepper_of
from overfit_cli.experiment.work import operations
from overfit_cli.store.record import MODEL_BYTES

# Runs looked at per table of methods, spread evenly over its grid.
SAMPLES = 12
MEASURED_BATCHES = 8

# A wider stack of tiny networks is hardly faster, and takes seconds to make.
MEASURED_RUNS = 64

# Final metrics, record and transaction of one run, whatever its network; and the same in
# floating-point operations.
RUN_SECONDS = 0.005
RUN_OPERATIONS = 1e8

# Spec, final metrics, environment and notes of one run, as stored.
RECORD_BYTES = 6_000


@dataclass(frozen=True)
class Estimate:
    """seconds: one core's work; bytes: what the runs take in the store."""

    seconds: float
    bytes: float


def estimate(plan: Plan) -> Estimate:
    """Return what all runs of a plan take, by the average of a few runs per method.

    Seconds: floating-point operations of training and evaluation at the rate that this machine
    reaches with this network. Bytes: curves, predictions and parameters, before compression.
    """
    seconds = size = 0.0
    for count, specs in plan.samples(SAMPLES):
        costs = [_cost(spec, LOADER.prepared(spec)) for spec in specs]
        seconds += count * sum(cost.seconds for cost in costs) / len(costs)
        size += count * sum(cost.bytes for cost in costs) / len(costs)
    return Estimate(seconds, size)


def _cost(spec: RunSpec, data: Prepared) -> Estimate:
    layout = network_of(spec, data).layout
    numbers = layout.n_parameters * members_of(spec)
    model = numbers * (4 if spec.dtype == "float32" else 8)
    curves = 8 * 6 * (spec.epochs // spec.eval_every + 1)
    predictions = 8 * len(data.test) * (data.n_outputs + 2)
    kept = model if model < MODEL_BYTES else 0
    seconds = RUN_SECONDS + operations(spec, data) / _rate(spec, data)
    return Estimate(seconds, RECORD_BYTES + curves + predictions + kept)


_rates: dict[tuple[Any, ...], float] = {}


def _rate(spec: RunSpec, data: Prepared) -> float:
    """Return operations per second of plain training, in a stack as wide as a batch's would be."""
    plain = spec.model_copy(update={"remedies": {"none": {}}})
    key = (network_of(plain, data).layout.sizes, plain.batch_size, plain.dtype, plain.threads)
    if key not in _rates:
        _rates[key] = _measured(plain, data)
    return _rates[key]


def _measured(spec: RunSpec, data: Prepared) -> float:
    width = min(MEASURED_RUNS, most_runs(spec, data))
    specs = [spec.model_copy(update={"seed": seed}) for seed in range(width)]
    stack = Stack(tuple(specs), (data,) * width, kernels_for(0))
    replicas = stack.replicas()
    replicas.rows = replicas.rows[:, : MEASURED_BATCHES * spec.batch_size]
    stepper, _ = stepper_of(stack, replicas.rows.shape[1])
    with threadpool_limits(spec.threads, "blas"):
        stepper.init(replicas)
        stepper.advance(replicas, 1)
        started = time.perf_counter()
        stepper.advance(replicas, 2)
        seconds = time.perf_counter() - started
    return float(6 * replicas.parameters.size * replicas.rows.shape[1]) / seconds
