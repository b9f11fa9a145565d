"""What `bench` does: measure every method of a config's first network, and estimate the whole."""

from __future__ import annotations

import math
import platform
from typing import Any

import numpy as np

from overfit_cli.batch.batch import Batch
from overfit_cli.batch.estimate import estimate
from overfit_cli.batch.speed import speeds, widths
from overfit_cli.batch.tasks import LOADER
from overfit_cli.cli.asking import not_a_table, parsed
from overfit_cli.cli.console import say, show, write
from overfit_cli.compiled import kernels_for
from overfit_cli.data.dataset import Prepared
from overfit_cli.errors import UsageError
from overfit_cli.executors import available_cores
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import network_of
from overfit_cli.experiment.stacks import most_runs
from overfit_cli.report.bench_page import (
    BenchCost,
    BenchLine,
    BenchSubject,
    bench_head,
    bench_json,
    bench_page,
)


def run_bench(given: dict[str, Any], config: str, json: bool) -> None:
    """Carry out `overfit bench`.

    Raises:
        UsageError, DataError: see batch; or if no method has minibatch steps.
    """
    options = {key: parsed(key, value) for key, value in given.items()}
    batch = Batch(Plan(read_batch(not_a_table(config), options)))
    batch.check()
    specs = _methods(batch.plan)
    first, data = specs[0], LOADER.prepared(specs[0])
    subject = _subject(batch.plan, first, data)
    if not json:
        show(bench_head(subject))
    lines: list[BenchLine] = []
    left_out: list[str] = []
    for spec in specs:
        say(f"timing {spec.method}")
        found = speeds(spec, LOADER.prepared(spec), widths(first, data))
        own = [BenchLine(**vars(speed)) for speed in found]
        lines += own
        left_out += [] if own else [spec.words]
    if not lines:
        raise UsageError("bench times minibatch steps, and no method here takes any.")
    cost = BenchCost(estimate(batch.plan).seconds, available_cores(), most_runs(first, data))
    if json:
        write(bench_json(subject, lines, left_out, cost))
    else:
        show(bench_page(subject, lines, left_out, cost))


def _methods(plan: Plan) -> list[RunSpec]:
    """Return the first run of every method, in the order written."""
    specs = [spec for _, samples in plan.samples(1) for spec in samples]
    return list({spec.method: spec for spec in reversed(specs)}.values())[::-1]


def _subject(plan: Plan, spec: RunSpec, data: Prepared) -> BenchSubject:
    sizes = network_of(spec, data).layout.sizes
    kernels = kernels_for(math.inf).name
    return BenchSubject(
        machine=(
            f"{platform.machine()}, {available_cores()} cores, NumPy {np.__version__}, "
            f"{kernels} kernels"
        ),
        network="-".join(map(str, sizes)),
        batch_size=spec.batch_size,
        name=f"batch {plan.name}",
        runs=len(plan),
    )
