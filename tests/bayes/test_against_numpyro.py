"""Enumeration, HMC and NumPyro's NUTS on one posterior; needs `pip install overfit[samplers]`.

`pytest -m slow tests/bayes/test_against_numpyro.py`
"""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest
from enumerated import NEW, enumerated, tiny
from posteriors import chains, sampled
from test_exact import GRIDS, averaged

from overfit_cli.bayes import Problem
from overfit_cli.core.answers import classify
from overfit_cli.core.network import forward

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("numpyro") is None, reason="needs numpyro"),
]

WITHIN = 0.01


def by_nuts(problem: Problem) -> np.ndarray:
    """Probability of class 1 on NEW: prior and likelihood as NumPyro's distributions."""
    import jax
    import jax.numpy as jnp
    import numpyro
    from numpyro import distributions as dist
    from numpyro.infer import MCMC, NUTS

    n_parameters, is_binary = problem.network.layout.n_parameters, problem.data.targets.shape[1] < 2
    x, labels = problem.data.inputs[:, 0], problem.data.targets
    observed = labels[:, 0] if is_binary else labels.argmax(axis=1)

    def answer(q: jax.Array, x: np.ndarray) -> dist.Distribution:
        if is_binary:
            return dist.Bernoulli(logits=q[1] * jnp.tanh(q[0] * x + q[2]) + q[3])
        return dist.Categorical(logits=jnp.outer(x, q[:3]) + q[3:])

    def model() -> None:
        q = numpyro.sample("q", dist.Normal(0, 1).expand([n_parameters]).to_event(1))
        numpyro.sample("t", answer(q, x), obs=observed)

    settings = {"num_warmup": 500, "num_samples": 3000, "num_chains": 4}
    sampler = MCMC(NUTS(model), **settings, chain_method="vectorized", progress_bar=False)
    sampler.run(jax.random.key(1))
    votes = jax.vmap(lambda q: jnp.exp(answer(q, NEW[:, 0]).log_prob(1)))
    return np.asarray(votes(sampler.get_samples()["q"]).mean(axis=0))


def by_hmc(problem: Problem) -> np.ndarray:
    """Probability of class 1 on NEW: 40 chains of 100 + 200 draws."""
    keys, rows = [(1, chain) for chain in range(40)], np.arange(problem.n_rows)
    stack = chains(problem, keys, np.tile(rows, (len(keys), 1)))
    stack.hyper["prior_sd"] = np.ones(len(keys))
    draws = sampled(problem, stack, 100, 200, 12)
    outputs = forward(problem.network, draws.reshape(-1, draws.shape[2]), NEW)
    log_p = np.asarray(classify(problem.network.likelihood, outputs).log_probabilities)
    return np.asarray(np.exp(log_p).mean(axis=0)[:, 1])


@pytest.mark.parametrize("name", ["bernoulli", "categorical"])
def test_enumeration_hmc_and_nuts_agree(name: str) -> None:
    """On 4 and on 6 parameters, the prior N(0, 1) on each."""
    problem = tiny(name)
    voters, _ = enumerated(problem, **GRIDS[name])
    found = {
        "exact": averaged(problem.network, voters),
        "hmc": by_hmc(problem),
        "nuts": by_nuts(problem),
    }
    for one, other in itertools.combinations(found, 2):
        gap = np.abs(found[one] - found[other]).max()
        print(f"{name}: {one} - {other}: {gap:.4f}")
        assert gap < WITHIN, (one, other)
