"""`run --json`: schema `overfit.run/1` of the contract, key by key."""

import shutil
import subprocess

import pytest
from cli_samples import DIVERGING, SHAPE, TINY

NUMBER, COUNT = (int, float), int
RUN = {
    "run_id": str,
    "status": str,
    "method": str,
    "dataset": str,
    "seed": COUNT,
    "spec": dict,
    "n_parameters": COUNT,
    "n_train": COUNT,
    "n_val": COUNT,
    "n_test": COUNT,
    "members": COUNT,
    "epochs_run": COUNT,
    "best_epoch": COUNT,
    "restored_epoch": (int, type(None)),
    "seconds": NUMBER,
    "curves": dict,
    "final": dict,
    "diagnostics": dict,
}
CURVES = ["axis", "epoch", "train_nll", "val_nll", "train_error", "val_error", "running_loss"]
METHODS = {
    "none": (),
    "dropout": ("--average", "mc", "--mc-samples", "3"),
    "l1": (),
    "l2": (),
    "max-norm": (),
    "early-stopping": ("--patience", "1"),
    "dropout+max-norm+early-stopping": (),
    "bayes": ("--members", "2"),
    "bayes+early-stopping": ("--members", "2", "--folds"),
}
HMC = ("--inference", "hmc", "--chains", "2", "--warmup", "2", "--samples", "3", "--leapfrog", "2")


def check_run(run, second="error", finals=("nll", "error", "brier", "ece")):
    for key, kind in RUN.items():
        assert isinstance(run[key], kind), key
        assert not isinstance(run[key], bool), key
    assert run["status"] in ("done", "diverged", "failed")
    assert run["seconds"] > 0
    assert len(run["run_id"]) == 16
    curves = run["curves"]
    assert {name.replace("error", second) for name in CURVES} <= set(curves)
    assert curves["axis"] in ("epoch", "draw")
    assert len({len(values) for name, values in curves.items() if name != "axis"}) == 1
    assert curves["epoch"][0] == 0 or curves["axis"] == "draw"
    assert set(run["final"]) == {"train", "val", "test"}
    for part in run["final"].values():
        assert set(finals) <= set(part)


@pytest.mark.parametrize("method", METHODS)
def test_every_key_has_its_type(cli, method):
    (run,) = cli("run", *TINY, "--method", method, *METHODS[method], "--json").runs
    check_run(run)
    assert run["method"] == method
    assert (run["members"] == 2) == method.startswith("bayes")
    assert (run["restored_epoch"] is not None) == ("early-stopping" in method)


def test_sampler(cli):
    (run,) = cli("run", *SHAPE, "--method", "bayes", *HMC, "--json").runs
    check_run(run)
    assert (run["members"], run["curves"]["axis"]) == (2, "draw")
    assert run["diagnostics"]


def test_regression_has_its_own_metrics(cli, houses):
    small = ("--dataset", houses, "--target", "price", "--hidden", "3", "--epochs", "2")
    (run,) = cli("run", *small, "--json").runs
    check_run(run, "rmse", ("nll", "rmse", "mae", "r2"))
    assert run["final"]["test"]["rmse"] > 1  # in the target's unit: prices scatter by 50


def test_no_validation_rows_are_nulls_and_an_empty_part(cli):
    (run,) = cli("run", *TINY, "--val-size", "0", "--json").runs
    assert run["final"]["val"] == {}
    assert set(run["curves"]["val_nll"]) == {None}


def test_non_finite_numbers_are_null(cli):
    (run,) = cli("run", *TINY, *DIVERGING, "--json", code=3).runs
    check_run(run)
    assert run["status"] == "diverged"
    assert set(run["final"]["test"].values()) == {None}
    assert run["curves"]["train_nll"][-1] is None


def test_neighbours_of_a_diverging_run_keep_their_bits(cli, empty_folder):
    rates = "".join(f"[[methods]]\nlr = {lr}\n" for lr in (0.05, 1e6, 0.1))
    (empty_folder / "rates.toml").write_text(rates)
    network = (*TINY, "--hidden", "4,4", "--activation", "identity", "--epochs", "9")
    runs = cli("run", *network, "--config", "rates.toml", "--json", code=3).runs
    assert [run["status"] for run in runs] == ["done", "diverged", "done"]
    for run in (runs[0], runs[2]):
        (alone,) = cli("run", *network, "--lr", run["spec"]["lr"], "--json").runs
        assert alone["run_id"] == run["run_id"]
        assert (alone["curves"], alone["final"]) == (run["curves"], run["final"])


def test_nothing_else_on_stdout_and_jq_reads_it(process):
    ended = process("run", *TINY, "--method", "none,dropout", "--json", "--plot", "--every", 1)
    assert ended.out.count("\n") == 1
    assert len(ended.runs) == 2
    jq = shutil.which("jq")
    if jq is None:
        pytest.skip("jq is not installed")
    query = [jq, "-e", ".runs | map(.final.test.nll) | min"]
    found = subprocess.run(query, input=ended.out, capture_output=True, text=True, check=True)
    assert float(found.stdout) > 0


def test_a_diverged_run_of_two_classes_has_every_key_of_its_scores(cli):
    (run,) = cli("run", "--dataset", "moons:n=40", *DIVERGING, "--json", code=3).runs
    assert run["final"]["test"] == dict.fromkeys(("nll", "error", "brier", "ece", "auc"))
