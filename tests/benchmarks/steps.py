"""Microseconds per training step and replica, of every remedy, beside bare products and peers.

python tests/benchmarks/steps.py [--quick] [--peer torch=PYTHON] [--peer jax=PYTHON] [--json FILE]

One thread. All contenders of one network and width take turns, REPEATS times; a figure is the
median, a ratio the median of the ratios within one turn. "compiled" and "numpy" are the program
with and without its extra `fast`; without Numba there is no "compiled". PYTHON is an interpreter
that has the peer (torch, sklearn, jax); peers that are not given are named and left out.
--quick: the small networks only, no peers, few turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# before NumPy is imported: it asks once
os.environ |= THREADS

import numpy as np

from overfit_cli.batch.bare import BareProducts
from overfit_cli.compiled import available
from overfit_cli.core.descent import Descent, TrainingData
from overfit_cli.core.hooks import column, compose
from overfit_cli.core.kernels import NUMPY, Kernels
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, initial_parameters
from overfit_cli.core.replicas import Replicas
from overfit_cli.core.schedules import schedule
from overfit_cli.remedies import REGISTRY

METHODS = ("none", "dropout", "l1", "l2", "max-norm")
SMALL = (((64, 100, 10), 32), ((30, 64, 64, 2), 32))
LARGE = (((784, 256, 256, 10), 100), ((784, 800, 800, 10), 128))
REPEATS = 7
# one turn of one contender takes about this long
TURN_SECONDS = 0.15

# (method, number of steps) -> seconds
Contender = Callable[[int], float]


class Ours:
    """The program's own step: gather a minibatch, masks, both passes, penalties, update."""

    def __init__(
        self, sizes: tuple[int, ...], batch: int, n_replicas: int, method: str, kernels: Kernels
    ):
        rng = np.random.default_rng(0)
        n_rows = 20 * batch
        network = Network(Layout(sizes), "relu", "categorical", kernels)
        remedy = REGISTRY[method]
        hooks = compose({method: remedy.build(network.layout, [remedy.settings({})] * n_replicas)})
        codes = rng.integers(sizes[-1], size=n_rows)
        data = TrainingData(
            rng.standard_normal((n_rows, sizes[0])).astype("float32"),
            np.eye(sizes[-1], dtype="float32")[codes],
            None,
        )
        keys = [(seed, 0) for seed in range(n_replicas)]
        self.replicas = Replicas(
            ids=np.arange(n_replicas),
            keys=keys,
            hyper={
                "lr": column([0.001] * n_replicas),
                "momentum": column([0.9] * n_replicas),
                **hooks.hyper,
            },
            rows=np.tile(np.arange(n_rows), (n_replicas, 1)),
            parameters=initial_parameters(network, keys, np.dtype("float32")),
        )
        self.descent = Descent(
            network, hooks, data, kernels.optimizers["sgd"], schedule("constant"), batch, 1
        )
        self.descent.init(self.replicas)

    def __call__(self, n_steps: int) -> float:
        """Return the seconds of about n_steps steps, in whole epochs of 20."""
        epochs = max(1, n_steps // 20)
        started = time.perf_counter()
        for _ in range(epochs):
            self.descent.advance(self.replicas, 1)
        return (time.perf_counter() - started) * n_steps / (20 * epochs)


class Bare:
    """The bare products of the same step, on a stack."""

    def __init__(self, sizes: tuple[int, ...], batch: int, n_replicas: int):
        self.products = BareProducts(sizes, batch, n_replicas=n_replicas)

    def __call__(self, n_steps: int) -> float:
        """Return the seconds of n_steps steps."""
        started = time.perf_counter()
        for _ in range(n_steps):
            self.products.step()
        return time.perf_counter() - started


class Peer:
    """Another program in a process of its own; a line "SECONDS" answers a line of JSON."""

    def __init__(self, name: str, python: str):
        script = Path(__file__).parent / "peers" / f"{name}_steps.py"
        self.process = subprocess.Popen(
            [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def contender(self, question: Mapping[str, object]) -> Contender:
        """Return a contender for one network, method and width."""
        return lambda n_steps: self._ask({**question, "n_steps": n_steps})

    def _ask(self, question: Mapping[str, object]) -> float:
        if self.process.stdin is None or self.process.stdout is None:
            raise TypeError("a peer needs pipes")
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


def contenders(
    sizes: tuple[int, ...], batch: int, n_replicas: int, peers: Mapping[str, Peer]
) -> dict[str, Contender]:
    """Return who takes turns; peers that know no stacks come along at width 1."""
    all_of: dict[str, Contender] = {"bare": Bare(sizes, batch, n_replicas)}
    compiled, _ = available()
    for own in (NUMPY,) if compiled is None else (compiled, NUMPY):
        for method in METHODS:
            name = f"{own.name} {method}"
            all_of[name] = Ours(sizes, batch, n_replicas, method, own)
    for name, peer in peers.items():
        if name != "jax" and n_replicas > 1:
            continue
        for method in ("none",) if name == "sklearn" else ("none", "dropout"):
            question = {"sizes": sizes, "batch": batch, "n_replicas": n_replicas, "method": method}
            all_of[f"{name} {method}"] = peer.contender(question)
    return all_of


def measure(who: Mapping[str, Contender], n_replicas: int, repeats: int) -> dict[str, list[float]]:
    """Return microseconds per step and replica, one per turn."""
    counts = {}
    for name, contender in who.items():
        contender(20)  # warm up, and compile where there is something to compile
        counts[name] = max(20, round(TURN_SECONDS / contender(20) * 20))
    figures: dict[str, list[float]] = {name: [] for name in who}
    for _ in range(repeats):
        for name, contender in who.items():
            seconds = contender(counts[name])
            figures[name].append(seconds / counts[name] / n_replicas * 1e6)
    return figures


def summary(figures: Mapping[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return the median microseconds of each, and its ratio to the bare products."""
    return {
        name: {
            "us": round(statistics.median(values), 1),
            "ratio": round(
                statistics.median(a / b for a, b in zip(values, figures["bare"], strict=True)), 2
            ),
        }
        for name, values in figures.items()
    }


def main() -> None:
    """Print one line per network and width; write all figures as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    peers = {name: Peer(name, python) for name, python in (p.split("=", 1) for p in given.peer)}
    absent = {"torch", "sklearn", "jax"} - set(peers)
    if absent:
        print(f"left out: {', '.join(sorted(absent))} (give --peer NAME=PYTHON)", file=sys.stderr)
    plan = [(net, r) for net in SMALL for r in ((1, 32) if given.quick else (1, 4, 16, 32, 64))]
    if not given.quick:
        plan += [(LARGE[0], 1), (LARGE[0], 4), (LARGE[0], 16), (LARGE[1], 1), (LARGE[1], 4)]
    everything = []
    for (sizes, batch), n_replicas in plan:
        who = contenders(sizes, batch, n_replicas, peers)
        table = summary(measure(who, n_replicas, 3 if given.quick else REPEATS))
        everything.append(
            {"sizes": sizes, "batch": batch, "n_replicas": n_replicas, "figures": table}
        )
        cells = [f"{name} {row['us']:g} ({row['ratio']:g})" for name, row in table.items()]
        print(f"{'-'.join(map(str, sizes))}, {batch}, R={n_replicas}: " + "; ".join(cells))
        sys.stdout.flush()
    if given.json:
        given.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
