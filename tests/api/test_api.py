"""From Python, what the commands do: the same runs, the same report, as arrays and frames."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from overfit_cli import api
from overfit_cli.cli.app import execute
from overfit_cli.errors import DataError, StoreError, UsageError

SMALL = {"dataset": "iris", "hidden": [4], "epochs": 3}
TWO = {**SMALL, "method": "none,l2", "seeds": 6}
CONFIG = """
name = "pair"
dataset = "iris"
hidden = [4]
epochs = 3
seeds = 6
[[methods]]
method = "none"
[[methods]]
method = "l2"
grid.l2 = [0.001, 0.1]
"""


@pytest.fixture(scope="module")
def runs() -> api.Runs:
    return api.run(TWO)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "pair.toml"
    path.write_text(CONFIG)
    return path


def test_load_is_what_a_run_trains_on(runs: api.Runs) -> None:
    data = api.load("iris", {"seed": 2})
    (third,) = [run for run in runs if run.seed == 2 and run.method == "none"]
    assert (len(data.train), len(data.val), len(data.test)) == (
        third.n_train,
        third.n_val,
        third.n_test,
    )
    np.testing.assert_allclose(data.train.inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_array_equal(data.test.ids, third.predictions.ids)
    assert len(api.load("iris", {"val_size": 0}).val) == 0


def test_spec_knows_the_run_ids(runs: api.Runs) -> None:
    assert [spec.run_id for spec in api.spec(TWO)] == [run.run_id for run in runs]
    assert [run.method for run in runs] == ["none"] * 6 + ["l2"] * 6


def test_run_is_the_command(
    runs: api.Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {**TWO, "hidden": 4, "store": tmp_path / "runs.db"}
    flags = [word for key, value in given.items() for word in (f"--{key}", str(value))]
    assert execute(["run", "--json", *flags]) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    for ours, theirs in zip(runs, told, strict=True):
        same = ("run_id", "final", "curves", "baselines", "spec")
        plain = json.loads(json.dumps(ours.to_json()))
        assert {key: plain[key] for key in same} == {key: theirs[key] for key in same}


def test_tables(runs: api.Runs) -> None:
    assert len(runs) == len(runs.table) == 12
    assert runs[3].seed == 3
    np.testing.assert_array_equal(
        runs.table["test_nll"], [run.final["test"]["nll"] for run in runs]
    )
    assert len(runs.curves) == 12 * 4
    assert runs.curves.to_pandas().groupby("run_id").size().eq(4).all()
    frame = runs.to_polars()
    assert frame["method"].to_list() == [run.method for run in runs]
    assert runs.to_pandas()["seed"].tolist() == list(range(6)) * 2
    assert len(runs.predictions) == 12 * 30 * 3
    page = runs._repr_html_()
    assert runs[0].run_id in page
    assert page.count("<tr>") == 13


def test_runs_are_stored_where_asked(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    (trained,) = api.run(SMALL, store=store)
    (again,) = api.stored(store=store)
    assert again.to_json() == trained.to_json()
    np.testing.assert_array_equal(again.model.parameters, trained.model.parameters)
    assert len(api.stored("method=none", store)) == 1
    with pytest.raises(UsageError, match="dropout"):
        api.stored("method=dropout", store)


def test_batch_trains_what_is_missing(config: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    first = api.batch(config, store=store)
    assert len(first) == 18
    assert {run.status for run in first} == {"done"}
    again = api.batch(config, store=store)
    assert [run.to_json() for run in again] == [run.to_json() for run in first]
    other = api.batch(config, {"epochs": 2, "seeds": 1}, store=store)
    assert [run.epochs_run for run in other] == [2] * 3


@pytest.mark.slow
def test_batch_on_two_workers(config: Path, tmp_path: Path) -> None:
    one, two = (api.batch(config, store=tmp_path / f"{n}.db", workers=n) for n in (1, 2))
    for alone, other in zip(one, two, strict=True):
        assert alone.run_id == other.run_id
        np.testing.assert_array_equal(alone.model.parameters, other.model.parameters)


def test_compare_is_the_command(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "runs.db"
    report = api.compare(api.batch(config, store=store))
    capsys.readouterr()
    assert execute(["compare", "pair", "--json", "--store", str(store)]) == 0
    (told,) = json.loads(capsys.readouterr().out)["problems"]
    assert report.answers == [told["answer"]]
    assert report.sentences == [verdict["sentence"] for verdict in told["verdicts"]]
    assert report.verdicts["p"].tolist() == [verdict["p"] for verdict in told["verdicts"]]
    trials = [trial for arm in told["arms"] for trial in arm["trials"]]
    assert report.scores["run_id"].tolist() == [trial["run_id"] for trial in trials]
    frame = report.to_polars()
    assert frame["test_nll"].to_list() == [trial["scores"]["test"]["nll"] for trial in trials]
    assert frame["l2"].to_list()[6:] == [trial["setting"]["l2"] for trial in trials[6:]]
    assert len(report.to_pandas()) == 12


def test_compare_answers_what_is_asked(runs: api.Runs) -> None:
    report = api.compare(runs, metric="error", baseline="l2", title="<irises>")
    assert report.verdicts["metric"].tolist() == ["error"]
    assert report.verdicts["baseline"].tolist() == ["l2"]
    near = api.compare(runs, reference="l2").fidelity
    assert set(near["method"]) == {run.method for run in runs} - {"l2"}
    for method, seed, variation in zip(
        near["method"], near["seed"], near["total_variation"], strict=True
    ):
        own, reference = (
            next(run for run in runs if (run.method, run.seed) == (name, seed)).predictions.outputs
            for name in (method, "l2")
        )
        expected = np.abs(own - reference).sum(axis=1).mean() / 2
        assert variation == pytest.approx(expected, rel=1e-6)
    with pytest.raises(UsageError, match="Did you mean 'error'"):
        api.compare(runs, metric="eror")


def test_no_reference_no_fidelity(runs: api.Runs) -> None:
    near = api.compare(runs).fidelity
    assert len(near) == 0
    assert near["total_variation"].tolist() == []
    assert near.to_polars().columns == ["dataset", "method", "reference", "seed", "total_variation"]


def test_slices_and_sums_are_runs(runs: api.Runs) -> None:
    some = runs[:2] + runs[-1:]
    assert isinstance(some, api.Runs)
    assert [run.run_id for run in some] == [runs[place].run_id for place in (0, 1, -1)]
    assert api.compare(runs + runs).sentences == api.compare(runs).sentences
    with pytest.raises(TypeError):
        runs + runs[0]


def test_one_line_each(runs: api.Runs) -> None:
    assert repr(runs) == "Runs(6 none, 6 l2 on iris)"
    assert repr(runs[:0]) == "Runs()"
    report = api.compare(runs)
    assert repr(report) == f"Report({report.answers[0]})"
    for told in map(repr, (runs, runs.table, report)):
        assert "\n" not in told
        assert len(told) < 300


def test_an_option_per_layer_is_text_whatever_is_exported() -> None:
    given = {**SMALL, "method": "dropout", "hidden": [3, 3]}
    one, two = api.run(given), api.run({**given, "p": [0.5, 0.8]})
    for some, expected in ((one, ["0.5"]), (one + two, ["0.5", "0.5,0.8"])):
        assert some.table["remedies.dropout.p"].tolist() == expected
        assert some.to_polars()["remedies.dropout.p"].to_list() == expected


def test_the_store_is_looked_at_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overfit_cli.api.training.train", None)
    with pytest.raises(StoreError, match="nowhere"):
        api.run(SMALL, store=tmp_path / "nowhere" / "runs.db")


def test_one_hidden_layer_may_be_a_number() -> None:
    assert api.spec({**SMALL, "hidden": 4})[0].run_id == api.spec(SMALL)[0].run_id


def test_pictures_and_page(runs: api.Runs) -> None:
    """Each picture of the page is a figure, and a notebook shows the page shut into a frame."""
    report = api.compare(runs, title="<irises>")
    frame = re.fullmatch(r'<iframe sandbox [^>]*srcdoc="([^"]*)"></iframe>', report._repr_html_())
    assert frame is not None
    page = unescape(frame[1])
    assert page.startswith("<!doctype html>")
    assert "<irises>" not in page
    assert all(sentence.split(":")[0] in page for sentence in report.sentences)
    figures = report.figures()
    assert all(isinstance(figure, Figure) and figure.axes for figure in figures.values())
    assert len(figures) == page.count("<svg")


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"metod": "none"}, UsageError, "Did you mean 'method'"),
        ({"method": "dropuot"}, UsageError, "Did you mean 'dropout'"),
        ({"p": 0.5}, UsageError, "belongs to 'dropout'"),
        ({"epochs": 0}, UsageError, "epochs"),
        ({"dataset": "nowhere.csv"}, (UsageError, DataError), "nowhere.csv"),
        ("iris", UsageError, "'iris' is no mapping"),
        (None, UsageError, "None is no mapping"),
    ],
)
def test_errors_are_the_commands(options: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        api.run(options)


def test_importing_the_package_is_light() -> None:
    """Nor do the API and the remedies' records import scikit-learn or matplotlib."""
    code = """
import sys, overfit_cli
assert not {"numpy", "pydantic", "sklearn"} & set(sys.modules)
assert overfit_cli.Dropout(p=0.5) and overfit_cli.api.run
assert not {"sklearn", "matplotlib", "polars", "pandas", "jinja2"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)
