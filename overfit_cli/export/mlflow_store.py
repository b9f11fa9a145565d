"""Runs in an MLflow tracking store: parameters, curves by epoch, final scores."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from overfit_cli.errors import StoreError, UsageError
from overfit_cli.export.runs import PARTS, settings_of
from overfit_cli.records import RunResult

ID = "overfit.run_id"

# What MLflow takes in one call, and in one value.
MOST_METRICS, MOST_PARAMETERS, LONGEST = 1000, 100, 6000


def write_mlflow(runs: Iterable[RunResult], place: str, experiment: str) -> tuple[int, int]:
    """Write runs into the store at `place`; return how many are new, how many were there.

    place: a file (SQLite), or the address of a tracking server or database. An experiment that
    holds a run already, by its id, keeps it as it is.

    Raises:
        UsageError: MLflow is not installed; at `place` there is a file that is not MLflow's.
        StoreError: the store refuses.
    """
    # nothing leaves this machine unless the user names a server
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        raise UsageError("MLflow is not installed: pip install mlflow.") from None
    # it would announce every table that it makes
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        _check_own(place)
        client = MlflowClient(tracking_uri=address(place))
        return _written(client, _experiment(client, experiment), runs)
    except (MlflowException, SQLAlchemyError, OSError, ValueError) as error:
        raise StoreError(f"MLflow store {place}: {error}") from None


def _written(client: Any, experiment: str, runs: Iterable[RunResult]) -> tuple[int, int]:
    there = _there(client, experiment)
    new = known = 0
    for run in runs:
        if run.run_id in there:
            known += 1
        else:
            _write(client, experiment, run)
            new += 1
    return new, known


def address(place: str) -> str:
    """Return MLflow's address of a file, which is an SQLite database; an address as it is."""
    return place if "://" in place else f"sqlite:///{Path(place).resolve()}"


def _check_own(place: str) -> None:
    """Refuse a file that is there and not MLflow's: it would write its own tables into any."""
    path = Path(place.removeprefix("sqlite:///"))
    if ("://" in place and not place.startswith("sqlite:///")) or not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:
        tables = set()
    if not {"alembic_version", "experiments"} <= tables:
        raise UsageError(f"--output {place}: what is there is no MLflow store; name another file.")


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(client.create_experiment(name) if found is None else found.experiment_id)


def _there(client: Any, experiment: str) -> set[str]:
    found: set[str] = set()
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        found |= {run.data.tags[ID] for run in page if ID in run.data.tags}
        token = page.token
        if not token:
            return found


def _write(client: Any, experiment: str, run: RunResult) -> None:
    """Write one run; only when all of it is there is it tagged with its id."""
    from mlflow.entities import Metric, Param

    began = _milliseconds(run)
    made = client.create_run(experiment, start_time=began, run_name=f"{run.method}, {run.seed}")
    own = made.info.run_id
    parameters = [Param(key, str(value)[:LONGEST]) for key, value in parameters_of(run).items()]
    for some in _parts(parameters, MOST_PARAMETERS):
        client.log_batch(own, params=some)
    ended = began + round(1000 * run.seconds)
    metrics = [Metric(name, value, ended, step) for name, value, step in metrics_of(run)]
    for some in _parts(metrics, MOST_METRICS):
        client.log_batch(own, metrics=some)
    for key, value in tags_of(run).items():
        client.set_tag(own, key, value)
    status = "FINISHED" if run.status == "done" else "FAILED"
    client.set_terminated(own, status, end_time=ended)
    client.set_tag(own, ID, run.run_id)


def parameters_of(run: RunResult) -> dict[str, Any]:
    """Return every setting by the key of a SELECTION, and the size of network and data."""
    own = ("method", "dataset", "n_parameters", "n_train", "n_val", "n_test", "members")
    return settings_of(run.spec) | {name: getattr(run, name) for name in own}


def metrics_of(run: RunResult) -> Iterator[tuple[str, float, int]]:
    """Yield (name, value, epoch): curves, then final scores as `final/test/nll`; finite ones."""
    for record in run.curves:
        named = {f"train_{name}": value for name, value in record.train.items()}
        named |= {f"val_{name}": value for name, value in record.val.items()}
        for name, value in (named | {"running_loss": record.running_loss}).items():
            if math.isfinite(value):
                yield name, float(value), record.epoch
    for part in PARTS:
        for name, value in run.final.get(part, {}).items():
            if math.isfinite(value):
                yield f"final/{part}/{name}", float(value), run.epochs_run


def tags_of(run: RunResult) -> dict[str, str]:
    """Return what is recorded beside a run: status, epochs, host and versions."""
    told = {
        "status": run.status,
        "best_epoch": run.best_epoch,
        "restored_epoch": run.restored_epoch,
    }
    told |= {f"environment.{key}": value for key, value in run.environment.items()}
    return {f"overfit.{k}": str(v)[:LONGEST] for k, v in told.items() if v is not None}


def _milliseconds(run: RunResult) -> int:
    """Return when the run began, which is told by its date, the end, and its seconds."""
    try:
        ended = datetime.fromisoformat(str(run.environment.get("date", ""))).timestamp()
    except ValueError:
        return 0
    return max(0, round(1000 * (ended - run.seconds)))


def _parts(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]
