"""`batch`: what a batch is called, and what is said of it and its runs afterwards."""

from pathlib import Path

import pytest
from cli_samples import TINY

from overfit_cli.store import Store

BATCH = (*TINY, "--method", "none,l2", "--executor", "serial")


def named(cli, *arguments):
    return cli("batch", *arguments, "--plan", "--json").json["name"]


def test_without_a_config_a_batch_is_named_after_its_data_and_options(cli, plants, houses):
    assert named(cli) == "remedies"
    assert named(cli, "--dataset", "moons") == "remedies-moons"
    plant = ("--dataset", plants, "--target", "kind", "--drop", "site,part,weight")
    house = ("--dataset", houses, "--target", "price")
    names = [named(cli, *each) for each in (plant, house, (*house, "--epochs", 5))]
    assert [name.rsplit("-", 1)[0] for name in names] == [
        "remedies-plants", "remedies-houses", "remedies-houses",
    ]  # fmt: skip
    assert len(set(names)) == 3
    assert named(cli, "--epochs", 5, *house) == names[2]


def test_a_config_keeps_its_name_unless_another_is_given(cli):
    Path("keep.toml").write_text("dataset = 'moons'\n")
    assert named(cli, "keep.toml", "--epochs", 5) == "keep"
    assert named(cli, "keep.toml", "--name", "other") == "other"
    assert named(cli, "--name", "mine") == "mine"


@pytest.mark.parametrize("name", ["", "last", "../x", "a b", "-x", "x" * 101, "a\0b", "[/]", "a,b"])
def test_a_name_that_cannot_be_a_batch(cli, name):
    assert "--name" in cli("batch", f"--name={name}", "--plan", code=2).err


def test_compare_shows_the_runs_of_the_last_command_only(cli):
    cli("batch", *BATCH, "--seeds", 2)
    cli("batch", *BATCH, "--seeds", 2, "--epochs", 4)
    found = cli("compare", "--json").json
    assert found["n_runs"] == 4
    assert found["problems"][0]["common"]["epochs"] == "4"
    cli("batch", *BATCH, "--seeds", 2)
    assert cli("compare", "--json").json["problems"][0]["common"]["epochs"] == "3"


def test_an_unfinished_batch_is_called_incomplete(cli):
    cli("batch", *BATCH, "--seeds", 3, "--name", "half", "--shard", "1/2", "--store", "a.db")
    cli("batch", *BATCH, "--seeds", 3, "--name", "half", "--shard", "2/2", "--store", "b.db")
    with Store.open("a.db", "read") as store:
        stored = len(store.statuses("half"))
    assert 0 < stored < 6
    said = f"incomplete: {stored} of 6 runs of batch 'half' are stored."
    assert cli("compare", "--store", "a.db", "--json").json["warnings"] == [said]
    assert f"warning: {said}" in cli("compare", "--store", "a.db").out
    cli("merge", "a.db", "b.db", "--store", "whole.db")
    assert cli("compare", "--store", "whole.db", "--json").json["warnings"] == []


def test_a_run_that_two_tables_ask_for_is_planned_once(cli):
    table = "[[methods]]\nmethod = 'none'\n"
    Path("twice.toml").write_text("seeds = 2\n" + table + table)
    cli("batch", "twice.toml", *TINY, "--executor", "serial")
    assert cli("compare", "--json").json["warnings"] == []


def test_a_batch_is_no_run_and_its_best_run_is_named(cli):
    cli("batch", *BATCH, "--seeds", 2, "--name", "four")
    runs = cli("list", "--json").json["runs"]
    best = min(runs, key=lambda run: run["val_nll"])
    for command in (("show", "four"), ("refit", "four"), ("predict", "four", "x.csv")):
        said = cli(*command, code=2).err
        assert f"'four' is a batch of 4 runs; name one run, such as {best['run_id']}" in said
    assert "there is no run or batch 'fou'" in cli("show", "fou", code=2).err


def test_the_winner_leads_to_its_model(cli):
    # of circles a linear model knows nothing: it does not come first
    circles = ("--dataset", "circles:n=60,n_test=40", "--epochs", 40)
    cli("batch", *BATCH, *circles, "--seeds", 2, "--name", "four")
    (problem,) = cli("compare", "--json").json["problems"]
    trials = {t["run_id"]: (arm["name"], t) for arm in problem["arms"] for t in arm["trials"]}
    words = problem["next"].split()
    assert words[:2] == ["overfit", "refit"]
    name, trial = trials[words[2]]
    rivals = [t for other, t in trials.values() if other == name]
    assert trial["scores"]["val"]["nll"] == min(t["scores"]["val"]["nll"] for t in rivals)
    assert problem["next_reason"].startswith(f"'{name}' has the best mean test nll so far")
    assert cli("compare").out.rstrip().endswith(f"next: {problem['next']}")
    assert cli(*words[1:], "--json").runs[0]["method"] == name


def test_refit_of_the_last_run_says_which_it_is(cli):
    cli("batch", *BATCH, "--seeds", 2, "--name", "four")
    (last,) = cli("list", "last", "--json").json["runs"]
    told = f"{last['method']}, seed {last['seed']}, one of the 4 runs of batch 'four'"
    assert f"the last run is {last['run_id']}: {told}" in cli("refit", "last").err
    assert "the last run is" not in cli("refit", last["run_id"]).err


def test_a_metric_that_the_task_does_not_have(cli, houses):
    small = ("--target", "price", "--hidden", 4, "--epochs", 2)
    cli("run", "--dataset", houses, *small, "--method", "none,l2")
    said = cli("compare", "--metric", "auc", code=2).err
    assert "--metric auc: these runs are of a regression problem, and have no auc" in said
    assert "nll, rmse, mae, r2" in said


def test_another_name_of_a_method_has_its_page(cli):
    out = cli("methods", "mc-dropout").out
    assert "another name for --method dropout --average mc" in out
    assert "overfit run --method bayes --inference mc-dropout" in out
    assert "mc-dropout:" not in cli("methods").out


def test_runs_of_an_earlier_config_under_the_same_name_are_told(cli):
    first = cli("batch", *BATCH, "--seeds", 1, "--name", "four")
    assert "more than this command asks for" not in first.err
    more = cli("batch", *BATCH, "--seeds", 2, "--name", "four")
    assert "more than this command asks for" not in more.err
    assert "batch 'four' holds 4 runs more than this command asks for" in (
        cli("batch", *BATCH, "--seeds", 2, "--name", "four", "--l2", 0.5, "--lr", 0.2).err
    )
    again = cli("batch", *BATCH, "--seeds", 2, "--name", "four", "--shard", "1/2")
    assert "more than this command asks for" not in again.err
