"""Shapes and views of one flat (R, P) array: all weights first, all biases after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Scalar = TypeVar("Scalar", bound=np.generic)


class Views(NamedTuple):
    """One flat array's parts by layer: weights (R, in, out), biases (R, 1, out)."""

    weights: list[Array]
    biases: list[Array]


@dataclass(frozen=True)
class Layout:
    """The parameters of a network with layers of `sizes` = (inputs, hidden…, outputs).

    Layer l maps sizes[l] to sizes[l + 1]; W^l is (in, out), b^l is (out,).
    """

    sizes: tuple[int, ...]

    @property
    def n_layers(self) -> int:
        """Number of weight layers, one more than the hidden ones."""
        return len(self.sizes) - 1

    @cached_property
    def n_weights(self) -> int:
        """Number of weights: the first n_weights of the P parameters."""
        return sum(fan_in * fan_out for fan_in, fan_out in pairwise(self.sizes))

    @cached_property
    def n_parameters(self) -> int:
        """Number of weights and biases, P."""
        return self.n_weights + sum(self.sizes[1:])

    @cached_property
    def weight_slices(self) -> tuple[slice, ...]:
        """Where each layer's weights lie among the P parameters."""
        return _slices(0, [fan_in * fan_out for fan_in, fan_out in pairwise(self.sizes)])

    @cached_property
    def bias_slices(self) -> tuple[slice, ...]:
        """Where each layer's biases lie among the P parameters."""
        return _slices(self.n_weights, list(self.sizes[1:]))

    @cached_property
    def groups(self) -> tuple[slice, ...]:
        """One slice per group of a prior: each layer's weights, then each layer's biases."""
        return self.weight_slices + self.bias_slices

    def views(self, flat: Array) -> Views:
        """Return views of every layer of `flat` (R, P)."""
        return Views(self.weights(flat), self.biases(flat))

    def weights(self, flat: NDArray[Scalar]) -> list[NDArray[Scalar]]:
        """Return views (R, in, out) of each layer's weights in `flat` (R, P)."""
        return [
            flat[:, part].reshape(len(flat), fan_in, fan_out)
            for part, (fan_in, fan_out) in zip(
                self.weight_slices, pairwise(self.sizes), strict=True
            )
        ]

    def biases(self, flat: NDArray[Scalar]) -> list[NDArray[Scalar]]:
        """Return views (R, 1, out) of each layer's biases in `flat` (R, P)."""
        return [flat[:, None, part] for part in self.bias_slices]


def _slices(start: int, lengths: list[int]) -> tuple[slice, ...]:
    edges = [start]
    for length in lengths:
        edges.append(edges[-1] + length)
    return tuple(slice(low, high) for low, high in pairwise(edges))
