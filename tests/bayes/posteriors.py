"""Small posteriors, and the stack of chains that samples them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from overfit_cli.bayes.hmc import HamiltonianSampler
from overfit_cli.bayes.inference import Problem
from overfit_cli.bayes.leapfrog import Potential
from overfit_cli.bayes.potential import Likelihood
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, initial_parameters
from overfit_cli.core.replicas import Replicas

SIZES = {"bernoulli": (2, 5, 1), "categorical": (3, 5, 4, 3), "gaussian": (3, 5, 2)}


def small_problem(
    likelihood: str, n_rows: int = 22, weights: np.ndarray | None = None, n_sets: int = 1
) -> Problem:
    """Random rows; n_sets data sets one after another."""
    rng = np.random.default_rng(11)
    sizes, total = SIZES[likelihood], n_rows * n_sets
    inputs = rng.standard_normal((total, sizes[0]))
    if likelihood == "bernoulli":
        targets = (inputs[:, :1] + rng.standard_normal((total, 1)) > 0).astype(float)
    elif likelihood == "categorical":
        targets = np.eye(sizes[-1])[rng.integers(0, sizes[-1], total)]
    else:
        targets = np.tanh(inputs[:, :2]) + 0.3 * rng.standard_normal((total, 2))
    network = Network(Layout(sizes), "tanh", likelihood)
    return Problem(network, TrainingData(inputs, targets, weights), n_rows)


@dataclass(frozen=True)
class Fixture:
    """A likelihood of three chains, a potential over it, and parameters q (3, P)."""

    likelihood: Likelihood
    potential: Potential
    precision: np.ndarray
    noise_precision: np.ndarray | None
    q: np.ndarray


def small_likelihood(
    name: str, dtype: Any = np.float64, weights: np.ndarray | None = None
) -> Fixture:
    problem, rng = small_problem(name, weights=weights), np.random.default_rng(12)
    rows = np.array([rng.permutation(22)[:17] for _ in range(3)])
    likelihood = Likelihood(problem, rows, dtype)
    layout = problem.network.layout
    precision = rng.uniform(0.5, 2, (3, layout.n_parameters))
    noise = rng.uniform(0.5, 4, (3, 2)) if name == "gaussian" else None
    q = rng.standard_normal((3, layout.n_parameters)) * 0.7
    return Fixture(likelihood, likelihood.potential(precision, noise), precision, noise, q)


def chains(
    problem: Problem, keys: list[tuple[int, int]], rows: np.ndarray, width: float = 0.05
) -> Replicas:
    """Chains with these keys and training rows, at their initial parameters."""
    parameters = initial_parameters(problem.network, keys, np.dtype(np.float64))
    hyper = {"prior_width": np.full(len(keys), width)}
    return Replicas(np.arange(len(keys)), keys, hyper, rows, parameters)


def sampled(
    problem: Problem,
    replicas: Replicas,
    warmup: int,
    samples: int,
    leapfrog: int,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Run the sampler; return the counted draws (S, R, P). `replicas` keeps its last state."""
    settings = {"warmup": warmup, "samples": samples, "leapfrog": leapfrog}
    sampler = HamiltonianSampler(problem, settings)
    sampler.init(replicas)
    if start is not None:
        replicas.parameters[...] = start
    draws = []
    for epoch in range(1, warmup + samples + 1):
        sampler.advance(replicas, epoch)
        draws.append(replicas.parameters.copy())
    return np.array(draws[warmup:])
