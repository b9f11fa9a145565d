"""Max-norm: no unit's incoming weight vector may be longer than c."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from overfit_cli.core.constants import ones
from overfit_cli.core.hooks import Active, Hooks, Hyper, Projection, column
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies.remedy import Option, Remedy, Settings


def shorten(
    layout: Layout, hyper: Hyper, parameters: Array, step: Array, active: Active | None
) -> None:
    """Scale every unit's incoming weights longer than c to length c, in place; biases stay.

    With `active`, only active entries are scaled, by sqrt((c^2 - frozen^2) / active^2), so that
    the whole vector has length c.
    """
    del step
    limit = np.square(hyper["max_norm"].astype(parameters.dtype))[:, None, None]
    moving = [None] * layout.n_layers if active is None else layout.weights(active)
    for weights, free in zip(layout.weights(parameters), moving, strict=True):
        squares = np.square(weights)
        row = ones((1, squares.shape[1]), squares.dtype)
        # matmul, because the order of its sums does not depend on the other replicas
        total = np.matmul(row, squares)
        if not (total > limit).any():
            continue
        if free is None:
            # fmin, because 0 / 0 is no reason to move
            weights *= np.sqrt(np.fmin(limit / total, 1))
            continue
        own = np.matmul(row, squares * free)
        room = np.maximum(limit - (total - own), 0)
        factor = np.where(total > limit, np.sqrt(room / np.where(own > 0, own, 1)), 1)
        np.multiply(weights, factor, out=weights, where=free)


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return the constraint with one c per replica; it holds from the initial weights on."""
    del layout
    return Hooks(
        hyper={"max_norm": column([one["max_norm"] for one in settings])},
        projections=(Projection(shorten, initially=True),),
    )


MAX_NORM = Remedy(
    name="max-norm",
    summary="a limit on the length of each unit's incoming weight vector",
    formula="after every update: |w_j| <= c for the incoming weights w_j of each unit j",
    source="Srivastava et al. 2014, section 5.1",
    example="overfit run --method dropout+max-norm --p 0.5 --max-norm 3",
    options=(
        Option(
            "max_norm",
            float,
            3.0,
            "longest allowed incoming weight vector c",
            low=0,
            low_open=True,
            infinite=True,
        ),
    ),
    build=build,
    words=lambda settings: f"max-norm: incoming weights no longer than {settings['max_norm']:g}",
    neutral={"max_norm": math.inf},
)
