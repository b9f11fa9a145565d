"""How large sghmc's steps may be before the chains fly apart."""

from __future__ import annotations

import numpy as np

from overfit_cli.bayes.potential import Likelihood
from overfit_cli.bayes.prior import sums_of_squares
from overfit_cli.bayes.step_size import group_steps
from overfit_cli.core.layout import Array


def steepest(likelihood: Likelihood, q: Array) -> Array:
    """Return the largest curvature (R, L) of each layer's likelihood at q (R, P), noise 1.

    `group_steps` knows the curvature c_l in one weight of layer l. Units that rise and fall
    together, as pixels do and what relu units make of them, add up: along their common axis it is
    s_l c_l. s_l is the largest eigenvalue of X'X / n over the mean of its diagonal for inputs X
    (340 of at most 784 for MNIST), and is taken to be n_in for hidden units (measured where chains
    start, on digits and MNIST: 233 to 246 of 256).
    """
    layout = likelihood.network.layout
    sizes = np.array([group.stop - group.start for group in layout.groups])
    own = 1 / np.maximum(sums_of_squares(layout, q) / sizes, np.finfo(np.float64).tiny)
    noise = np.ones((len(q), 1)) if likelihood.is_gaussian else None
    curvature = (1 / group_steps(likelihood, own, noise) ** 2 - own)[:, : layout.n_layers]
    alike = np.tile(np.array(layout.sizes[:-1], np.float64), (len(q), 1))
    alike[:, 0] = _alike(likelihood)
    return np.asarray(np.maximum(curvature, 0) * alike)


def stable_factor(curvature: Array, widths: Array, precision: Array, keep: Array) -> Array:
    """Return the largest factor f (R,) on `widths` (R, G) with which `sghmc.kick` is stable.

    sum_l f^2 widths_l^2 (precision_l + curvature_l) = 2 (1 + m), in all layers L at once.
    curvature (R, L); precision (R, G); keep (R,): m.
    """
    layers = slice(curvature.shape[1])
    total = (widths[:, layers] ** 2 * (precision[:, layers] + curvature)).sum(axis=1)
    return np.asarray(np.sqrt(2 * (1 + keep) / total))


def _alike(likelihood: Likelihood) -> Array:
    """Return s_0 (R,); chains of the same rows share their inputs, and what it costs."""
    known = {id(inputs): inputs for inputs in likelihood.inputs}
    steep = {place: steepness(inputs) for place, inputs in known.items()}
    return np.array([steep[id(inputs)] for inputs in likelihood.inputs])


def steepness(inputs: Array) -> float:
    """Return the largest eigenvalue of X'X / n over its mean diagonal, X (n, D): from 1 to D."""
    n_rows, n_inputs = inputs.shape
    square = float(np.mean(inputs**2))
    if square == 0:
        return 1.0
    gram = inputs.T @ inputs if n_inputs <= n_rows else inputs @ inputs.T
    return float(np.linalg.eigvalsh(gram)[-1] / (n_rows * square))
