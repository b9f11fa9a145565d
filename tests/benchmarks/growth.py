"""How time and memory grow with replicas, rows, width, columns and the number of runs.

python tests/benchmarks/growth.py [--full] [--json FILE] [--plot FILE] [AXIS …]

Every point is a process of its own, one thread; seconds leave start-up out, MiB are its peak.
--full: up to 100,000 runs, otherwise 10,000.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import numpy as np
from steps import Ours

from overfit_cli.compiled import kernels_for

AXES: dict[str, tuple[int, ...]] = {
    "replicas": (1, 4, 16, 64, 256, 1024),
    "width": (10, 40, 160, 640, 2560, 4096),
    "rows": (1_000, 10_000, 100_000, 1_000_000),
    "columns": (10, 100, 1_000, 10_000),
    "runs": (10, 100, 1_000, 10_000),
}
MOST_RUNS = 100_000
UNITS = {
    "replicas": "us per step and replica (64-100-10, batch 32)",
    "width": "us per step (64-n-10, batch 32)",
    "rows": "seconds of reading a CSV file of 10 columns and one epoch of 10-32-1",
    "columns": "seconds of reading a CSV file of 1,000 rows and one epoch of n-32-1",
    "runs": "milliseconds per run: plan, train for one epoch (2-4-1, 40 rows), store",
}


def step_us(sizes: tuple[int, ...], n_replicas: int) -> float:
    """Return the median microseconds per step and replica."""
    ours = Ours(sizes, 32, n_replicas, "none", kernels_for(math.inf))
    ours(20)
    n_steps = max(20, round(0.3 / ours(20) * 20))
    return float(np.median([ours(n_steps) / n_steps / n_replicas * 1e6 for _ in range(5)]))


def table_seconds(n_rows: int, n_columns: int) -> float:
    """Return the seconds of `overfit run` on a table, written beforehand."""
    import polars

    from overfit_cli.cli.app import execute

    rng = np.random.default_rng(0)
    columns = {f"x{i}": rng.standard_normal(n_rows).astype("float32") for i in range(n_columns)}
    columns["y"] = (columns["x0"] + rng.standard_normal(n_rows) > 0).astype("int8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        polars.DataFrame(columns).write_csv(path)
        del columns
        words = ["run", "--dataset", str(path), "--target", "y", "--epochs", "1", "--hidden", "32"]
        started = time.perf_counter()
        code = execute([*words, "--json", "--store", f"{folder}/store.db"])
        seconds = time.perf_counter() - started
    if code:
        raise SystemExit(f"overfit run ended in {code}")
    return seconds


def run_ms(n_runs: int) -> float:
    """Return the milliseconds per run of a serial batch of tiny networks."""
    from overfit_cli.cli.app import execute

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "many.toml"
        rates = [round(0.001 + 1e-6 * i, 6) for i in range(n_runs // 10)]
        config.write_text(
            'dataset = "moons:n=40"\nhidden = [4]\nepochs = 1\nseeds = 10\n'
            f"[[methods]]\nmethod = 'none'\ngrid.lr = {rates}\n"
        )
        words = ["batch", str(config), "--executor", "serial", "--yes", "--json"]
        started = time.perf_counter()
        code = execute([*words, "--store", f"{folder}/store.db"])
        seconds = time.perf_counter() - started
    if code:
        raise SystemExit(f"overfit batch ended in {code}")
    return seconds * 1e3 / n_runs


MEASURES: dict[str, Callable[[int], float]] = {
    "replicas": lambda n: step_us((64, 100, 10), n),
    "width": lambda n: step_us((64, n, 10), 1),
    "rows": lambda n: table_seconds(n, 10),
    "columns": lambda n: table_seconds(1_000, n),
    "runs": run_ms,
}


def point(axis: str, value: int) -> dict[str, float]:
    """Measure one point in a process of its own."""
    command = [sys.executable, __file__, "--point", axis, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stderr.splitlines()[-1]))


def plot(found: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Draw one picture per axis: cost on a logarithmic scale, and peak memory."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullLocator

    figure, axes = plt.subplots(1, len(found), figsize=(4 * len(found), 3.6), squeeze=False)
    for (axis, points), left in zip(found.items(), axes[0], strict=True):
        values = [own["value"] for own in points]
        left.loglog(values, [own["cost"] for own in points], "o-", color="#3465a4")
        left.set_xlabel(axis)
        left.set_title(UNITS[axis].replace(" (", "\n(").replace(": ", ":\n"), fontsize=7)
        left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        left.yaxis.set_minor_locator(NullLocator())
        left.yaxis.set_major_formatter("{x:g}")
        right = left.twinx()
        right.plot(values, [own["mib"] for own in points], "s--", color="#b04010")
        right.set_ylim(bottom=0)
        left.tick_params(axis="y", colors="#3465a4")
        right.tick_params(axis="y", colors="#b04010")
        right.set_ylabel("peak MiB", color="#b04010")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print one line per point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("axes", nargs="*", default=list(AXES))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--point", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.point:
        axis, value = given.point[0], int(given.point[1])
        cost = MEASURES[axis](value)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            json.dumps({"value": value, "cost": round(cost, 4), "mib": round(peak)}),
            file=sys.stderr,
        )
        return
    found: dict[str, list[dict[str, float]]] = {}
    for axis in given.axes:
        print(f"{axis}: {UNITS[axis]}")
        more = (MOST_RUNS,) if given.full and axis == "runs" else ()
        for value in (*AXES[axis], *more):
            found.setdefault(axis, []).append(point(axis, value))
            own = found[axis][-1]
            print(f"  {value:>9,}  {own['cost']:12.4g}  {own['mib']:6.0f} MiB", flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if given.plot:
        plot(found, given.plot)


if __name__ == "__main__":
    main()
