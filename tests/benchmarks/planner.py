"""What planning and storing cost, per run: 10 to 10,000 runs; `--plan` of a million.

python tests/benchmarks/planner.py   (training is replaced by handing out a finished result)
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from overfit_cli.batch.batch import Batch
from overfit_cli.batch.tasks import Task, work
from overfit_cli.executors.executor import Finished, Watch, unwatched
from overfit_cli.executors.serial import Serial
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.plan import Plan
from overfit_cli.store import Store


class Instant(Serial):
    """Hands out one result, trained once, for every run; `seconds` is what that took."""

    seconds = 0.0

    def run(
        self, work: Callable[[Any], Any], tasks: Iterable[Any], watch: Watch = unwatched
    ) -> Iterator[Finished]:
        """Finish every task at once."""
        for task in tasks:
            started = time.perf_counter()
            own = [
                replace(RESULT, run_id=spec.run_id, seed=spec.seed, spec=spec.model_dump())
                for spec in task.specs
            ]
            self.seconds += time.perf_counter() - started
            yield Finished(task, own)


def config(folder: Path, n_settings: int, second: int = 1) -> Path:
    """Return a config of n_settings x second x 10 runs on digits."""
    path = folder / f"{n_settings}.toml"
    rates = [round(0.001 * (i + 1), 4) for i in range(n_settings)]
    keeps = [round(0.3 + 0.001 * i, 4) for i in range(second)]
    path.write_text(
        f"train_size = 400\nhidden = [100]\nepochs = 50\nseeds = 10\n[[methods]]\n"
        f"method = 'dropout'\ngrid.lr = {rates}\ngrid.p = {keeps}\n"
    )
    return path


def executed(folder: Path, n_settings: int) -> dict[str, float]:
    """Return milliseconds per run of a new batch, and of the same batch again.

    Without opening the store, which costs the same for any number of runs.
    """
    batch = Batch(Plan(read_batch(str(config(folder, n_settings)), {})))
    figures = {"runs": float(len(batch.plan))}
    for name in ("new", "again"):
        executor = Instant()
        with Store.open(folder / f"{n_settings}.db") as store:
            started = time.perf_counter()
            for _ in batch.execute(store, executor):
                pass
            seconds = time.perf_counter() - started - executor.seconds
        figures[f"{name}_ms_per_run"] = round(1e3 * seconds / len(batch.plan), 3)
    return figures


def million(folder: Path) -> dict[str, float]:
    """Return seconds and MiB of `--plan` of a million runs, as a process."""
    path = config(folder, 1000, 100)
    command = [sys.executable, "-m", "overfit_cli", "batch", str(path), "--plan"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"runs": 1e6, "seconds": round(seconds, 1), "MiB": round(peak)}


with tempfile.TemporaryDirectory() as name:
    FOLDER = Path(name)
    FIRST = next(iter(Batch(Plan(read_batch(str(config(FOLDER, 1)), {}))).runs()))[1]
    RESULT = work(Task((FIRST,)))[0]
    print(json.dumps(million(FOLDER)), flush=True)
    for count in (1, 10, 100, 1000):
        print(json.dumps(executed(FOLDER, count)), flush=True)
