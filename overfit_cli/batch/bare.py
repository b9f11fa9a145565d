"""The bare matrix products of a training epoch: what no implementation on this BLAS can avoid."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np


class BareProducts:
    """Products of one minibatch step and of one evaluated row block, buffers made once.

    n_replicas: as many networks of their own at a time, as one stacked product.
    """

    def __init__(
        self, sizes: tuple[int, ...], batch: int, dtype: str = "float32", n_replicas: int = 1
    ):
        rng = np.random.default_rng(0)
        self.batch = batch
        stack = () if n_replicas == 1 else (n_replicas,)
        # small enough for the errors that are sent back and forth to stay finite
        self.weights = [
            (rng.standard_normal((*stack, a, b)) / np.sqrt(max(a, b))).astype(dtype)
            for a, b in pairwise(sizes)
        ]
        self.layers = [rng.standard_normal((*stack, batch, n)).astype(dtype) for n in sizes]
        self.errors = [rng.standard_normal((*stack, batch, n)).astype(dtype) for n in sizes]
        self.outs = [np.empty((*stack, batch, n), dtype) for n in sizes]
        self.gradients = [np.empty_like(w) for w in self.weights]

    def step(self) -> None:
        """Forward, gradient of the weights, and errors of every layer but the first."""
        for layer, weights in enumerate(self.weights):
            np.matmul(self.layers[layer], weights, out=self.outs[layer + 1])
        for layer in reversed(range(len(self.weights))):
            delta = self.errors[layer + 1]
            np.matmul(self.layers[layer].swapaxes(-1, -2), delta, out=self.gradients[layer])
            if layer:
                np.matmul(delta, self.weights[layer].swapaxes(-1, -2), out=self.outs[layer])

    def forward(self, n_rows: int) -> None:
        """Forward passes over n_rows rows, in blocks of the batch."""
        for _ in range(-(-n_rows // self.batch)):
            for layer, weights in enumerate(self.weights):
                np.matmul(self.layers[layer], weights, out=self.outs[layer + 1])

    def seconds(self, n_steps: int, evaluated_rows: int, evaluation: BareProducts) -> float:
        """Return the time of one epoch's products."""
        started = time.perf_counter()
        for _ in range(n_steps):
            self.step()
        evaluation.forward(evaluated_rows)
        return time.perf_counter() - started
