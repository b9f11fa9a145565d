"""Milliseconds per epoch and run at several stack widths: where `stacks.STACK_BYTES` comes from.

python tests/benchmarks/stack_width.py   (one thread, medians of 7 epochs, widths alternating)
"""

from __future__ import annotations

import json
import statistics
import time

from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.stacks import most_runs
from overfit_cli.experiment.train import train

WIDTHS = (1, 2, 3, 5, 10, 20, 34, 50)
EPOCHS = 7


def main() -> None:
    """Print one line per network."""
    for hidden in ((15,), (100,), (128, 128), (256, 256)):
        options = {"hidden": list(hidden), "seeds": max(WIDTHS), "epochs": EPOCHS}
        specs, data = ready(specs_of(parse_options({**options, "train_size": 400})))
        runs = {width: train(Stack(tuple(specs[:width]), tuple(data[:width])).specs, data[:width])
                for width in WIDTHS}  # fmt: skip
        seconds: dict[int, list[float]] = {width: [] for width in WIDTHS}
        for steps in runs.values():
            next(steps)
        for _ in range(EPOCHS):
            for width, steps in runs.items():
                started = time.perf_counter()
                next(steps)
                seconds[width].append((time.perf_counter() - started) / width)
        figures = {width: round(statistics.median(s) * 1e3, 2) for width, s in seconds.items()}
        chosen = most_runs(specs[0], data[0])
        print(json.dumps({"hidden": hidden, "ms_per_epoch_and_run": figures, "chosen": chosen}))


if __name__ == "__main__":
    main()
