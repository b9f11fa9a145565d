"""Posteriors of tiny networks by brute force: loops over rows and settings, no code in common."""

from __future__ import annotations

import itertools
import math

import numpy as np

from overfit_cli.bayes.exact import EXACT, Enumerator
from overfit_cli.bayes.inference import Problem
from overfit_cli.core.ballot import Ballot
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network
from overfit_cli.core.replicas import Replicas

NEW = np.linspace(-2, 2, 9)[:, None]


def tiny(likelihood: str, weights: np.ndarray | None = None) -> Problem:
    """Eleven rows of one input; 4 parameters, or 6 where three classes leave no hidden layer."""
    rng = np.random.default_rng(31)
    x = rng.standard_normal((11, 1))
    sizes = {"bernoulli": (1, 1, 1), "categorical": (1, 3), "gaussian": (1, 1, 1)}[likelihood]
    if likelihood == "bernoulli":
        t = (x + 0.7 * rng.standard_normal((11, 1)) > 0.2).astype(float)
    elif likelihood == "categorical":
        t = np.eye(3)[rng.integers(0, 3, 11)]
    else:
        t = np.tanh(2 * x) + 0.2 * rng.standard_normal((11, 1))
    return Problem(Network(Layout(sizes), "tanh", likelihood), TrainingData(x, t, weights), 11)


def one_replica(problem: Problem) -> Replicas:
    rows = np.arange(problem.n_rows)[None]
    parameters = np.zeros((1, problem.network.layout.n_parameters))
    return Replicas(np.arange(1), [(0, 0)], {}, rows, parameters)


def enumerated(problem: Problem, **settings: float) -> tuple[Ballot, Replicas]:
    """Visit a whole grid; return who votes, and the state."""
    replicas = one_replica(problem)
    sampler = Enumerator(problem, settings)
    sampler.init(replicas)
    for epoch in range(1, int(settings["grid_values"]) + 1):
        sampler.advance(replicas, epoch)
    assert EXACT.voters is not None
    return EXACT.voters(problem.network, replicas.state, settings), replicas


def outputs(sizes: tuple[int, ...], q: tuple[float, ...], x: float) -> list[float]:
    """The network's outputs for one row: weights first, then biases."""
    if len(sizes) == 2:
        return [q[k] * x + q[sizes[1] + k] for k in range(sizes[1])]
    w, v, b, c = q
    return [v * math.tanh(w * x + b) + c]


def log_row(likelihood: str, out: list[float], target: np.ndarray) -> float:
    if likelihood == "bernoulli":
        p = 1 / (1 + math.exp(-out[0]))
        return math.log(p if target[0] else 1 - p)
    total = sum(math.exp(value) for value in out)
    return out[int(np.argmax(target))] - math.log(total)


def by_hand(problem: Problem, values: int, width: float, sd: float) -> dict[str, np.ndarray]:
    """Every setting's parameters, log posterior, prediction on NEW, and noise variance."""
    sizes, likelihood = problem.network.layout.sizes, problem.network.likelihood
    axis = [width * sd * (2 * place / (values - 1) - 1) for place in range(values)]
    share = np.ones(11) if problem.data.weights is None else problem.data.weights
    share = share * ((share > 0).sum() / share.sum())
    rows = list(zip(problem.data.inputs[:, 0], problem.data.targets, share, strict=True))
    found: dict[str, list] = {"q": [], "log_posterior": [], "prediction": [], "noise": []}
    for q in itertools.product(axis, repeat=problem.network.layout.n_parameters):
        log_prior = -sum(value**2 for value in q) / (2 * sd**2)
        if likelihood == "gaussian":
            squares = sum(e * (outputs(sizes, q, x)[0] - t[0]) ** 2 for x, t, e in rows)
            shape = 0.25 + (share > 0).sum() / 2
            rate = 0.25 + squares / 2
            found["noise"].append(rate / (shape - 1))
            log_likelihood = -shape * math.log(rate)
            found["prediction"].append([outputs(sizes, q, x)[0] for x in NEW[:, 0]])
        else:
            log_likelihood = sum(
                e * log_row(likelihood, outputs(sizes, q, x), t) for x, t, e in rows
            )
            first = np.eye(3)[1] if likelihood == "categorical" else np.ones(1)
            found["prediction"].append(
                [math.exp(log_row(likelihood, outputs(sizes, q, x), first)) for x in NEW[:, 0]]
            )
        found["q"].append(q)
        found["log_posterior"].append(log_likelihood + log_prior)
    return {name: np.array(values) for name, values in found.items()}
