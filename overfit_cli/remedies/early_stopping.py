"""Early stopping: stop when validation gets worse, and restore the best epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.hooks import Hooks, Hyper, Stop, column
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies.remedy import Option, Remedy, Settings
from overfit_cli.words import plural


def _init(hyper: Hyper) -> dict[str, NDArray[Any]]:
    n_replicas = len(hyper["early-stopping.patience"])
    return {"best": np.full(n_replicas, np.inf), "best_epoch": np.zeros(n_replicas)}


def _observer(metric: str) -> Any:
    def observe(
        hyper: Hyper, state: dict[str, NDArray[Any]], epoch: int, metrics: Mapping[str, Array]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Improved: metric < best - min_delta. Stop: no improvement for `patience` epochs."""
        now = metrics[metric]
        improved = now < state["best"] - hyper["early-stopping.min_delta"]
        state["best"] = np.where(improved, now, state["best"])
        state["best_epoch"] = np.where(improved, epoch, state["best_epoch"])
        return improved, epoch - state["best_epoch"] >= hyper["early-stopping.patience"]

    return observe


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return the stop rule with one patience and min_delta per replica."""
    del layout
    return Hooks(
        hyper={
            "early-stopping.patience": column([one["patience"] for one in settings]),
            "early-stopping.min_delta": column([one["min_delta"] for one in settings]),
        },
        stop=Stop(_init, _observer(settings[0]["stop_metric"])),
    )


EARLY_STOPPING = Remedy(
    name="early-stopping",
    summary="stop when validation rows get worse, and go back to the best epoch",
    formula="stop after `patience` epochs without val metric < best - min_delta; restore the best",
    source="Morgan & Bourlard 1990; Prechelt 1998",
    example="overfit run --method early-stopping --patience 10",
    options=(
        Option("patience", int, 10, "epochs to wait for an improvement", low=1),
        Option("min_delta", float, 0.0, "least improvement that counts", low=0),
        Option(
            "stop_metric",
            str,
            "nll",
            "validation metric to watch",
            choices=("nll", "error", "rmse"),
            structural=True,
        ),
    ),
    build=build,
    words=lambda settings: (
        f"early stopping: after {plural(settings['patience'], 'epoch')} without a better "
        f"validation {settings['stop_metric']}, back to the best"
    ),
    neutral={"patience": 10**9},
)
