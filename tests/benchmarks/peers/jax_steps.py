"""Training steps of JAX, vmap over networks and scan over steps, timed on request: ../steps.py.

Compilation is not timed: the first call of each problem compiles, and is repeated.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import cache, partial
from itertools import pairwise

os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np

LR, MOMENTUM, KEEP = 0.001, 0.9, 0.5


def loss(parameters, inputs, targets, key, dropout):
    """Return the mean cross-entropy of one network."""
    a = inputs
    for number, (weights, biases) in enumerate(parameters):
        if number:
            a = jax.nn.relu(a)
            if dropout:
                key, own = jax.random.split(key)
                a = a * jax.random.bernoulli(own, KEEP, a.shape)
        a = a @ weights + biases
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(a), targets[:, None], axis=1))


def step(inputs, targets, dropout, state, given):
    """Take one step of one network."""
    parameters, velocity, key = state
    key, own = jax.random.split(key)
    gradient = jax.grad(loss)(parameters, inputs[given], targets[given], own, dropout)
    velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, gradient)
    parameters = jax.tree.map(lambda w, v: w - LR * v, parameters, velocity)
    return (parameters, velocity, key), 0.0


@cache
def problem(sizes, batch, n_replicas, method):
    """Return a compiled run of twenty steps of all networks, and where it starts."""
    rng = np.random.default_rng(0)
    inputs = jnp.asarray(rng.standard_normal((20 * batch, sizes[0])).astype("float32"))
    targets = jnp.asarray(rng.integers(sizes[-1], size=20 * batch))
    parameters = [
        (
            jnp.asarray(
                (rng.standard_normal((n_replicas, a, b)) * np.sqrt(2 / a)).astype("float32")
            ),
            jnp.zeros((n_replicas, b), "float32"),
        )
        for a, b in pairwise(sizes)
    ]
    velocity = jax.tree.map(jnp.zeros_like, parameters)
    keys = jax.random.split(jax.random.PRNGKey(0), n_replicas)
    one = partial(step, inputs, targets, method == "dropout")
    many = jax.jit(jax.vmap(lambda state, order: jax.lax.scan(one, state, order)[0]))
    return many, (parameters, velocity, keys)


def seconds(sizes, batch, n_replicas, method, n_steps):
    """Return the time of about n_steps steps, in whole epochs of 20."""
    many, state = problem(sizes, batch, n_replicas, method)
    rng = np.random.default_rng(1)
    epochs = max(1, n_steps // 20)

    def order():
        rows = [rng.permutation(20 * batch).reshape(20, batch) for _ in range(n_replicas)]
        return jnp.asarray(np.stack(rows))

    jax.block_until_ready(many(state, order()))
    started = time.perf_counter()
    for _ in range(epochs):
        state = many(state, order())
    jax.block_until_ready(state)
    return (time.perf_counter() - started) * n_steps / (20 * epochs)


for line in sys.stdin:
    asked = json.loads(line)
    print(
        seconds(
            tuple(asked["sizes"]),
            asked["batch"],
            asked["n_replicas"],
            asked["method"],
            asked["n_steps"],
        ),
        flush=True,
    )
