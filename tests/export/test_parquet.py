"""`overfit export`: the files hold what the store holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from exported_samples import fill

from overfit_cli import api
from overfit_cli.cli.app import execute


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "runs.db"
    fill(path)
    return path


def test_everything(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    given = ["--store", str(store), "--output", str(folder), "--predictions"]
    assert execute(["export", *given]) == 0
    assert "runs.parquet" in capsys.readouterr().err
    runs, curves, told = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("runs", "curves", "predictions")
    )
    known = {run.run_id: run for run in api.stored(store=store)}
    assert runs["run_id"].to_list() == list(known)
    for row in runs.iter_rows(named=True):
        run = known[row["run_id"]]
        assert (row["method"], row["seed"], row["status"]) == (run.method, run.seed, "done")
        assert row["test_nll"] == run.final["test"]["nll"]
        assert row["lr"] == run.spec["lr"]
        assert row["restored_epoch"] == run.restored_epoch
    assert runs["remedies.dropout.p"].to_list() == [None, None, "0.5", "0.5", None]
    assert runs["test_error"].is_null().to_list() == [False] * 4 + [True]
    for run_id, run in known.items():
        own = curves.filter(pl.col("run_id") == run_id)
        assert own["epoch"].to_list() == [record.epoch for record in run.curves]
        assert own["val_nll"].to_list() == [record.val["nll"] for record in run.curves]
        assert own["running_loss"].null_count() == 1
    check_predictions(told, known)


def check_predictions(told: pl.DataFrame, known: dict[str, object]) -> None:
    for run_id, run in known.items():
        own = told.filter(pl.col("run_id") == run_id)
        nll = run.final["test"]["nll"]
        if run.classes:
            assert own["name"].unique(maintain_order=True).to_list() == list(run.classes)
            true = own.filter(pl.col("target") == 1)
            np.testing.assert_allclose(-np.log(true["output"]).mean(), nll, rtol=1e-5)
        else:
            z = (own["target"] - own["output"]) / own["sd"]
            density = -0.5 * z**2 - own["sd"].log() - 0.5 * np.log(2 * np.pi)
            np.testing.assert_allclose(-density.mean(), nll, rtol=1e-5)


def test_a_selection(store: Path, tmp_path: Path) -> None:
    given = ["--store", str(store), "--output", str(tmp_path / "some")]
    assert execute(["export", "method=dropout", *given]) == 0
    assert set(pl.read_parquet(tmp_path / "some" / "runs.parquet")["method"]) == {"dropout"}
    assert not (tmp_path / "some" / "predictions.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--format", "csv"], 2, "parquet, mlflow"),
        (["--format", "mlflow", "--predictions"], 2, "belongs to --format parquet"),
        (["method=l3"], 2, "l3"),
        (["--output", "/dev/null/x"], 74, "/dev/null/x"),
        (["--store", "nowhere.db"], 74, "nowhere.db"),
    ],
)
def test_refusals(
    arguments: list[str],
    code: int,
    said: str,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["export", "--store", str(store), *arguments]) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_predictions_of_other_runs_do_not_stay(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["export", "--store", str(store), "--output", str(tmp_path / "out")]
    old = tmp_path / "out" / "predictions.parquet"
    assert execute([*given, "--predictions"]) == 0
    assert "No run has predictions" not in capsys.readouterr().err
    assert old.exists()
    assert execute(given) == 0
    assert not old.exists()


def test_runs_without_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = [
        "run",
        "--dataset",
        "moons:n=40,n_test=20",
        "--hidden",
        "3",
        "--epochs",
        "1",
        "--test-size",
        "0",
    ]
    words = ["--store", str(tmp_path / "s.db")]
    assert execute([*tiny, *words]) == 0
    capsys.readouterr()
    assert execute(["export", "--predictions", *words, "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err.endswith("No run has predictions for test rows.\n")
