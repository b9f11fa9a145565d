"""`overfit compare` over many stored runs: whole processes, and the store's share of them.

python tests/benchmarks/compare.py [RUNS] [SEEDS]   (4 methods; RUNS / 4 / SEEDS learning rates)
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from overfit_cli.records import RunResult
from overfit_cli.store import Store, record, rows
from overfit_cli.store.transaction import transaction

METHODS = "none,l2,dropout,early-stopping"
TRAINED = ("--dataset", "moons:n=100,n_test=500", "--hidden", "8", "--epochs", "50")


def overfit(*words: str) -> float:
    """Run one command in a process of its own; return its wall time."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "overfit_cli", *words], check=True, capture_output=True)
    return time.perf_counter() - started


def copies(trained: list[RunResult], count: int, seeds: int) -> Iterator[RunResult]:
    """Yield `count` runs: real ones under other seeds, learning rates and scores."""
    rng = np.random.default_rng(0)
    for number in range(count):
        run = trained[number % len(trained)]
        rate, seed = divmod(number // len(trained), seeds)
        scores = {part: dict(own, nll=float(rng.random())) for part, own in run.final.items()}
        spec = dict(run.spec, seed=seed, lr=0.001 * (rate + 1))
        yield replace(run, run_id=f"{number:016x}", seed=seed, spec=spec, final=scores)


def fill(path: Path, count: int, seeds: int) -> None:
    """Store `count` runs of one batch, in one transaction: how they came there is not timed."""
    overfit("run", *TRAINED, "--method", METHODS, "--store", str(path))
    with Store.open(path) as store:
        ids = [run.run_id for run in store.summaries()]
        trained = list(store.results(ids, record.PARTS))
        store.remove(ids)
        with transaction(store._connection):
            for run in copies(trained, count, seeds):
                data, parts = record.split(run)
                row = rows.Row.sealed(run.run_id, run.status, ["many"], data)
                rows.insert(store._connection, row, parts)


def main(count: int, seeds: int) -> None:
    """Fill a store, compare it three times, and print the fastest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.db"
        fill(path, count, seeds)
        target = ("--output", str(Path(folder) / "report"), "--store", str(path))
        forms = ("table", "json", "html")
        seconds = {
            form: round(min(overfit("compare", "--format", form, *target) for _ in range(3)), 2)
            for form in forms
        }
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        figures = {"runs": count, "seeds": seeds, "store_mib": path.stat().st_size >> 20}
        print(json.dumps(figures | {"seconds": seconds, "peak_mib": peak >> 10}))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3] or (10_000, 10)))
