"""Training steps of PyTorch, timed on request: a JSON line in, seconds out (see ../steps.py)."""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from itertools import pairwise

import torch

torch.set_num_threads(1)


@cache
def problem(sizes: tuple[int, ...], batch: int, method: str):
    """Return a network, its optimizer and twenty minibatches of rows."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
        if method == "dropout":
            layers.append(torch.nn.Dropout(0.5))
    layers = layers[: -2 if method == "dropout" else -1]
    network = torch.nn.Sequential(*layers)
    inputs = torch.randn(20 * batch, sizes[0])
    targets = torch.randint(sizes[-1], (20 * batch,))
    return network, torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9), inputs, targets


def seconds(sizes: tuple[int, ...], batch: int, method: str, n_steps: int) -> float:
    """Return the time of n_steps steps."""
    network, optimizer, inputs, targets = problem(sizes, batch, method)
    orders = [torch.randperm(20 * batch) for _ in range(-(-n_steps // 20))]
    network.train()
    started = time.perf_counter()
    for number in range(n_steps):
        start = number % 20 * batch
        rows = orders[number // 20][start : start + batch]
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(inputs[rows]), targets[rows])
        loss.backward()
        optimizer.step()
    return time.perf_counter() - started


for line in sys.stdin:
    asked = json.loads(line)
    print(
        seconds(tuple(asked["sizes"]), asked["batch"], asked["method"], asked["n_steps"]),
        flush=True,
    )
