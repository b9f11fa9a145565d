"""What training leaves behind: frozen, JSON-ready records; `RunResult.to_json` has the schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["done", "diverged", "failed"]
Axis = Literal["epoch", "draw", "setting"]
Metrics = Mapping[str, float]


@dataclass(frozen=True)
class EpochRecord:
    """One evaluated epoch (or draw) of one run.

    train, val: clean metrics, "nll" and one of "error" (fraction) and "rmse" (target's units);
    val is empty without validation rows. running_loss: mean penalised minibatch objective since
    the last record, NaN at epoch 0 and for samplers.
    """

    epoch: int
    train: Metrics
    val: Metrics
    running_loss: float


@dataclass(frozen=True)
class Predictions:
    """What the run says about its test rows.

    ids (n,): positions in the source. targets: class codes (n,) or floats (n, T) in their own
    units. outputs: class probabilities (n, K) or means (n, T); noise: standard deviations (n, T)
    for regression, else None. weights (n,): of the rows, None if all count alike.
    """

    ids: NDArray[Any]
    targets: NDArray[Any]
    outputs: NDArray[Any]
    noise: NDArray[Any] | None = None
    weights: NDArray[Any] | None = None


@dataclass(frozen=True)
class Model:
    """What is needed to predict: draws of flat parameters, their log weights and noise.

    parameters (M, P) as trained; log_weights (M,), normalised; noise_sd (1 or M, T) in
    standardised units for regression, else None. schema, arrays: preprocessing ("columns") and
    what outputs mean ("sizes", "likelihood", "classes", "target_names"; "target_mean" and
    "target_scale" (T,)), as plain JSON and plain arrays.
    """

    parameters: NDArray[Any]
    log_weights: NDArray[Any]
    noise_sd: NDArray[Any] | None
    schema: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


# What diagnostics say of a tuning's winner, beside what training it alone would say.
TUNING = ("trials", "tried", "trial_epochs", "budget_epochs", "tuning")
# By kind of truth: whose score no model can beat but by chance.
TRUTHS = ("true probabilities", "true function")
# From here on chains disagree: Vehtari et al. 2021 ask for less than 1.01, samplers here for this.
HIGH_R_HAT = 1.05
# Independent draws of each chain below which averages over them are themselves too uncertain: half
# of what Vehtari et al. ask for, who want the estimates of R-hat itself to be stable.
LOW_ESS_PER_CHAIN = 25


@dataclass(frozen=True)
class RunResult:
    """One finished run.

    spec: everything that moves the numbers (run_id is its hash); environment: everything else
    worth knowing (host, versions, date). curves are in the order trained. final: metrics of
    "train", "val" and "test"; baselines: test metrics of "majority class" (or "mean"),
    "linear model", one of TRUTHS. seconds: wall time of the stack over its replicas.
    n_pool: rows that training rows were taken from, None where an older version did not say.
    sizes: units per layer; classes: names in code order, empty for regression.
    """

    run_id: str
    status: Status
    method: str
    dataset: str
    seed: int
    spec: Mapping[str, Any]
    n_parameters: int
    n_train: int
    n_val: int
    n_test: int
    members: int
    axis: Axis
    curves: tuple[EpochRecord, ...]
    epochs_run: int
    best_epoch: int
    restored_epoch: int | None
    seconds: float
    final: Mapping[str, Metrics]
    baselines: Mapping[str, Metrics] = field(default_factory=dict)
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    n_pool: int | None = None
    sizes: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    predictions: Predictions | None = None
    model: Model | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the run as in schema `overfit.run/1`: non-finite numbers become None."""
        document = {
            "run_id": self.run_id,
            "status": self.status,
            "method": self.method,
            "dataset": self.dataset,
            "seed": self.seed,
            "spec": self.spec,
            "n_parameters": self.n_parameters,
            "n_train": self.n_train,
            "n_val": self.n_val,
            "n_test": self.n_test,
            "n_pool": self.n_pool,
            "members": self.members,
            "epochs_run": self.epochs_run,
            "best_epoch": self.best_epoch,
            "restored_epoch": self.restored_epoch,
            "seconds": self.seconds,
            "curves": self._curves(),
            "final": {part: dict(self.final.get(part, {})) for part in ("train", "val", "test")},
            "baselines": self.baselines,
            "diagnostics": self.diagnostics,
            "notes": list(self.notes),
            "environment": self.environment,
            "sizes": list(self.sizes),
            "classes": list(self.classes),
            "target_names": list(self.target_names),
        }
        return {key: finite(value) for key, value in document.items()}

    def _curves(self) -> dict[str, Any]:
        second = "rmse" if self.curves and "rmse" in self.curves[0].train else "error"
        columns: dict[str, Any] = {
            "axis": self.axis,
            "epoch": [record.epoch for record in self.curves],
        }
        for metric in ("nll", second):
            for part in ("train", "val"):
                columns[f"{part}_{metric}"] = [
                    getattr(record, part).get(metric) for record in self.curves
                ]
        columns["running_loss"] = [record.running_loss for record in self.curves]
        return columns


def finite(value: Any) -> Any:
    """Return `value` as plain JSON: arrays become lists, NaN and infinities None."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, np.ndarray):
        return finite(value.tolist())
    if isinstance(value, np.generic):
        return finite(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
