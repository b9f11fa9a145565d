"""Seconds from NumPy imported to `overfit run` saying what it trains, and to its end.

python tests/benchmarks/first_line.py [REPEATS]   (one process each, medians)

Modules are compiled beforehand, as in an installed program.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

PROGRAM = """
import gc, sys, time
import numpy
started = time.perf_counter()
class Watch:
    def __init__(self, stream): self.stream, self.first = stream, None
    def write(self, text):
        if self.first is None and text.strip(): self.first = time.perf_counter() - started
        return self.stream.write(text)
    def __getattr__(self, name): return getattr(self.stream, name)
sys.stdout = watch = Watch(sys.stdout)
from overfit_cli.cli.entry import GARBAGE_THRESHOLD
gc.set_threshold(GARBAGE_THRESHOLD)
from overfit_cli.cli.app import execute
code = execute(["run", "--method", sys.argv[1], "--store", sys.argv[2]])
print(code, watch.first, time.perf_counter() - started, file=sys.stderr)
"""


ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def measure(method: str) -> tuple[float, float]:
    """Return the seconds to the first line and to the end of one process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PROGRAM, method, folder + "/store.db"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    code, first, whole = done.stderr.split()
    if code != "0":
        raise SystemExit(done.stderr)
    return float(first), float(whole)


def main(repeats: int) -> None:
    """Print medians for each method."""
    measure("none")
    for method in ("none", "dropout", "l1", "l2", "max-norm", "early-stopping", "bayes"):
        first, whole = zip(*(measure(method) for _ in range(repeats)), strict=True)
        figures = {
            "method": method,
            "first_line_seconds": round(statistics.median(first), 2),
            "whole_seconds": round(statistics.median(whole), 2),
        }
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
