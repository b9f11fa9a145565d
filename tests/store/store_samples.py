"""Runs to store: small, and full of what is awkward to keep."""

from __future__ import annotations

import hashlib
import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from overfit_cli.records import EpochRecord, Model, Predictions, RunResult
from overfit_cli.store import Store


def run_id_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:16]


def ids_of(store: Store, status: str = "done") -> set[str]:
    return {run_id for run_id, own in store.statuses().items() if own == status}


def make_run(number: int = 0, **changes: Any) -> RunResult:
    rng = np.random.default_rng(number)
    score = {"nll": float(rng.random()), "error": float(rng.random())}
    base = RunResult(
        run_id=run_id_of(number),
        status="done",
        method=("none", "dropout", "dropout+l2")[number % 3],
        dataset="moons:n=200,noise=0.3",
        seed=number // 3,
        spec={"lr": 0.05, "hidden": [8, 8], "remedies": {"dropout": {"p": 0.5}}, "nesterov": False},
        n_parameters=42,
        n_train=60,
        n_val=20,
        n_test=5,
        members=1,
        axis="epoch",
        curves=make_curves(rng),
        epochs_run=3,
        best_epoch=2,
        restored_epoch=None,
        seconds=0.1 + number,
        final={"train": score, "val": score, "test": dict(score, brier=0.1, ece=math.nan)},
        baselines={"majority class": {"nll": 0.69, "error": 0.5}},
        diagnostics={"zeros": 3, "note": "<b>\ud800|é</b>"},
        notes=("column 'x' is constant",),
        environment={"date": f"2026-01-02T03:04:{number % 60:02d}Z", "host": "h"},
        sizes=(2, 8, 8, 1),
        classes=("a", "<b>", "="),
        predictions=make_predictions(rng),
        model=make_model(rng),
    )
    return RunResult(**{f.name: getattr(base, f.name) for f in fields(base)} | changes)


def make_curves(rng: np.random.Generator) -> tuple[EpochRecord, ...]:
    odd = (math.nan, math.inf, -math.inf, -0.0, 5e-324)
    return tuple(
        EpochRecord(
            epoch=epoch,
            train={"nll": float(rng.random()), "error": odd[epoch]},
            val={"nll": odd[-1 - epoch], "error": 0.1},
            running_loss=math.nan if epoch == 0 else float(rng.random()),
        )
        for epoch in range(4)
    )


def make_predictions(rng: np.random.Generator) -> Predictions:
    outputs = rng.random((5, 3), dtype=np.float32)
    outputs[0, 0] = np.nan
    return Predictions(np.array([3, 1, 4, 15, 9]), np.array([0, 1, 2, 1, 0]), outputs)


def make_model(rng: np.random.Generator) -> Model:
    return Model(
        parameters=rng.standard_normal((2, 42), dtype=np.float32),
        log_weights=np.log([0.25, 0.75]),
        noise_sd=None,
        schema={"columns": ["x", "=cmd()"], "classes": ["a", "b", "c"]},
        arrays={"mean": rng.standard_normal(2), "names": np.array(["x", "é"]), "none": np.ones(0)},
    )


def same(left: Any, right: Any) -> bool:
    """Tell whether two results are the same to the bit, dtypes and NaN included."""
    if is_dataclass(left):
        return type(left) is type(right) and same(vars(left), vars(right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        alike = type(left) is type(right) and len(left) == len(right)
        return alike and all(map(same, left, right))
    if isinstance(left, np.ndarray):
        kind = (left.dtype, left.shape) == (right.dtype, right.shape)
        return kind and left.tobytes() == right.tobytes()
    if isinstance(left, float):
        return isinstance(right, float) and left.hex() == right.hex()
    return type(left) is type(right) and bool(left == right)
