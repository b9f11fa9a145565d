"""Is it the sampler or the data? Neal's problem, seeds 0 and 1, by HMC and by NumPyro's NUTS.

On the 300 rows of these seeds HMC ends .026 to .031 nats above the truth, on Neal's own rows .01.
If that were the sampler's fault, another one on the same posterior would come nearer. Two minutes
a seed on a quiet core; needs `pip install overfit[samplers]`.

`pytest -m slow -s tests/bayes/test_neal_against_numpyro.py`
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from test_neal_hmc import N_TRAIN, Rows, above_truth, excess, generated

from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("numpyro") is None, reason="needs numpyro"),
]

WIDTH, HIDDEN = 0.05, 15
# four times the standard error of the difference, from the chains' own spread
WITHIN = 0.008


def drawn_by_nuts(train: Rows, scale: Rows) -> np.ndarray:
    """Draw (S, P) from the posterior with the precisions integrated out: Student's t per group."""
    import jax
    import jax.numpy as jnp
    from numpyro.infer import MCMC, NUTS

    x, t = jnp.asarray((train[0] - scale[0]) / scale[1]), jnp.asarray(train[1])

    def student(q: jax.Array, width: float) -> jax.Array:
        return (0.25 + q.size / 2) * jnp.log(0.25 * width**2 + jnp.sum(q**2) / 2)

    def potential(q: jax.Array) -> jax.Array:
        w, v, b, c = q[:30], q[30:45], q[45:60], q[60]
        z = jnp.tanh(x @ w.reshape(2, HIDDEN) + b) @ v + c
        prior = student(w, WIDTH) + student(v, WIDTH / HIDDEN**0.5) + student(b, WIDTH)
        return jnp.sum(jnp.logaddexp(0, z) - t * z) + prior + c**2 / 20_000

    sampler = MCMC(
        NUTS(potential_fn=potential, max_tree_depth=8),
        num_warmup=200,
        num_samples=200,
        num_chains=4,
        chain_method="sequential",
        progress_bar=False,
    )
    start = np.random.default_rng(9).standard_normal((4, 61)) * 0.7
    start[:, 60] = 0
    sampler.run(jax.random.key(9), init_params=jnp.asarray(start))
    return np.asarray(sampler.get_samples(), np.float64)


@pytest.mark.parametrize("seed", [0, 1])
def test_an_independent_sampler_is_as_far_from_the_truth_on_these_rows(seed: int) -> None:
    train, test = generated(seed, 0, N_TRAIN), generated(seed, 1, 10_000)
    scale = train[0].mean(axis=0), train[0].std(axis=0)
    network = Network(Layout((2, HIDDEN, 1)), "tanh", "bernoulli")
    nuts = above_truth(network, drawn_by_nuts(train, scale), scale, test)
    (hmc,) = excess([train], range(seed, seed + 1))
    print(f"seed {seed}, nats above the truth: NUTS {nuts:.4f}, HMC {hmc:.4f}")
    assert abs(nuts - hmc) < WITHIN
