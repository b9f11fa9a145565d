"""Who computes what lies between the matrix products: NumPy, unless compiled loops are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overfit_cli.core.activations import ACTIVATIONS, Activation
from overfit_cli.core.losses import LOSSES, Loss
from overfit_cli.core.optimizers import OPTIMIZERS, Optimizer


@dataclass(frozen=True, eq=False)
class Kernels:
    """The functions a network is trained with, by the names that options give them.

    NUMPY is the reference: any other set returns the same bits.
    """

    name: str
    activations: Mapping[str, Activation]
    losses: Mapping[str, Loss]
    optimizers: Mapping[str, Optimizer]


NUMPY = Kernels("numpy", ACTIVATIONS, LOSSES, OPTIMIZERS)
