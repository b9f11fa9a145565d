"""Likelihoods: the mean negative log likelihood of a batch and its gradient in the logits.

Targets are one array (R, B, K) for all of them: one-hot rows, zeros and ones, or real numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from overfit_cli.core.layout import Array


@dataclass(frozen=True)
class Loss:
    """What one likelihood needs.

    gradient(logits, targets, share): returns the weighted nll (R,) and overwrites `logits`
    (R, B, K) by its gradient; share (R, 1, B) holds each row's part of the mean (summing to 1).
    log_probabilities(logits): (…, K) -> log class probabilities (…, max(K, 2)); None for
    regression.
    """

    gradient: Callable[[Array, Array, Array], Array]
    log_probabilities: Callable[[Array], Array] | None


def _categorical(logits: Array, targets: Array, share: Array) -> Array:
    # one class after another, (R, K, B): NumPy's reductions of a short last axis are slow; sums
    # over classes by matmul, for the same reason
    z = np.ascontiguousarray(logits.swapaxes(1, 2))
    t = np.ascontiguousarray(targets.swapaxes(1, 2))
    ones = np.ones((1, z.shape[1]), z.dtype)
    z -= np.maximum.reduce(z, axis=1, keepdims=True)
    own = np.matmul(ones, z * t)
    np.exp(z, out=z)
    total = np.matmul(ones, z)
    nll = np.log(total)
    nll -= own
    z /= total
    z -= t
    z *= share
    logits[...] = z.swapaxes(1, 2)
    return _mean(nll.swapaxes(1, 2), share)


def _log_softmax(logits: Array) -> Array:
    # one class after another, as above
    z = np.ascontiguousarray(logits.swapaxes(-1, -2))
    z -= z.max(axis=-2, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=-2, keepdims=True))
    return z.swapaxes(-1, -2)


def _bernoulli(logits: Array, targets: Array, share: Array) -> Array:
    nll = np.logaddexp(0, logits) - targets * logits
    # the logistic function through tanh, which cannot overflow
    logits *= 0.5
    np.tanh(logits, out=logits)
    logits += 1
    logits *= 0.5
    logits -= targets
    logits *= share.swapaxes(1, 2)
    return _mean(nll, share)


def _log_logistic(logits: Array) -> Array:
    return np.concatenate([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)], axis=-1)


def _gaussian(logits: Array, targets: Array, share: Array) -> Array:
    logits -= targets
    nll = 0.5 * (logits * logits).sum(axis=-1, keepdims=True)
    logits *= share.swapaxes(1, 2)
    return _mean(nll, share)


def _mean(nll: Array, share: Array) -> Array:
    # matmul, because the order of its sums does not depend on the other replicas
    return np.asarray(np.matmul(share, nll)[:, 0, 0])


LOSSES = {
    # Bishop 2006, sections 4.3.4, 4.3.2 and 3.1.1. Regression: half the squared error, summed
    # over targets.
    "categorical": Loss(_categorical, _log_softmax),
    "bernoulli": Loss(_bernoulli, _log_logistic),
    "gaussian": Loss(_gaussian, None),
}
