"""The marginal likelihood of a Gaussian approximation, and the precisions that raise it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overfit_cli.bayes.gaussians import Gaussian
from overfit_cli.core.layout import Array, Layout

LOWEST, HIGHEST = 1e-8, 1e8


@dataclass(frozen=True)
class Precisions:
    """Of the prior, one per group (G,), and of the noise, one per target (T,); 1 for classes."""

    prior: Array
    noise: Array


def log_evidence(
    objective: float, gaussian: Gaussian, precision: Array, noise: Array | None, n_rows: int
) -> float:
    """Return log p(D) in nats: of class labels, or of standardised targets.

    objective: -log p(D | mode) + sum_i precision_i mode_i^2 / 2 less the constants of a Gaussian
    likelihood; precision (P,); noise (T,), None for classes.
    log p(D | mode) + log p(mode) + P/2 log 2 pi - log|S^-1| / 2 (MacKay 1992; Bishop 2006, 4.137).
    """
    total = -objective + np.log(precision).sum() / 2 - gaussian.log_det / 2
    if noise is not None:
        total += n_rows / 2 * np.log(noise / (2 * np.pi)).sum()
    return float(total)


def determined(layout: Layout, gaussian: Gaussian, prior: Array) -> Array:
    """Return gamma (G,): how many parameters of each group the data determine.

    n_g - precision_g tr(S_gg) (MacKay 1992, "Bayesian interpolation", section 4.4).
    """
    own = [
        group.stop - group.start - precision * gaussian.variances[group].sum()
        for group, precision in zip(layout.groups, prior, strict=True)
    ]
    return np.array(own).clip(0)


def raised(
    layout: Layout,
    gaussian: Gaussian,
    now: Precisions,
    mode: Array,
    residual_squares: Array | None,
    n_rows: int,
    fixed_prior: bool,
) -> Precisions:
    """Return one step of MacKay's fixed point: gamma / |mode|^2, (N - noise tr(S H)) / residuals.

    All groups have one precision. With one per layer the step has no fixed point in a network of
    relu or identity units: W1 c, W2 / c compute the same, so that a mode balances the layers'
    precision |w|^2, which the step would set to their gammas; precisions ran away, with tanh too,
    and the evidence fell. residual_squares (T,): None for classes.
    """
    gamma = determined(layout, gaussian, now.prior)
    squares = np.array([mode[group] @ mode[group] for group in layout.groups])
    prior = now.prior if fixed_prior else limited(_pooled(gamma), _pooled(squares))
    if residual_squares is None:
        return Precisions(prior, now.noise)
    free = (n_rows - now.noise * gaussian.traces).clip(1)
    return Precisions(prior, limited(free, residual_squares))


def at_its_limit(precisions: Array) -> bool:
    """Whether one of them was clipped: the evidence would have it lower, or higher, still."""
    return bool(((precisions <= LOWEST) | (precisions >= HIGHEST)).any())


def _pooled(values: Array) -> Array:
    return np.full_like(values, values.sum())


def limited(numerator: Array | float, denominator: Array) -> Array:
    """Return the precision numerator / denominator, within LOWEST and HIGHEST."""
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.clip(numerator / np.maximum(denominator, tiny), LOWEST, HIGHEST))
