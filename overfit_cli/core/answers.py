"""From logits to predictive distributions, and the average of many of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overfit_cli.core.layout import Array
from overfit_cli.core.losses import LOSSES


@dataclass(frozen=True)
class Units:
    """How standardised regression targets relate to their own units: t = mean + scale * z, (T,)."""

    mean: Array
    scale: Array


@dataclass(frozen=True)
class Answer:
    """Predictive distributions for n rows, leading axes first: (…, n, K) or (…, n, T).

    Classification: log_probabilities. Regression, in the target's own units: mean, standard
    deviation, and log_density (…, n) of the targets that were given.
    """

    log_probabilities: Array | None = None
    mean: Array | None = None
    sd: Array | None = None
    log_density: Array | None = None


def classify(likelihood: str, logits: Array) -> Answer:
    """Return class log probabilities (…, n, K) of logits; two classes come from one logit."""
    log_probabilities = LOSSES[likelihood].log_probabilities
    if log_probabilities is None:
        raise TypeError(f"likelihood {likelihood} has no classes")
    return Answer(log_probabilities=log_probabilities(logits))


def regress(
    outputs: Array, noise_variance: Array, units: Units, targets: Array | None = None
) -> Answer:
    """Return Normal distributions in the target's own units.

    outputs (R, n, T) and noise_variance (R, T) in standardised units; targets (n, T) in their own.
    log N(t; m, s^2) is summed over targets, so that a density is per row.
    """
    mean = outputs.astype(np.float64) * units.scale + units.mean
    sd = np.sqrt(noise_variance)[:, None] * units.scale + np.zeros_like(mean)
    density = None
    if targets is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            standardised = (targets - mean) / sd
            rows = -0.5 * standardised**2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        density = rows.sum(axis=-1)
    return Answer(mean=mean, sd=sd, log_density=density)


def log_mean_exp(values: Array, log_weights: Array) -> Array:
    """Return log sum_m w_m exp(values_m) / sum_m w_m over the first axis, stably.

    A single finite term comes back as it is, bit for bit.
    """
    if len(values) == 1:
        return np.asarray(values[0])
    weights = log_weights - _log_sum(log_weights)
    shifted = values + weights.reshape(-1, *[1] * (values.ndim - 1))
    top = shifted.max(axis=0)
    safe = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return np.asarray(safe + np.log(np.exp(shifted - safe).sum(axis=0)))


def average(answer: Answer, log_weights: Array) -> Answer:
    """Average over the first axis: probabilities and Normal densities, never their logarithms.

    The mean and variance of a mixture of Normals: m = sum w m_i, s^2 = sum w (s_i^2 + m_i^2) - m^2.
    """
    if answer.log_probabilities is not None:
        return Answer(log_probabilities=log_mean_exp(answer.log_probabilities, log_weights))
    if answer.mean is None or answer.sd is None:
        raise TypeError("an answer has either probabilities or a mean and a standard deviation")
    weights = np.exp(log_weights - _log_sum(log_weights)).reshape(-1, 1, 1)
    mean = (weights * answer.mean).sum(axis=0)
    variance = (weights * (answer.sd**2 + (answer.mean - mean) ** 2)).sum(axis=0)
    density = answer.log_density
    return Answer(
        mean=mean,
        sd=np.sqrt(variance),
        log_density=None if density is None else log_mean_exp(density, log_weights),
    )


def pool(earlier: Answer, latest: Answer, log_weights: Array) -> Answer:
    """Return the average of two averages with log weights (2,)."""
    pairs = {
        name: np.stack([before, after])
        for name in ("log_probabilities", "mean", "sd", "log_density")
        if (before := getattr(earlier, name)) is not None
        and (after := getattr(latest, name)) is not None
    }
    return average(Answer(**pairs), log_weights)


def _log_sum(log_weights: Array) -> float:
    top = log_weights.max()
    return float(top + np.log(np.exp(log_weights - top).sum()))
