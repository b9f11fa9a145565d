"""A finite grid of parameter values, and the order in which its points are visited."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from overfit_cli.bayes.inference import Settings
from overfit_cli.core.layout import Array

# Where --prior-sd is not given: a grid needs a prior of known width.
PRIOR_SD = 1.0


class Grid:
    """`values` equally spaced values from -width to width prior sds for each of P parameters.

    A setting's number, written in base `values`, tells each parameter's place on its axis.
    """

    def __init__(self, n_parameters: int, settings: Settings):
        self.n_parameters, self.values = n_parameters, int(settings["grid_values"])
        self.sd = float(settings.get("prior_sd", PRIOR_SD))
        self.axis = np.linspace(-1, 1, self.values) * float(settings["grid_width"]) * self.sd

    def __len__(self) -> int:
        """Return the number of settings, values^P."""
        return int(self.values**self.n_parameters)

    def places(self, numbers: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return where settings (m,) lie on each parameter's axis, (m, P)."""
        powers = self.values ** np.arange(self.n_parameters)
        return np.asarray(numbers[:, None] // powers % self.values)

    def parameters(self, numbers: NDArray[np.intp]) -> Array:
        """Return the parameters (m, P) of settings (m,)."""
        return np.asarray(self.axis[self.places(numbers)])

    def block(self, number: int) -> NDArray[np.intp]:
        """Return block `number` (from 0) of `values` blocks of settings.

        Each is spread over the whole grid, so that curves settle long before the last: settings
        come in steps of about .618 of their number, a step that has no divisor in common with it.
        """
        size, step = len(self) // self.values, max(1, round(0.618 * len(self)))
        while math.gcd(step, self.values) > 1:
            step += 1
        return np.asarray(np.arange(number * size, (number + 1) * size) * step % len(self))
