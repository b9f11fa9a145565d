"""MNIST, 784-800-800-10, batch 128: loading, memory, and epochs against bare matrix products.

Run with OVERFIT_DATA set:  python tests/benchmarks/mnist.py [EPOCHS [METHOD]]
Prints one JSON document. One BLAS thread; the bare products of an epoch (its evaluation passes
included) are timed in the same process right after each epoch; the ratio is the median over epochs.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from overfit_cli.batch.bare import BareProducts
from overfit_cli.data import DataRequest, load, prepare
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.train import train

SIZES, BATCH = (784, 800, 800, 10), 128


def main(epochs: int, method: str) -> None:
    """Time loading, then each epoch and its bare products in turn."""
    started = time.perf_counter()
    request = DataRequest("mnist")
    data = prepare(load(request, 0), request, 0, np.dtype("float32"))
    loading = time.perf_counter() - started
    options = parse_options(
        {
            "dataset": "mnist",
            "hidden": SIZES[1:-1],
            "batch_size": BATCH,
            "epochs": epochs,
            "lr": 0.01,
            "method": method,
        }
    )
    bare, evaluation = BareProducts(SIZES, BATCH), BareProducts(SIZES, 163)
    n_steps = -(-len(data.train) // BATCH)
    rows = min(10_000, len(data.train)) + len(data.val)
    ours, products = [], []
    with threadpool_limits(1, "blas"):
        bare.seconds(20, 1000, evaluation)
        steps = train(specs_of(options), [data])
        next(steps)  # epoch 0 is an evaluation only
        for _ in range(epochs):
            begun = time.perf_counter()
            next(steps)
            ours.append(time.perf_counter() - begun)
            products.append(bare.seconds(n_steps, rows, evaluation))
    ratios = [a / b for a, b in zip(ours, products, strict=True)]
    print(
        json.dumps(
            {
                "method": method,
                "load_seconds": round(loading, 2),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "epoch_seconds": round(statistics.median(ours), 3),
                "product_seconds": round(statistics.median(products), 3),
                "ratio_median": round(statistics.median(ratios), 3),
                "ratio_min": round(min(ratios), 3),
                "ratio_max": round(max(ratios), 3),
                "epochs": epochs,
            }
        )
    )


if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv[1:]))
    main(int(arguments.get(0, 10)), arguments.get(1, "none"))
