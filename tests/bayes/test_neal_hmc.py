"""Neal's binary problem: nats above the truth's own nll on 10,000 fresh rows. `pytest -m slow`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from posteriors import chains, sampled

from overfit_cli.bayes import Problem
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.data.synthetic import neal_binary
from overfit_cli.rng import stream

N_TRAIN, N_CHAINS, SEEDS = 300, 4, range(5)
Rows = tuple[np.ndarray, np.ndarray]


def generated(seed: int, part: int, n: int) -> Rows:
    inputs, target = neal_binary({}).draw(stream(seed, "generator", 0, part), n)
    return inputs, target


def published() -> Rows:
    """The 300 training rows of Neal's own example."""
    folder = os.environ.get("OVERFIT_DATA")
    if not folder:
        pytest.skip("OVERFIT_DATA is not set: no fbm/binary.csv")
    table = np.loadtxt(Path(folder) / "fbm" / "binary.csv", delimiter=",", skiprows=1)[:N_TRAIN]
    return table[:, :2], table[:, 2]


def excess(train: list[Rows], seeds: range) -> list[float]:
    """Sample 4 chains per seed, 200 + 200 draws of 100 steps; score the averaged probabilities."""
    network = Network(Layout((2, 15, 1)), "tanh", "bernoulli")
    scales = [(inputs.mean(axis=0), inputs.std(axis=0)) for inputs, _ in train]
    inputs = np.concatenate([(x - m) / s for (x, _), (m, s) in zip(train, scales, strict=True)])
    targets = np.concatenate([t for _, t in train]).astype(float)[:, None]
    keys = [(seed, chain) for seed in seeds for chain in range(N_CHAINS)]
    rows = np.repeat(np.arange(len(inputs)).reshape(len(train), -1), N_CHAINS, axis=0)
    problem = Problem(network, TrainingData(inputs, targets, None), N_TRAIN)
    draws = sampled(problem, chains(problem, keys, rows), 200, 200, 100)
    found = []
    for place, seed in enumerate(seeds):
        own = draws[:, place * N_CHAINS : (place + 1) * N_CHAINS].reshape(-1, 61)
        found.append(above_truth(network, own, scales[place], generated(seed, 1, 10_000)))
    return found


def above_truth(network: Network, draws: np.ndarray, scale: Rows, test: Rows) -> float:
    x, t = test
    total = np.zeros(len(x))
    for draw in draws:
        total += 1 / (1 + np.exp(-forward(network, draw[None], (x - scale[0]) / scale[1])[0, :, 0]))
    truth = np.exp(-(((x[:, 0] - 0.4) ** 2 + (x[:, 1] + 0.3) ** 2) ** 2))
    return _nll(total / len(draws), t) - _nll(truth, t)


def _nll(p: np.ndarray, t: np.ndarray) -> float:
    return float(-np.log(np.where(t == 1, p, 1 - p)).mean())


@pytest.mark.slow
def test_fresh_training_rows_for_every_seed() -> None:
    found = excess([generated(seed, 0, N_TRAIN) for seed in SEEDS], SEEDS)
    assert np.mean(found) < 0.02, found


@pytest.mark.slow
def test_neals_own_training_rows() -> None:
    found = excess([published() for _ in SEEDS], SEEDS)
    assert max(found) < 0.02, found
