"""L2: a penalty on the squares of the weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overfit_cli.core.hooks import Hooks, Hyper, column
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies.remedy import Option, Remedy, Settings


def penalty(layout: Layout, hyper: Hyper, parameters: Array) -> tuple[Array, Array]:
    """Return (lambda / 2) sum w^2, (R,), and lambda w, (R, n_weights); biases are left out."""
    weights = parameters[:, : layout.n_weights]
    strength = hyper["l2"].astype(parameters.dtype)
    squares = np.matmul(weights[:, None], weights[:, :, None])[:, 0, 0]
    return strength / 2 * squares, weights * strength[:, None]


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return the penalty with one lambda per replica."""
    del layout
    return Hooks(hyper={"l2": column([one["l2"] for one in settings])}, penalties=(penalty,))


L2 = Remedy(
    name="l2",
    summary="a penalty on squared weights (weight decay, coupled): prefers small weights",
    formula="minimise  nll + (lambda/2) sum w^2   over weights w, never biases",
    source="Krogh & Hertz 1992; Goodfellow, Bengio & Courville 2016, section 7.1.1",
    example="overfit run --method l2 --l2 0.001",
    options=(
        Option("l2", float, 1e-3, "lambda of the squared penalty, per nat of mean nll", low=0),
    ),
    build=build,
    words=lambda settings: f"l2: lambda {settings['l2']:g} on squared weights",
    neutral={"l2": 0.0},
)
