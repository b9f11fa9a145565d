"""An exported store, read by MLflow's own client. Skipped where MLflow is not installed."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from exported_samples import fill

from overfit_cli import api
from overfit_cli.cli.app import execute
from overfit_cli.export.mlflow_store import address


@pytest.mark.filterwarnings("default")
def test_opens_with_curves_and_parameters(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow", exc_type=ImportError)
    store, place = tmp_path / "runs.db", str(tmp_path / "tracking.db")
    known = {run.run_id: run for run in fill(store)}
    command = ["export", "--format", "mlflow", "--output", place, "--store", str(store)]
    assert execute([*command, "method=none"]) == 0
    # the first two are there already, and stay as they are
    assert execute(command) == execute(command) == 0
    client = mlflow.MlflowClient(tracking_uri=address(place))
    experiment = client.get_experiment_by_name("overfit")
    found = list(client.search_runs([experiment.experiment_id]))
    assert {run.data.tags["overfit.run_id"] for run in found} == set(known)
    assert len(found) == len(known)
    for exported in found:
        check(client, exported, known[exported.data.tags["overfit.run_id"]])


def check(client: object, exported: object, run: object) -> None:
    parameters = exported.data.params
    assert parameters["method"] == run.method
    assert float(parameters["lr"]) == run.spec["lr"]
    assert parameters["hidden"] == "4"
    assert ("remedies.dropout.p" in parameters) == (run.method == "dropout")
    assert exported.info.status == "FINISHED"
    assert abs(exported.info.end_time - exported.info.start_time - 1000 * run.seconds) <= 1
    for name in ("train_nll", "val_nll", "running_loss"):
        curve = client.get_metric_history(exported.info.run_id, name)
        part, _, key = name.partition("_")
        expected = {
            record.epoch: record.running_loss if part == "running" else getattr(record, part)[key]
            for record in run.curves
        }
        finite = {epoch: value for epoch, value in expected.items() if math.isfinite(value)}
        assert {point.step: point.value for point in curve} == pytest.approx(finite)
    assert exported.data.metrics["final/test/nll"] == pytest.approx(run.final["test"]["nll"])


def test_long_curves_go_in_several_calls(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow", exc_type=ImportError)
    from overfit_cli.export.mlflow_store import write_mlflow

    place = str(tmp_path / "tracking.db")
    runs = api.run({"dataset": "iris", "hidden": [2], "epochs": 300})
    assert write_mlflow(runs, place, "long") == (1, 0)
    client = mlflow.MlflowClient(tracking_uri=address(place))
    (exported,) = client.search_runs([client.get_experiment_by_name("long").experiment_id])
    assert len(client.get_metric_history(exported.info.run_id, "val_nll")) == 301


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", ["the store", "a text", "a folder", "a bad name"])
def test_what_is_not_mlflows_stays_as_it_is(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mlflow", exc_type=ImportError)
    store, text = tmp_path / "runs.db", tmp_path / "notes.txt"
    api.run({"dataset": "iris", "hidden": [2], "epochs": 1}, store=store)
    text.write_text("mine")
    before = store.read_bytes()
    names = {"the store": store, "a text": text, "a folder": tmp_path, "a bad name": "a\0b"}
    given = ["--store", str(store), "--output", str(names[kind])]
    code = execute(["export", "--format", "mlflow", *given])
    told = capsys.readouterr().err
    assert code == (74 if kind == "a bad name" else 2), told
    assert "internal error" not in told
    assert (store.read_bytes(), text.read_text()) == (before, "mine")


def test_says_so_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    api.run({"dataset": "iris", "hidden": [2], "epochs": 1}, store=tmp_path / "runs.db")
    given = ["--store", str(tmp_path / "runs.db"), "--output", str(tmp_path / "tracking.db")]
    assert execute(["export", "--format", "mlflow", *given]) == 2
    assert "pip install mlflow" in capsys.readouterr().err
    assert not (tmp_path / "tracking.db").exists()
