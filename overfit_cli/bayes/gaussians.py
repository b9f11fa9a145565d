"""Gaussians about a mode whose precision is a network's curvature plus that of the prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from overfit_cli.bayes import curvature
from overfit_cli.bayes.curvature import Seen
from overfit_cli.core.layout import Array
from overfit_cli.errors import UsageError

# Rounding errors in a matrix whose eigenvalues differ by more hide the smallest ones.
WORST_CONDITION = 1e-13


@dataclass(frozen=True)
class Gaussian:
    """N(mode, S) with S^-1 = sum_t noise_t H_t + diag(precision).

    variances (P,): the diagonal of S. log_det: of S^-1. traces (T,): tr(S H_t). solve(v (P,)):
    S v. draw(z (M, P)): deviations from the mode, made of standard normal z.
    """

    variances: Array
    log_det: float
    traces: Array
    solve: Callable[[Array], Array]
    draw: Callable[[Array], Array]


# Of the prior's precision (P,) and the noise's (T,), which is 1 for classes.
Fit = Callable[[Array, Array], Gaussian]


def diagonal(seen: Seen) -> Fit:
    """Return Gaussians of the curvature's diagonal alone: the parameters are independent."""
    diagonals = curvature.diagonal(seen)

    def fit(precision: Array, noise: Array) -> Gaussian:
        total = noise @ diagonals + precision
        return Gaussian(
            1 / total,
            float(np.log(total).sum()),
            diagonals @ (1 / total),
            lambda v: v / total,
            lambda z: z / np.sqrt(total),
        )

    return fit


def full(seen: Seen) -> Fit:
    """Return Gaussians of the whole matrix; memory grows as P^2, time as P^3."""
    matrices = curvature.full(seen)

    def fit(precision: Array, noise: Array) -> Gaussian:
        total = np.tensordot(noise, matrices, 1)
        total[np.diag_indices_from(total)] += precision
        try:
            factor = np.linalg.cholesky(total)
        except np.linalg.LinAlgError:
            raise singular(precision) from None
        pivots = np.diagonal(factor) ** 2
        refuse_singular(pivots / np.diagonal(total), precision)
        # S = K' K with K the inverse of the Cholesky factor
        root = np.linalg.inv(factor)
        covariance = root.T @ root
        return Gaussian(
            np.diagonal(covariance).copy(),
            float(np.log(pivots).sum()),
            np.tensordot(matrices, covariance, 2),
            lambda v: covariance @ v,
            lambda z: z @ root,
        )

    return fit


def refuse_singular(values: Array, precision: Array) -> None:
    """Raise where the smallest of these eigenvalues, or pivots, is lost beside the largest.

    Raises:
        UsageError: says what to do.
    """
    if not values.min() > WORST_CONDITION * values.max():
        raise singular(precision)


def singular(precision: Array) -> UsageError:
    """Return what to say of a matrix that cannot be inverted; precision: of the prior."""
    return UsageError(
        "laplace: the Hessian at the mode is singular: the data leave some parameters undetermined "
        f"and a prior of standard deviation {precision.min() ** -0.5:.3g} is too wide to settle "
        "them; give a smaller --prior-sd."
    )
