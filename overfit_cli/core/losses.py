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
    z, t = _class_by_class(logits), _class_by_class(targets)
    z -= np.maximum.reduce(z, axis=0)
    own = _sum_over_classes(z * t)
    np.exp(z, out=z)
    total = _sum_over_classes(z)
    nll = np.log(total)
    nll -= own
    z /= total
    z -= t
    np.multiply(z, share[:, 0], out=logits.transpose(2, 0, 1))
    return mean_over_rows(nll[..., None], share)


def _log_softmax(logits: Array) -> Array:
    z = _class_by_class(logits)
    z -= np.maximum.reduce(z, axis=0)
    z -= np.log(_sum_over_classes(np.exp(z)))
    return np.moveaxis(z, 0, -1)


def _class_by_class(array: Array) -> Array:
    """Return a copy (K, …) of (…, K): NumPy is slow along a short last axis."""
    return array.transpose(-1, *range(array.ndim - 1)).copy()


def _sum_over_classes(array: Array) -> Array:
    """Return (…) of (K, …), summed from the first class to the last.

    NumPy sums a single row in another order than one among many.
    """
    alone = array[0].size == 1
    total = np.add.accumulate(array, axis=0)[-1] if alone else np.add.reduce(array, axis=0)
    return np.asarray(total)


def _bernoulli(logits: Array, targets: Array, share: Array) -> Array:
    nll = np.logaddexp(0, logits) - targets * logits
    # the logistic function through tanh, which cannot overflow
    logits *= 0.5
    np.tanh(logits, out=logits)
    logits += 1
    logits *= 0.5
    logits -= targets
    logits *= share.swapaxes(1, 2)
    return mean_over_rows(nll, share)


def _log_logistic(logits: Array) -> Array:
    return np.concatenate([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)], axis=-1)


def _gaussian(logits: Array, targets: Array, share: Array) -> Array:
    logits -= targets
    nll = 0.5 * (logits * logits).sum(axis=-1, keepdims=True)
    logits *= share.swapaxes(1, 2)
    return mean_over_rows(nll, share)


def mean_over_rows(nll: Array, share: Array) -> Array:
    """Return (R,), the mean of nll (R, B, 1) with shares (R, 1, B)."""
    # matmul, because the order of its sums does not depend on the other replicas
    return np.asarray(np.matmul(share, nll)[:, 0, 0])


LOSSES = {
    # Bishop 2006, sections 4.3.4, 4.3.2 and 3.1.1. Regression: half the squared error, summed
    # over targets.
    "categorical": Loss(_categorical, _log_softmax),
    "bernoulli": Loss(_bernoulli, _log_logistic),
    "gaussian": Loss(_gaussian, None),
}
