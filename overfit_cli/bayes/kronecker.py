"""The Gaussian of Kronecker-factored curvature: one matrix-normal block per layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from overfit_cli.bayes import curvature
from overfit_cli.bayes.curvature import Seen
from overfit_cli.bayes.gaussians import Fit, Gaussian, refuse_singular
from overfit_cli.core.layout import Array, Layout


@dataclass(frozen=True)
class Block:
    """The precision (s x I)(U x V) diag(total) (U x V)'(s x I) of one layer's (in + 1, out).

    s (in + 1,): roots of the prior's precisions, so that A x B + s^2 x I keeps its eigenvectors
    whatever the precisions of weights and biases. total (in + 1, out) = 1 + eigenvalues of the
    scaled A times those of B. traces (T,): tr(S H_t).
    """

    scale: Array
    left: Array
    right: Array
    total: Array
    traces: Array

    @classmethod
    def of(cls, inner: Array, outer: Array, precision: Array, noise: Array) -> Block:
        """inner (in + 1, in + 1), outer (T, out, out), precision (in + 1,), noise (T,)."""
        scale = np.sqrt(precision)[:, None]
        a, left = np.linalg.eigh(inner / (scale * scale.T))
        b, right = np.linalg.eigh(np.tensordot(noise, outer, 1))
        # rounding leaves tiny negative eigenvalues
        total = 1 + np.outer(a.clip(0), b.clip(0))
        refuse_singular(total, precision)
        turned = np.diagonal(right.T @ outer @ right, axis1=1, axis2=2)
        traces = turned @ (a.clip(0)[:, None] / total).sum(axis=0)
        return cls(scale, left, right, total, traces)

    @property
    def variances(self) -> Array:
        """The diagonal of S, (in + 1, out)."""
        return self.left**2 @ (1 / self.total) @ (self.right**2).T / self.scale**2

    @property
    def log_det(self) -> float:
        """Of S^-1."""
        n_outputs = self.total.shape[1]
        return float(np.log(self.total).sum() + 2 * n_outputs * np.log(self.scale).sum())

    def solve(self, v: Array) -> Array:
        """Return S v, (…, in + 1, out)."""
        turned = self.left.T @ (v / self.scale) @ self.right
        return np.asarray(self.left @ (turned / self.total) @ self.right.T / self.scale)

    def draw(self, z: Array) -> Array:
        """Return deviations (…, in + 1, out)."""
        shrunk = z / np.sqrt(self.total)
        return np.asarray(self.left @ shrunk @ self.right.T / self.scale)


def kfac(seen: Seen) -> Fit:
    """Return Gaussians of each layer's Kronecker factors (Ritter, Botev & Barber 2018)."""
    layout, (inner, outer) = seen.network.layout, curvature.kronecker(seen)

    def fit(precision: Array, noise: Array) -> Gaussian:
        # of one layer's weights, and of its biases, all have the same
        rows = [matrix[0, :, 0] for matrix in layers(layout, precision[None])]
        blocks = [Block.of(a, b, own, noise) for a, b, own in zip(inner, outer, rows, strict=True)]

        def solve(v: Array) -> Array:
            pairs = zip(blocks, layers(layout, v[None]), strict=True)
            return np.asarray(flat(layout, [block.solve(own) for block, own in pairs])[0])

        def draw(z: Array) -> Array:
            pairs = zip(blocks, layers(layout, z), strict=True)
            return flat(layout, [block.draw(own) for block, own in pairs])

        return Gaussian(
            flat(layout, [block.variances[None] for block in blocks])[0],
            sum(block.log_det for block in blocks),
            np.sum([block.traces for block in blocks], axis=0),
            solve,
            draw,
        )

    return fit


def layers(layout: Layout, vectors: Array) -> list[Array]:
    """Return each layer's (M, in + 1, out), the biases in the last row, of vectors (M, P)."""
    pairs = zip(*layout.views(vectors), strict=True)
    return [np.concatenate([weights, biases], axis=1) for weights, biases in pairs]


def flat(layout: Layout, matrices: list[Array]) -> Array:
    """Return the vectors (M, P) of `layers`."""
    vectors = np.empty((len(matrices[0]), layout.n_parameters))
    for matrix, weights, biases in zip(matrices, *layout.views(vectors), strict=True):
        weights[...], biases[...] = matrix[:, :-1], matrix[:, -1:]
    return vectors
