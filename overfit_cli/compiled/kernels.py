"""The compiled loops behind the interfaces of the NumPy functions they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from overfit_cli.compiled import loops
from overfit_cli.core.activations import Scratch
from overfit_cli.core.kernels import NUMPY, Kernels
from overfit_cli.core.layout import Array
from overfit_cli.core.losses import mean_over_rows
from overfit_cli.core.optimizers import ADAM, State, adam_rates


def _stacked(z: Array, bias: Array) -> bool:
    """Whether the loops can have z: the odd block at the end of an evaluation is a slice."""
    return z.flags.c_contiguous and bias.shape == (len(z), 1, z.shape[-1])


def _identity(z: Array, bias: Array) -> None:
    if _stacked(z, bias):
        loops.add_bias(z, bias)
    else:
        NUMPY.activations["identity"].forward(z, bias)


def _relu(z: Array, bias: Array) -> None:
    if _stacked(z, bias):
        loops.relu(z, bias)
    else:
        NUMPY.activations["relu"].forward(z, bias)


def _relu_backward(delta: Array, a: Array, scratch: Scratch) -> None:
    if delta.flags.c_contiguous and a.flags.c_contiguous and delta.shape == a.shape:
        loops.relu_backward(delta.reshape(-1), a.reshape(-1))
    else:
        NUMPY.activations["relu"].backward(delta, a, scratch)


def _categorical(logits: Array, targets: Array, share: Array) -> Array:
    n_replicas, n_rows, n_classes = logits.shape
    arrays = (logits, targets, share)
    one_for_one = targets.shape == logits.shape and share.shape == (n_replicas, 1, n_rows)
    if not one_for_one or not all(array.flags.c_contiguous for array in arrays):
        return NUMPY.losses["categorical"].gradient(logits, targets, share)
    z = logits.reshape(-1, n_classes)
    loops.shift_by_highest(z)
    total, own = np.empty((2, len(z)), z.dtype)
    loops.softmax_error(z, np.exp(z), targets.reshape(z.shape), share.reshape(-1), total, own)
    nll = np.log(total)
    nll -= own
    return mean_over_rows(nll.reshape(n_replicas, n_rows, 1), share)


def _rate(lr: Array | None, momentum: Array) -> Array:
    return np.ones_like(momentum) if lr is None else lr


def _sgd(
    parameters: Array, gradient: Array, state: State, lr: Array | None, momentum: Array
) -> None:
    loops.heavy_ball(parameters, gradient, state["velocity"], _rate(lr, momentum), momentum)


def _nesterov(
    parameters: Array, gradient: Array, state: State, lr: Array | None, momentum: Array
) -> None:
    loops.nesterov(parameters, gradient, state["velocity"], _rate(lr, momentum), momentum)


def _adam(
    parameters: Array, gradient: Array, state: State, lr: Array | None, momentum: Array
) -> None:
    del momentum
    rate, correction = adam_rates(state, lr, parameters.dtype)
    loops.adam(
        parameters,
        gradient,
        state["mean"],
        state["square"],
        rate,
        correction,
        np.array(ADAM, parameters.dtype),
    )


COMPILED = Kernels(
    "compiled",
    {
        **NUMPY.activations,
        "identity": replace(NUMPY.activations["identity"], forward=_identity),
        "relu": replace(NUMPY.activations["relu"], forward=_relu, backward=_relu_backward),
    },
    {**NUMPY.losses, "categorical": replace(NUMPY.losses["categorical"], gradient=_categorical)},
    {
        name: replace(NUMPY.optimizers[name], step=step)
        for name, step in {"sgd": _sgd, "nesterov": _nesterov, "adam": _adam}.items()
    },
)
