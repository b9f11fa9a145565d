"""Compiled kernels return NumPy's bits: one by one, and over whole trainings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from overfit_cli.compiled import available
from overfit_cli.compiled.kernels import COMPILED
from overfit_cli.core.activations import Scratch
from overfit_cli.core.kernels import NUMPY
from overfit_cli.core.layout import Array

SHAPES = [(1, 1, 1), (1, 32, 100), (3, 7, 5), (7, 128, 33)]
ODD = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40, 3e38]


def numbers(shape: tuple[int, ...], dtype: Any, seed: int, odd: bool) -> Array:
    """Random numbers, with a few that arithmetic treats in a way of their own."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=shape).astype(dtype)
    if odd:
        places = rng.integers(drawn.size, size=min(len(ODD), drawn.size))
        drawn.reshape(-1)[places] = np.asarray(ODD, dtype)[: len(places)]
    return drawn


def bits(array: Array) -> bytes:
    """The bytes of an array; all not-a-numbers are one, and so are both zeros."""
    return (np.where(np.isnan(array), np.nan, array) + 0).astype(array.dtype).tobytes()


def test_the_compiler_is_here() -> None:
    assert available()[0] is COMPILED


def test_the_same_names() -> None:
    assert COMPILED.activations.keys() == NUMPY.activations.keys()
    assert COMPILED.losses.keys() == NUMPY.losses.keys()
    assert COMPILED.optimizers.keys() == NUMPY.optimizers.keys()


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NUMPY.activations)
@np.errstate(all="ignore")
def test_activations(name: str, shape: tuple[int, int, int], dtype: str, odd: bool) -> None:
    z, delta = numbers(shape, dtype, 1, odd), numbers(shape, dtype, 2, odd)
    # a view with gaps, as the biases of a flat array are
    bias = numbers((shape[0], 2 * shape[2]), dtype, 3, odd)[:, None, : shape[2]]
    seen = []
    for kernels in (NUMPY, COMPILED):
        f, a, back = kernels.activations[name], z.copy(), delta.copy()
        f.forward(a, bias)
        f.backward(back, a, Scratch(np.empty_like(a), np.empty(a.shape, np.bool_)))
        seen.append((bits(a), bits(back)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("name", ["relu", "identity"])
def test_activations_of_rows_that_lie_apart(name: str) -> None:
    room, bias = numbers((2, 9, 6), "float32", 4, False), numbers((2, 1, 6), "float32", 5, False)
    rooms = []
    for kernels in (NUMPY, COMPILED):
        own = room.copy()
        kernels.activations[name].forward(own[:, :5], bias)
        rooms.append(own)
    assert rooms[0].tobytes() == rooms[1].tobytes()
    assert rooms[0][:, 5:].tobytes() == room[:, 5:].tobytes()


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1, 2), (1, 32, 10), (3, 7, 5), (7, 128, 3)])
@pytest.mark.parametrize("shared", [False, True])
@np.errstate(all="ignore")
def test_softmax(shape: tuple[int, int, int], dtype: str, odd: bool, shared: bool) -> None:
    n_replicas, n_rows, n_classes = shape
    logits = numbers(shape, dtype, 1, odd) * 30
    codes = np.random.default_rng(2).integers(n_classes, size=(n_replicas, n_rows))
    targets = np.eye(n_classes, dtype=dtype)[codes]
    share = np.abs(numbers((1 if shared else n_replicas, 1, n_rows), dtype, 3, False))
    seen = []
    for kernels in (NUMPY, COMPILED):
        gradient = logits.copy()
        nll = kernels.losses["categorical"].gradient(gradient, targets, share)
        seen.append((nll.dtype, bits(nll), bits(gradient)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NUMPY.optimizers)
def test_optimizers(name: str, dtype: str, folded: bool) -> None:
    if folded and not NUMPY.optimizers[name].linear:
        return
    shape = (3, 1001)
    start = numbers(shape, dtype, 0, False)
    lr = None if folded else np.array([[0.1], [0.03], [0.007]], dtype)
    momentum = np.array([[0.9], [0.0], [0.47]], dtype)
    seen = []
    for kernels in (NUMPY, COMPILED):
        optimizer, parameters = kernels.optimizers[name], start.copy()
        state = optimizer.init(parameters)
        for step in range(5):
            gradient = numbers(shape, dtype, 10 + step, False)
            optimizer.step(parameters, gradient, state, lr, momentum)
        seen.append([bits(parameters), *(bits(array) for array in state.values())])
    assert seen[0] == seen[1]
