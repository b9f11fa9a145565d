"""Effective draws per second: our HMC, NumPyro's NUTS and BlackJAX's HMC on the same posterior.

Prior N(0, 1) on every parameter, tanh, four chains from the same starts, 200 + 200 draws each,
HMC of 20 leapfrog steps a draw.
Effective draws: the bulk ESS of the predictions on 20 training rows (the least, the median), by
our own formula for everyone. Seconds are the processor's, warm-up counted; what compiling takes is
the first call's seconds less the second's.

python tests/benchmarks/samplers.py [PROBLEM ...]
taskset -c 0 ... makes it one thread for everyone. Run it with an interpreter that has the extra
`samplers`: who is missing is named and left out.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

# before NumPy and JAX are imported
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import numpy as np

from overfit_cli.bayes.diagnostics import bulk_ess, r_hat
from overfit_cli.core.network import forward
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stack import Stack
from overfit_cli.experiment.train import stepper_of

CHAINS, WARMUP, SAMPLES, WATCHED, SD = 4, 200, 200, 20, 1.0
# With so narrow a prior short paths are best, for ours and BlackJAX's alike: 100 steps, the
# program's default, are for the wide one of Neal's.
LEAPFROG = 20
PROBLEMS: dict[str, dict[str, Any]] = {
    "neal-binary": {"dataset": "neal-binary", "hidden": [15], "val_size": 0},
    "breast-cancer": {"dataset": "breast-cancer", "hidden": [64]},
}
HMC = {
    "method": "bayes",
    "inference": "hmc",
    "chains": CHAINS,
    "warmup": WARMUP,
    "samples": SAMPLES,
    "leapfrog": LEAPFROG,
    "prior_sd": SD,
    "activation": "tanh",
    "seeds": 1,
}

# seed -> draws (S, R, P) and the gradients that all chains took together
Sampler = Callable[[int], tuple[np.ndarray, int]]


def posed(options: Mapping[str, Any]) -> Stack:
    """Return the program's own stack of four chains on the training rows of seed 0."""
    specs, data = ready(specs_of(parse_options({**HMC, **options})))
    return Stack(tuple(specs), tuple(data))


def starts(stack: Stack) -> np.ndarray:
    """Return where the chains start, (R, P)."""
    replicas = stack.replicas()
    stepper_of(stack, replicas.rows.shape[1])[0].init(replicas)
    return np.asarray(replicas.parameters)


def overfit_hmc(stack: Stack) -> Sampler:
    """Return our sampler as `run` has it; the seed is the run's own."""

    def sample(seed: int) -> tuple[np.ndarray, int]:
        del seed
        replicas = stack.replicas()
        stepper, epochs = stepper_of(stack, replicas.rows.shape[1])
        stepper.init(replicas)
        draws = []
        for epoch in range(1, epochs + 1):
            stepper.advance(replicas, epoch)
            draws.append(replicas.parameters.copy())
        return np.array(draws[WARMUP:]), int(replicas.state["hmc.evaluations"].sum())

    return sample


def log_density(stack: Stack) -> Callable[[Any], Any]:
    """Return the log posterior of flat parameters (P,), in JAX, up to a constant."""
    import jax.numpy as jnp

    (n_inputs, width, _), rows = stack.network.layout.sizes, stack.data[0].train
    x, t = jnp.asarray(rows.inputs, jnp.float32), jnp.asarray(rows.targets[:, 0], jnp.float32)
    cuts = np.cumsum([n_inputs * width, width, width])

    def log_posterior(q: Any) -> Any:
        w, v, b, c = jnp.split(q, cuts)
        z = jnp.tanh(x @ w.reshape(n_inputs, width) + b) @ v + c
        return jnp.sum(t * z - jnp.logaddexp(0, z)) - jnp.sum(q**2) / (2 * SD**2)

    return log_posterior


def numpyro_nuts(stack: Stack) -> Sampler:
    """Return NumPyro's NUTS at its defaults but for the numbers of draws."""
    import jax
    import jax.numpy as jnp
    from numpyro.infer import MCMC, NUTS

    log_posterior, start = log_density(stack), jnp.asarray(starts(stack), jnp.float32)
    sampler = MCMC(
        NUTS(potential_fn=lambda q: -log_posterior(q)),
        num_warmup=WARMUP,
        num_samples=SAMPLES,
        num_chains=CHAINS,
        chain_method="sequential",
        progress_bar=False,
    )

    def sample(seed: int) -> tuple[np.ndarray, int]:
        sampler.run(jax.random.key(seed), init_params=start, extra_fields=("num_steps",))
        draws = np.asarray(sampler.get_samples(group_by_chain=True)).swapaxes(0, 1)
        # warm-up's gradients are not told
        return draws, int(sampler.get_extra_fields()["num_steps"].sum())

    return sample


def blackjax_hmc(stack: Stack) -> Sampler:
    """Return BlackJAX's HMC with its window adaptation, as many leapfrog steps as ours."""
    import blackjax
    import jax
    import jax.numpy as jnp

    log_posterior, start = log_density(stack), jnp.asarray(starts(stack), jnp.float32)
    adaptation = blackjax.window_adaptation(
        blackjax.hmc, log_posterior, num_integration_steps=LEAPFROG
    )

    def chain(key: Any, q: Any) -> Any:
        first, second = jax.random.split(key)
        (state, parameters), _ = adaptation.run(first, q, num_steps=WARMUP)
        kernel = blackjax.hmc(log_posterior, **parameters).step

        def step(state: Any, key: Any) -> Any:
            state, _ = kernel(key, state)
            return state, state.position

        return jax.lax.scan(step, state, jax.random.split(second, SAMPLES))[1]

    # one after another, not vmap: no chain waits for another
    chains = jax.jit(lambda keys, q: jax.lax.map(lambda own: chain(*own), (keys, q)))

    def sample(seed: int) -> tuple[np.ndarray, int]:
        draws = np.asarray(chains(jax.random.split(jax.random.key(seed), CHAINS), start))
        return draws.swapaxes(0, 1), CHAINS * (WARMUP + SAMPLES) * LEAPFROG

    return sample


SAMPLERS: dict[str, tuple[tuple[str, ...], Callable[[Stack], Sampler]]] = {
    "overfit hmc": ((), overfit_hmc),
    "numpyro nuts": (("jax", "numpyro"), numpyro_nuts),
    "blackjax hmc": (("jax", "blackjax"), blackjax_hmc),
}
HEAD = "compile s", "sample s", "gradients", "R-hat", "ESS least", "median", "ESS/s", "all in"


def figures(stack: Stack, sample: Sampler) -> tuple[float, ...]:
    """Return one line under HEAD; ESS/s: the least, without and with what compiling took."""
    seconds = []
    for seed in (1, 2):
        began = time.process_time()
        draws, gradients = sample(seed)
        seconds.append(time.process_time() - began)
    rows = stack.data[0].train.inputs
    flat = draws.reshape(-1, draws.shape[2]).astype(np.float64)
    outputs = forward(stack.network, flat, rows[:: -(-len(rows) // WATCHED)])
    votes = (1 / (1 + np.exp(-outputs[..., 0]))).reshape(SAMPLES, CHAINS, -1)
    size, compiling = bulk_ess(votes), max(0.0, seconds[0] - seconds[1])
    least, middle = float(size.min()), float(np.median(size))
    rates = least / seconds[1], least / (seconds[1] + compiling)
    return compiling, seconds[1], gradients, float(r_hat(votes).max()), least, middle, *rates


def main(names: list[str]) -> None:
    """Print a table for each problem."""
    for name in names or PROBLEMS:
        stack = posed(PROBLEMS[name])
        sizes = "-".join(map(str, stack.network.layout.sizes))
        print(f"\n{name} {sizes}, {len(stack.data[0].train)} rows")
        print(" " * 14 + "".join(f"{word:>11}" for word in HEAD))
        for own, (needs, build) in SAMPLERS.items():
            missing = [need for need in needs if importlib.util.find_spec(need) is None]
            if missing:
                print(f"{own:<14} left out: no {', '.join(missing)} here")
                continue
            line = figures(stack, build(stack))
            print(f"{own:<14}" + "".join(f"{figure:>11.4g}" for figure in line), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
