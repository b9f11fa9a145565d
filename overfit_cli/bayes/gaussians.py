"""Gaussians about a mode whose precision is a network's curvature plus that of the prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from overfit_cli.bayes import curvature
from overfit_cli.bayes.curvature import Seen
from overfit_cli.core.layout import Array

# Rounding errors in a matrix whose eigenvalues differ by more hide the smallest ones.
WORST_CONDITION = 1e-13


class SingularError(Exception):
    """The precision of a Gaussian cannot be inverted; prior_sd: the prior's, where it is widest."""

    def __init__(self, prior_sd: float):
        super().__init__(
            "laplace: the Hessian at the mode is singular: the data leave some parameters "
            f"undetermined and a prior of standard deviation {prior_sd:.3g} is too wide to settle "
            "them; give a smaller --prior-sd."
        )
        self.prior_sd = prior_sd


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
        if not np.isfinite(total).all():
            raise np.linalg.LinAlgError("a Hessian that is not finite")
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
        SingularError: says what to do; precision: of the prior.
    """
    if not values.min() > WORST_CONDITION * values.max():
        raise singular(precision)


def singular(precision: Array) -> SingularError:
    """Return what to raise where a prior of this precision does not settle the parameters."""
    return SingularError(float(precision.min() ** -0.5))
