"""Activation functions and their derivatives, in place on a stack of any shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.constants import zeros
from overfit_cli.core.layout import Array

# Beyond this many a row of zeros does as well, and takes less room.
MOST_ZEROS = 2**17


class Scratch(NamedTuple):
    """Room for one layer's backward pass: two buffers of the layer's shape."""

    floats: Array
    flags: NDArray[np.bool_]


@dataclass(frozen=True)
class Activation:
    """A function a = f(z) and its backward pass, both overwriting their first argument.

    forward(z, bias): z becomes f(z + bias). backward(delta, a, scratch): delta becomes
    delta * f'(z), with f' expressed through a. he: start from He's initial weights, else from
    Glorot's.
    """

    forward: Callable[[Array, Array], None]
    backward: Callable[[Array, Array, Scratch], None]
    he: bool = False


def _relu(z: Array, bias: Array) -> None:
    z += bias
    shape = z.shape[1:] if z.size <= MOST_ZEROS * len(z) else z.shape[-1:]
    np.maximum(z, zeros(shape, z.dtype), out=z)


def _relu_backward(delta: Array, a: Array, scratch: Scratch) -> None:
    np.greater(a, 0, out=scratch.flags)
    # copied first: a product with flags would turn them into floats piece by piece
    np.copyto(scratch.floats, scratch.flags)
    np.multiply(delta, scratch.floats, out=delta)


def _tanh(z: Array, bias: Array) -> None:
    z += bias
    np.tanh(z, out=z)


def _tanh_backward(delta: Array, a: Array, scratch: Scratch) -> None:
    np.multiply(a, a, out=scratch.floats)
    np.subtract(1, scratch.floats, out=scratch.floats)
    np.multiply(delta, scratch.floats, out=delta)


def _logistic(z: Array, bias: Array) -> None:
    z += bias
    # (1 + tanh(z/2)) / 2 cannot overflow
    z *= 0.5
    np.tanh(z, out=z)
    z += 1
    z *= 0.5


def _logistic_backward(delta: Array, a: Array, scratch: Scratch) -> None:
    np.subtract(1, a, out=scratch.floats)
    np.multiply(scratch.floats, a, out=scratch.floats)
    np.multiply(delta, scratch.floats, out=delta)


def _identity(z: Array, bias: Array) -> None:
    z += bias


def _identity_backward(delta: Array, a: Array, scratch: Scratch) -> None:
    del delta, a, scratch


ACTIVATIONS = {
    "relu": Activation(_relu, _relu_backward, he=True),
    "tanh": Activation(_tanh, _tanh_backward),
    "logistic": Activation(_logistic, _logistic_backward),
    "identity": Activation(_identity, _identity_backward),
}
