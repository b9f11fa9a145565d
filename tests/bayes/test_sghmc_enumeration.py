"""SGHMC against the posterior of tiny networks by enumeration, warm and cold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from enumerated import NEW, enumerated, tiny
from posteriors import chains
from test_exact import GRIDS, averaged

from overfit_cli.bayes import Problem
from overfit_cli.bayes.sghmc import StochasticSampler
from overfit_cli.core.answers import classify
from overfit_cli.core.network import forward


@pytest.mark.parametrize(
    ("name", "batch_size", "cold"),
    [
        ("bernoulli", None, 1.0),
        ("bernoulli", 8, 1.0),
        pytest.param("categorical", None, 1.0, marks=pytest.mark.slow),
        pytest.param("categorical", 8, 1.0, marks=pytest.mark.slow),
        # the other posterior has modes between which cold chains do not go
        pytest.param("categorical", None, 0.2, marks=pytest.mark.slow),
    ],
)
def test_sghmc_agrees_with_enumeration(name: str, batch_size: int | None, cold: float) -> None:
    """Identity 8: predictive probabilities within .01, the prior N(0, 1) on every parameter."""
    problem = tiny(name)
    problem = Problem(problem.network, problem.data, problem.n_rows, batch_size)
    voters, _ = enumerated(problem, **GRIDS[name])
    warm, log_weights = averaged(problem.network, voters), voters.log_weights / cold
    voters = replace(voters, log_weights=log_weights - np.logaddexp.reduce(log_weights))
    expected = averaged(problem.network, voters)
    assert cold == 1 or np.abs(expected - warm).max() > 0.03
    n_chains = 80
    rows = np.tile(np.arange(11), (n_chains, 1))
    stack = chains(problem, [(1, c) for c in range(n_chains)], rows)
    for key, value in {"prior_sd": 1.0, "step_size": 0.8, "momentum": 0.8}.items():
        stack.hyper[key] = np.full(n_chains, value)
    # each cycle starts to sample from near a mode, and has to forget it
    thin = 48 if name == "bernoulli" else 96 if cold == 1 else 192
    settings = {"warmup": 8, "samples": 48, "cycles": 2, "thin": thin, "temperature": cold}
    sampler = StochasticSampler(problem, settings)
    sampler.init(stack)
    total = np.zeros(len(NEW))
    for draw in range(1, 49):
        sampler.advance(stack, draw)
        outputs = forward(problem.network, stack.parameters, NEW)
        log_p = np.asarray(classify(name, outputs).log_probabilities)
        total += np.exp(log_p)[..., 1].mean(axis=0) / 48
    assert np.abs(total - expected).max() < 0.01
