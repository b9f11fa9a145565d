"""One pass over the memory where NumPy takes several: the same operations, in the same order.

Compiled by Numba at the first call with a precision, and kept on disk. Without `fastmath` the
compiler neither reorders nor fuses operations (no multiply-add), so that every element has NumPy's
bits; logarithms and exponentials, where libraries differ, stay with NumPy.
All arrays are contiguous but the biases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from overfit_cli.core.layout import Array


class Loop:
    """A compiled function of arrays, which it changes in place.

    A full disk, a folder that nobody may write to, or a damaged file of compiled code costs only
    the time to compile again.
    """

    def __init__(self, function: Callable[..., None]):
        self.function = function
        try:
            self.run: Callable[..., Any] = njit(cache=True, error_model="numpy")(function)
        except RuntimeError:  # no folder to keep it in
            self._forget()

    def __call__(self, *arrays: Array) -> None:
        """Run it."""
        try:
            self.run(*arrays)
        except Exception:
            # nothing has been changed yet: the loops themselves raise nothing
            self._forget()
            self.run(*arrays)

    def _forget(self) -> None:
        self.run = njit(error_model="numpy")(self.function)


@Loop
def add_bias(z: Array, bias: Array) -> None:
    """Add bias (R, 1, H) to z (R, B, H)."""
    row = np.empty(z.shape[2], z.dtype)
    for r in range(z.shape[0]):
        row[:] = bias[r, 0]
        for i in range(z.shape[1]):
            for j in range(z.shape[2]):
                z[r, i, j] += row[j]


@Loop
def relu(z: Array, bias: Array) -> None:
    """Let z (R, B, H) become max(z + bias, 0); bias (R, 1, H). Not-a-numbers stay."""
    row = np.empty(z.shape[2], z.dtype)
    nothing = z.dtype.type(0)
    for r in range(z.shape[0]):
        row[:] = bias[r, 0]
        for i in range(z.shape[1]):
            for j in range(z.shape[2]):
                x = z[r, i, j] + row[j]
                z[r, i, j] = nothing if x < nothing else x


@Loop
def relu_backward(delta: Array, a: Array) -> None:
    """Multiply delta by 1 where a > 0, else by 0; both one-dimensional."""
    one, nothing = delta.dtype.type(1), delta.dtype.type(0)
    for i in range(delta.size):
        delta[i] *= one if a[i] > nothing else nothing


@Loop
def shift_by_highest(z: Array) -> None:
    """Subtract from each row of z (N, K) its highest number."""
    for i in range(z.shape[0]):
        highest = z[i, 0]
        for k in range(1, z.shape[1]):
            x = z[i, k]
            if x > highest or x != x:
                highest = x
        for k in range(z.shape[1]):
            z[i, k] -= highest


@Loop
def softmax_error(
    z: Array, powers: Array, targets: Array, share: Array, total: Array, own: Array
) -> None:
    """Let z become (p - t) share, p = powers / total; all (N, K), share (N,).

    total (N,): the sum of a row's powers e^z; own (N,): the target's logit.
    """
    for i in range(z.shape[0]):
        sum_of_powers, logit = powers[i, 0], z[i, 0] * targets[i, 0]
        for k in range(1, z.shape[1]):
            sum_of_powers += powers[i, k]
            logit += z[i, k] * targets[i, k]
        total[i], own[i] = sum_of_powers, logit
        for k in range(z.shape[1]):
            z[i, k] = (powers[i, k] / sum_of_powers - targets[i, k]) * share[i]


@Loop
def heavy_ball(
    parameters: Array, gradient: Array, velocity: Array, rate: Array, momentum: Array
) -> None:
    """Let v become m v + g and w become w - rate v: (R, P), rate and momentum (R, 1)."""
    for r in range(parameters.shape[0]):
        m, lr = momentum[r, 0], rate[r, 0]
        for j in range(parameters.shape[1]):
            v = velocity[r, j] * m + gradient[r, j]
            velocity[r, j] = v
            parameters[r, j] -= v * lr


@Loop
def nesterov(
    parameters: Array, gradient: Array, velocity: Array, rate: Array, momentum: Array
) -> None:
    """Let v become m v + g and w become w - rate (g + m v): (R, P), rate and momentum (R, 1)."""
    for r in range(parameters.shape[0]):
        m, lr = momentum[r, 0], rate[r, 0]
        for j in range(parameters.shape[1]):
            g = gradient[r, j]
            v = velocity[r, j] * m + g
            velocity[r, j] = v
            parameters[r, j] -= (g + v * m) * lr


@Loop
def adam(
    parameters: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    rate: Array,
    correction: Array,
    constants: Array,
) -> None:
    """Take a step of Adam: (R, P); rate, correction (R, 1) correct the mean's and square's bias.

    constants: beta1, 1 - beta1, beta2, 1 - beta2, epsilon in the parameters' precision.
    """
    kept, new, kept_square, new_square, epsilon = constants
    for r in range(parameters.shape[0]):
        lr, corrected = rate[r, 0], correction[r, 0]
        for j in range(parameters.shape[1]):
            g = gradient[r, j]
            m = mean[r, j] * kept + g * new
            v = square[r, j] * kept_square + g * g * new_square
            mean[r, j], square[r, j] = m, v
            parameters[r, j] -= m / (np.sqrt(v / corrected) + epsilon) * lr
