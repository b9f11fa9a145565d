"""L1: a penalty on absolute weights, by a proximal step that makes them exactly zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overfit_cli.core.hooks import Active, Hooks, Hyper, Projection, column
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies.remedy import Option, Remedy, Settings


def soft_threshold(
    layout: Layout, hyper: Hyper, parameters: Array, step: Array, active: Active | None
) -> None:
    """Apply w <- sign(w) max(|w| - lambda step, 0) to the weights, in place.

    The proximal operator of lambda step |w| (Parikh & Boyd 2014, section 6.5.2); step is the
    optimizer's effective one, else momentum would weaken the penalty.
    """
    del active
    weights = parameters[:, : layout.n_weights]
    reach = step if step.shape[1] == 1 else step[:, : layout.n_weights]
    threshold = hyper["l1"].astype(parameters.dtype)[:, None] * reach
    weights -= np.clip(weights, -threshold, threshold)


def value(layout: Layout, hyper: Hyper, parameters: Array) -> Array:
    """Return lambda sum |w|, (R,)."""
    return np.asarray(hyper["l1"] * np.abs(parameters[:, : layout.n_weights]).sum(axis=1))


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return the proximal step with one lambda per replica."""
    del layout
    return Hooks(
        hyper={"l1": column([one["l1"] for one in settings])},
        projections=(Projection(soft_threshold, value),),
    )


L1 = Remedy(
    name="l1",
    summary="a penalty on absolute weights: many become exactly zero",
    formula="minimise  nll + lambda sum |w|   over weights w, never biases, by a soft threshold",
    source="Tibshirani 1996; Goodfellow, Bengio & Courville 2016, section 7.1.2",
    example="overfit run --method l1 --l1 0.0001",
    options=(
        Option("l1", float, 1e-4, "lambda of the absolute penalty, per nat of mean nll", low=0),
    ),
    build=build,
    words=lambda settings: f"l1: lambda {settings['l1']:g} on absolute weights",
    neutral={"l1": 0.0},
)
