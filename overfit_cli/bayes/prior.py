"""Gaussian priors whose precisions are Gamma-distributed, and their conjugate conditionals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from overfit_cli.bayes.leapfrog import inner
from overfit_cli.core.hooks import Streams
from overfit_cli.core.layout import Array, Layout

SHAPE = 0.25
OUTPUT_BIAS_SD = 100.0


@dataclass(frozen=True)
class PrecisionPrior:
    """G groups of numbers x ~ N(0, 1 / precision), with precision ~ Gamma(shape, mean).

    shape (G,): infinite where the precision is fixed at its mean. mean (R, G): of the precision;
    the rate is shape / mean. count (R, G): how many numbers a group has.
    """

    shape: Array
    mean: Array
    count: Array

    @property
    def sampled(self) -> list[int]:
        """The groups whose precision is not fixed."""
        return [int(group) for group in np.flatnonzero(np.isfinite(self.shape))]

    def draw(self, squares: Array, streams: Callable[[int], Streams]) -> Array:
        """Return precisions (R, G) given each group's sum of squares (R, G): Gibbs sampling.

        precision | x ~ Gamma with shape a + n/2 and rate a/mean + sum x^2 / 2. `streams(group)`:
        one generator per replica.
        """
        precision = self.mean.copy()
        for group in self.sampled:
            shape, rate = self._conditional(group, squares)
            generators = streams(group)
            drawn = [rng.standard_gamma(a) for rng, a in zip(generators, shape, strict=True)]
            precision[:, group] = np.array(drawn) / rate
        return precision

    def mean_variance(self, squares: Array) -> Array:
        """Return the mean (R, G) of 1 / precision given each group's sum of squares (R, G).

        (a/mean + sum x^2 / 2) / (a + n/2 - 1), infinite where a + n/2 is at most 1.
        """
        pairs = [self._conditional(group, squares) for group in range(len(self.shape))]
        means = [
            np.where(shape > 1, rate / np.maximum(shape - 1, 0), np.inf) for shape, rate in pairs
        ]
        return np.stack(means, axis=1)

    def log_marginal(self, squares: Array) -> Array:
        """Return log p(x) (R,), the precisions integrated out, up to a constant.

        -(a + n/2) log(a/mean + sum x^2 / 2) per group: Student's t; -precision sum x^2 / 2 where
        the precision is fixed.
        """
        total = np.zeros(len(squares))
        for group in range(len(self.shape)):
            if group in self.sampled:
                shape, rate = self._conditional(group, squares)
                total -= shape * np.log(rate)
            else:
                total -= self.mean[:, group] * squares[:, group] / 2
        return total

    def _conditional(self, group: int, squares: Array) -> tuple[Array, Array]:
        a = self.shape[group]
        return a + self.count[:, group] / 2, a / self.mean[:, group] + squares[:, group] / 2


def weight_prior(layout: Layout, width: Array) -> PrecisionPrior:
    """Return the prior of each layer's weights and each layer's biases; width (R,).

    Shape .25 and mean 1/width^2; the width of the output weights is divided by the root of the
    number of hidden units that feed them; output biases have the fixed sd 100. Neal 1996,
    section 3.3; the numbers are those of his software's binary example.
    """
    n_layers, n_groups = layout.n_layers, len(layout.groups)
    widths = np.repeat(width[:, None], n_groups, axis=1)
    if n_layers > 1:
        widths[:, n_layers - 1] /= np.sqrt(layout.sizes[-2])
    widths[:, -1] = OUTPUT_BIAS_SD
    shape = np.full(n_groups, SHAPE)
    shape[-1] = np.inf
    return PrecisionPrior(shape, widths**-2.0, _group_sizes(layout, len(width)))


def fixed_prior(layout: Layout, sd: Array) -> PrecisionPrior:
    """Return the prior N(0, sd^2) of every weight and every bias; sd (R,)."""
    n_groups = len(layout.groups)
    mean = np.repeat(sd[:, None] ** -2.0, n_groups, axis=1)
    return PrecisionPrior(np.full(n_groups, np.inf), mean, _group_sizes(layout, len(sd)))


def prior_of(layout: Layout, hyper: Mapping[str, Array]) -> PrecisionPrior:
    """Return the prior of replicas with these hyperparameters: fixed where there is a prior_sd."""
    if "prior_sd" in hyper:
        return fixed_prior(layout, hyper["prior_sd"])
    return weight_prior(layout, hyper["prior_width"])


def noise_prior(n_targets: int, n_rows: Array) -> PrecisionPrior:
    """Return the prior of the noise precision of standardised targets: shape .25, mean 1.

    n_rows (R,): how many residuals each replica has per target.
    """
    count = np.repeat(n_rows[:, None].astype(np.float64), n_targets, axis=1)
    return PrecisionPrior(np.full(n_targets, SHAPE), np.ones_like(count), count)


def _group_sizes(layout: Layout, n_replicas: int) -> Array:
    sizes = np.array([[group.stop - group.start for group in layout.groups]], np.float64)
    return np.repeat(sizes, n_replicas, axis=0)


def sums_of_squares(layout: Layout, q: Array) -> Array:
    """Return the sum of squares (R, G) of each group of q (R, P)."""
    return np.stack([inner(q[:, group], q[:, group]) for group in layout.groups], axis=1)


def spread(layout: Layout, values: Array) -> Array:
    """Return (R, P): each parameter gets its group's value of (R, G)."""
    sizes = [group.stop - group.start for group in layout.groups]
    return np.repeat(values, sizes, axis=1)
