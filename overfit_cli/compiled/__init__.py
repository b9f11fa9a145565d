"""Compiled kernels, an extra: used where Numba is installed and training is long enough."""

from __future__ import annotations

import os
from functools import cache

from overfit_cli.core.kernels import NUMPY, Kernels
from overfit_cli.errors import UsageError

# Additions and multiplications of the matrix products that a process does in a few seconds: before
# that, loading the compiler costs more than it saves.
WORTH_IT = 3e11

SETTING = "OVERFIT_KERNELS"
CHOICES = ("auto", "numpy", "compiled")

_done = 0.0


def kernels_for(operations: float) -> Kernels:
    """Return the kernels for a training of so many operations, after what this process did before.

    The environment's OVERFIT_KERNELS decides instead: numpy, or compiled from the start.

    Raises:
        UsageError: if OVERFIT_KERNELS is neither, or asks for kernels that cannot be had.
    """
    global _done
    _done += operations
    choice = os.environ.get(SETTING, "auto")
    if choice not in CHOICES:
        raise UsageError(f"{SETTING}={choice}: use {', '.join(CHOICES[:-1])} or {CHOICES[-1]}.")
    if choice == "numpy" or (choice == "auto" and _done < WORTH_IT):
        return NUMPY
    kernels, why = available()
    if kernels is not None:
        return kernels
    if choice == "compiled":
        raise UsageError(f"{SETTING}=compiled: {why}. pip install 'overfit[fast]'")
    return NUMPY


@cache
def available() -> tuple[Kernels | None, str]:
    """Return the compiled kernels, or None; and who compiled them, or why there are none."""
    try:
        import numba

        from overfit_cli.compiled.kernels import COMPILED
    except ModuleNotFoundError:
        return None, "Numba is not installed"
    except ImportError as error:  # a Numba that does not know this NumPy
        return None, f"Numba cannot be used ({error})"
    return COMPILED, f"Numba {numba.__version__}"
