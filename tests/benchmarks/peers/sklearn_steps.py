"""Training steps of scikit-learn's MLP, timed on request (see ../steps.py)."""

from __future__ import annotations

import json
import sys
import time
import warnings
from functools import cache

import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")


@cache
def problem(sizes: tuple[int, ...], batch: int):
    """Return a network that has seen every class, and twenty minibatches of rows in float32."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((20 * batch, sizes[0])).astype("float32")
    targets = rng.integers(sizes[-1], size=20 * batch)
    network = MLPClassifier(
        sizes[1:-1],
        solver="sgd",
        learning_rate_init=0.001,
        momentum=0.9,
        nesterovs_momentum=False,
        batch_size=batch,
        alpha=0.0,
        random_state=0,
    )
    network.partial_fit(inputs, targets, classes=np.arange(sizes[-1]))
    return network, inputs, targets


def seconds(sizes: tuple[int, ...], batch: int, n_steps: int) -> float:
    """Return the time of about n_steps steps, in whole epochs of 20."""
    network, inputs, targets = problem(sizes, batch)
    epochs = max(1, n_steps // 20)
    started = time.perf_counter()
    for _ in range(epochs):
        network.partial_fit(inputs, targets)
    return (time.perf_counter() - started) * n_steps / (20 * epochs)


for line in sys.stdin:
    asked = json.loads(line)
    print(seconds(tuple(asked["sizes"]), asked["batch"], asked["n_steps"]), flush=True)
