"""Hand-made stored runs whose comparison is known beforehand; nothing was trained."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from overfit_cli.comparison.compare import compare
from overfit_cli.comparison.problem import Question
from overfit_cli.comparison.run import run_of
from overfit_cli.records import EpochRecord, Predictions, RunResult

NETWORK = {
    "hidden": [8, 8], "activation": "relu", "optimizer": "sgd", "lr": 0.05, "momentum": 0.9,
    "batch_size": 32, "epochs": 3,
}  # fmt: skip
DATA = {"dataset": "moons", "val_size": 0.2, "train_size": None, "label_noise": 0.0}
DROPOUT = {"p": 0.5, "scope": "example", "mask": "bernoulli", "average": "weights"}
REMEDIES = {"none": {}, "l2": {"l2": 1e-3}, "dropout": DROPOUT, "bayes": {"inference": "ensemble"}}


def planted(
    method="none", seed=0, *, val=1.0, test=1.0, status="done", data=None, options=None,
    fingerprint="f" * 64, versions=None, curves=(), predictions=None, baselines=None,
    sizes=(60, 20, 40), n_pool=None, regression=False, **network,
):  # fmt: skip
    """Return a run; val and test are its nll, or whole dictionaries of metrics."""
    remedies = {name: REMEDIES[name] | (options or {}) for name in method.split("+")}
    spec = {
        "data": {"resample": "splits"} | DATA | (data or {}),
        "fingerprint": fingerprint,
        "remedies": remedies,
        **(NETWORK | network),
        "seed": seed,
        "versions": {"engine": 2} | (versions or {}),
    }
    second = "rmse" if regression else "error"
    final = {"train": {"nll": 0.5, second: 0.1}, "val": scores(val), "test": scores(test)}
    n_train, n_val, n_test = sizes
    return RunResult(
        run_id=hashlib.sha256(repr(spec).encode()).hexdigest()[:16],
        status=status,
        method=method,
        dataset=spec["data"]["dataset"],
        seed=seed,
        spec=spec,
        n_parameters=10,
        n_train=n_train,
        n_val=n_val,
        n_test=n_test,
        n_pool=n_pool,
        members=1,
        axis="epoch",
        curves=curves,
        epochs_run=3,
        best_epoch=2,
        restored_epoch=None,
        seconds=0.25,
        final=final if status == "done" else {},
        baselines=baselines or {},
        classes=() if regression else ("a", "b"),
        predictions=predictions,
    )


def scores(value):
    """Return the metrics of one part: a number is the nll, None no rows."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"nll": value}


def curve(train, val=None):
    """Return a curve of these nlls, one an epoch."""
    vals = train if val is None else val
    pairs = zip(train, vals, strict=True)
    return tuple(
        EpochRecord(epoch, {"nll": own}, {"nll": other}, math.nan)
        for epoch, (own, other) in enumerate(pairs)
    )


def predictions(ids, targets, outputs):
    return Predictions(np.array(ids), np.array(targets), np.array(outputs, float))


def idle(settings):
    """An ensemble has no learning rate here: the rule is the test's own."""
    return {"lr"} if settings.get("inference") == "hmc" else set()


def light(results):
    return [run_of(result, idle, ("dataset", "target")) for result in results]


def loader(results):
    """Return what loads runs by id, and the list of ids it was asked for."""
    by_id = {result.run_id: result for result in results}
    asked = []

    def load(run_ids):
        asked.extend(run_ids)
        return (by_id[run_id] for run_id in run_ids)

    return load, asked


def compared(results, **question):
    load, _ = loader(results)
    return compare(light(results), load, Question(**question), "planted")


def only_problem(results, **question):
    (problem,) = compared(results, **question).problems
    return problem


def arm(problem, name):
    return next(arm for arm in problem.arms if arm.name == name)
