"""`overfit refit`: the chosen method on all rows."""

from pathlib import Path

import pytest
from cli_samples import DIVERGING, TINY, files

from overfit_cli.experiment import spec

TABLE = ("--target", "kind", "--drop", "site,part,weight", "--hidden", "4", "--epochs", "3")
STOPPING = ("--patience", "2")


def refitted(cli, *arguments):
    (run,) = cli("refit", *arguments, "--json").runs
    return run


def test_a_method_trains_on_every_row(cli, plants):
    run = refitted(cli, "dropout+l2", "--dataset", plants, *TABLE, "--p", "0.8")
    assert (run["n_train"], run["n_val"], run["n_test"]) == (60, 0, 0)
    assert run["method"] == "dropout+l2"
    assert run["spec"]["remedies"]["dropout"]["p"] == 0.8
    assert len(cli("predict", run["run_id"], plants).out.splitlines()) == 61


def test_early_stopping_keeps_its_validation_rows_and_says_so(cli, plants):
    ended = cli("refit", "early-stopping", "--dataset", plants, *TABLE, *STOPPING)
    assert "12 rows are kept for validation" in ended.err
    run = cli("show", "--json").runs[0]
    assert (run["n_train"], run["n_val"], run["n_test"]) == (48, 12, 0)
    assert run["restored_epoch"] is not None


@pytest.mark.parametrize("method", ["l2", "early-stopping"])
def test_a_model_is_verified_like_any_run(cli, plants, method):
    run = refitted(cli, method, "--dataset", plants, *TABLE)
    cli("verify", run["run_id"])
    if method == "l2":
        everything = ("--val-size", 0, "--test-size", 0)
        words = ("--method", "l2", "--dataset", plants, *TABLE, *everything, "--json")
        assert cli("run", *words).runs[0]["run_id"] == run["run_id"]


def test_folds_need_no_validation_rows(cli, plants):
    folds = ("--members", "3", "--folds", *STOPPING)
    run = refitted(cli, "bayes+early-stopping", "--dataset", plants, *TABLE, *folds)
    assert (run["n_train"], run["n_val"], run["members"]) == (60, 0, 3)


def test_a_stored_run_is_refitted_as_it_was(cli, plants):
    (run,) = cli(
        "run", "--dataset", plants, *TABLE, "--method", "l2", "--l2", "0.01", "--json"
    ).runs
    again = refitted(cli, run["run_id"][:8])
    assert again["n_train"] == 60
    assert again["run_id"] != run["run_id"]
    for key in ("remedies", "hidden", "epochs", "lr", "seed"):
        assert again["spec"][key] == run["spec"][key]
    assert "leave out the other options" in cli("refit", run["run_id"], "--lr", 1, code=2).err


def test_labels_are_never_made_wrong(cli, plants):
    noisy = ("--dataset", plants, *TABLE, "--label-noise", "0.4", "--json")
    (run,) = cli("run", *noisy).runs
    again = refitted(cli, run["run_id"])
    assert (run["spec"]["data"]["label_noise"], again["spec"]["data"]["label_noise"]) == (0.4, 0)
    assert again["run_id"] == refitted(cli, "none", "--dataset", plants, *TABLE)["run_id"]
    Path("c.toml").write_text("label_noise = 0.4\n")
    other = refitted(cli, "none", "--config", "c.toml", "--dataset", plants, *TABLE)
    assert other["run_id"] == again["run_id"]
    assert "--label-noise" in cli("refit", "none", *TINY, "--label-noise", "0.1", code=2).err


def test_several_seeds_in_a_config_are_refused(cli, empty_folder):
    Path("c.toml").write_text("seeds = 3\n")
    said = cli("refit", "none", "--config", "c.toml", *TINY, code=2).err
    assert "the config asks for 3 seeds" in said
    assert files() == ["c.toml"]


def test_an_engine_that_changed_gives_another_model(cli, plants, monkeypatch):
    (run,) = cli("run", "--dataset", plants, *TABLE, "--json").runs
    before = refitted(cli, run["run_id"])
    monkeypatch.setattr(spec, "ENGINE_VERSION", 99)
    after = refitted(cli, run["run_id"])
    assert after["spec"]["versions"]["engine"] == 99
    assert after["run_id"] != before["run_id"]


def test_what_it_prints(cli):
    ended = cli("refit", "none", *TINY, "--store", "mine.db")
    assert ended.out.startswith("moons:n=60,n_test=40: 100 train, 0 val, 0 test")
    run_id = cli("list", "--json", "--store", "mine.db").json["runs"][0]["run_id"]
    assert f"overfit predict {run_id} FILE --store mine.db" in ended.err
    assert files() == ["mine.db"]


def test_a_diverged_model_is_exit_3(cli):
    assert "diverged" in cli("refit", "none", *TINY, *DIVERGING, code=3).err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dropuot",), "Did you mean 'dropout'"),
        (("none", "--val-size", "0.2"), "--val-size"),
        (("none", "--test-size", "0.2"), "--test-size"),
        (("none", "--p", "0.5"), "use --method dropout"),
        (("none,l2",), "none,l2"),
    ],
)
def test_mistakes(cli, arguments, words):
    assert words in cli("refit", *arguments, *TINY, code=2).err
    assert files() == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dropuot", "Did you mean 'dropout'? Allowed: none, "),
        ("l2+laplace", "--method l2+bayes --inference laplace. Or a stored run's id."),
        ("beef", "there is no run or batch 'beef'"),
    ],
)
def test_a_name_that_is_neither_a_method_nor_stored(cli, name, words):
    cli("run", *TINY)
    assert words in cli("refit", name, code=2).err
