"""Leapfrog steps, and the Metropolis test that makes a draw of a trajectory's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.hooks import Streams
from overfit_cli.core.layout import Array

DIVERGENT = 1000.0


@dataclass(frozen=True)
class Potential:
    """U(q) for q (R, P): the negative log density of R chains, up to a constant.

    value(q) -> (R,). gradient(q) -> (R, P), which the next call may overwrite. The gradient may
    be in single precision: leapfrog steps along any function of q keep volume and can be run
    backwards, so that the Metropolis test on the exact value makes the draws exact.
    """

    value: Callable[[Array], Array]
    gradient: Callable[[Array], Array]


@dataclass(frozen=True)
class Move:
    """One draw of every chain.

    q (R, P); potential (R,) at q; acceptance (R,): min(1, exp(-dH)), 0 where the trajectory
    diverged; divergent (R,): |dH| > 1000 or not finite.
    """

    q: Array
    potential: Array
    acceptance: Array
    divergent: NDArray[np.bool_]


def leapfrog(
    potential: Potential, q: Array, p: Array, step: Array, n_steps: int
) -> tuple[Array, Array]:
    """Return q, p (R, P) after `n_steps` steps of size `step` (R, P) of Hamilton's equations.

    p <- p - step/2 grad U(q); q <- q + step p; p <- p - step/2 grad U(q), the half steps in
    between joined. A step per parameter with unit masses amounts to a mass per parameter (Neal
    2011, sections 2.3 and 4.1). The arguments are not changed.
    """
    q, p, half, room = q.copy(), p.copy(), step / 2, np.empty_like(q)
    p -= np.multiply(half, potential.gradient(q), out=room)
    for number in range(1, n_steps + 1):
        q += np.multiply(step, p, out=room)
        gradient = potential.gradient(q)
        p -= np.multiply(step if number < n_steps else half, gradient, out=room)
    return q, p


def move(
    potential: Potential, q: Array, step: Array, n_steps: int, momentum: Streams, accept: Streams
) -> Move:
    """Draw momenta N(0, 1), follow a trajectory, accept its end with probability exp(-dH).

    H = U(q) + |p|^2 / 2 (Neal 2011, section 3.2). A divergent trajectory is a rejection.
    """
    p = np.stack([rng.standard_normal(q.shape[1]) for rng in momentum])
    uniform = np.array([rng.random() for rng in accept])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        start = potential.value(q)
        end_q, end_p = leapfrog(potential, q, p, step, n_steps)
        end = potential.value(end_q)
        error = (end - start) + (inner(end_p, end_p) - inner(p, p)) / 2
    # comparisons with NaN are false
    divergent = ~(np.abs(error) <= DIVERGENT)
    acceptance = np.where(divergent, 0.0, np.exp(-np.clip(error, 0, DIVERGENT)))
    accepted = uniform < acceptance
    return Move(
        np.where(accepted[:, None], end_q, q),
        np.where(accepted, end, start),
        acceptance,
        divergent,
    )


def inner(left: Array, right: Array) -> Array:
    """Return the inner products (R,) of the rows of two (R, n).

    matmul, because the order of its sums does not depend on the other replicas.
    """
    return np.asarray(np.matmul(left[:, None, :], right[:, :, None])[:, 0, 0])
