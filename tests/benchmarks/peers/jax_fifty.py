"""The fifty trainings of ../fifty.py in JAX: ten networks at a time, one compiled scan a method."""

from __future__ import annotations

import os

os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)
os.environ["JAX_PLATFORMS"] = "cpu"

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits

SEEDS, EPOCHS, BATCH, N_TRAIN, N_VAL = 10, 50, 32, 400, 360
LR, MOMENTUM, KEEP = 0.05, 0.9, 0.5


def logits(parameters, inputs, key=None):
    """Return the logits of one network; with a key, through its thinned hidden layer."""
    (first, first_biases), (last, last_biases) = parameters
    hidden = jax.nn.relu(inputs @ first + first_biases)
    if key is not None:
        hidden = hidden * jax.random.bernoulli(key, KEEP, hidden.shape) / KEEP
    return hidden @ last + last_biases


def loss(method, parameters, inputs, targets, key):
    """Return the penalised mean cross-entropy of a minibatch."""
    outputs = logits(parameters, inputs, key if method == "dropout" else None)
    own = jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[:, None], axis=1)
    weights = [layer[0] for layer in parameters]
    if method == "l1":
        return -own.mean() + 1e-4 * sum(jnp.abs(w).sum() for w in weights)
    if method == "l2":
        return -own.mean() + 0.5e-3 * sum((w * w).sum() for w in weights)
    return -own.mean()


def shorten(weights):
    """Return weights whose columns are no longer than 3."""
    norm = jnp.maximum(jnp.linalg.norm(weights, axis=0, keepdims=True), 1e-12)
    return weights * jnp.minimum(3 / norm, 1)


def scores(parameters, inputs, targets):
    """Return nll and error."""
    log_p = jax.nn.log_softmax(logits(parameters, inputs))
    own = jnp.take_along_axis(log_p, targets[:, None], axis=1)
    return -own.mean(), (log_p.argmax(axis=1) != targets).mean()


def step(method, inputs, targets, state, rows):
    """Take one step of one network."""
    parameters, velocity, key = state
    key, own = jax.random.split(key)
    slope = jax.grad(partial(loss, method))(parameters, inputs[rows], targets[rows], own)
    velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, slope)
    parameters = jax.tree.map(lambda w, v: w - LR * v, parameters, velocity)
    if method == "max-norm":
        parameters = [(shorten(weights), biases) for weights, biases in parameters]
    return (parameters, velocity, key), None


def epoch(method, train, val, state, order):
    """Train one network for one epoch, and score it."""
    full = N_TRAIN // BATCH * BATCH
    take = partial(step, method, *train)
    state, _ = jax.lax.scan(take, state, order[:full].reshape(-1, BATCH))
    state, _ = take(state, order[full:])
    return state, (scores(state[0], *train), scores(state[0], *val))


def curves(method, train, val, orders, parameters, key):
    """Train one network from these parameters, in these orders (EPOCHS, N_TRAIN)."""
    state = parameters, jax.tree.map(jnp.zeros_like, parameters), key
    return jax.lax.scan(partial(epoch, method, train, val), state, orders)


def parts(inputs, targets, seed):
    """Return training and validation rows of one seed."""
    order = np.random.default_rng(seed).permutation(len(inputs))
    train, val = order[:N_TRAIN], order[N_TRAIN : N_TRAIN + N_VAL]
    return (inputs[train], targets[train]), (inputs[val], targets[val])


def main():
    """Train ten networks by each method."""
    inputs, targets = load_digits(return_X_y=True)
    inputs = (inputs / 16).astype("float32")
    own = [parts(inputs, targets, seed) for seed in range(SEEDS)]
    train, val = (jax.tree.map(lambda *a: jnp.stack(a), *side) for side in zip(*own, strict=True))
    # drawn by NumPy: XLA takes seconds to compile a sort, or Normal numbers
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(np.arange(N_TRAIN), (SEEDS, EPOCHS, 1)), axis=2)
    parameters = [
        (jnp.asarray(weights, "float32") * np.sqrt(2 / weights.shape[1]), jnp.zeros((SEEDS, n)))
        for n in (100, 10)
        for weights in [rng.standard_normal((SEEDS, 64 if n == 100 else 100, n))]
    ]
    keys = jax.random.split(jax.random.PRNGKey(0), SEEDS)
    for method in ("none", "dropout", "l1", "l2", "max-norm"):
        compiled = jax.jit(jax.vmap(partial(curves, method)))
        jax.block_until_ready(compiled(train, val, orders, parameters, keys))


main()
