"""Read-only arrays of zeros and of ones, made once: training asks for the same ones at every step.

NumPy's loops over two arrays of one shape are several times as fast as those with a number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from overfit_cli.core.layout import Array

# One per shape of activations and of layers, in training and in evaluation.
KEPT = 32


@lru_cache(maxsize=KEPT)
def zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return zeros that nobody may write to."""
    return _read_only(np.zeros(shape, dtype))


@lru_cache(maxsize=KEPT)
def ones(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return ones that nobody may write to."""
    return _read_only(np.ones(shape, dtype))


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array
