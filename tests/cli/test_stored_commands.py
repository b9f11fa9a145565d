"""`list`, `show`, `rm`: what is in the store."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_samples import DIVERGING, TINY, files

from overfit_cli.store import Store

BATCH = """
dataset = "moons:n=60,n_test=20"
hidden = [3]
epochs = 2
method = "none"
"""


@pytest.fixture
def three(cli):
    """Three stored runs: none, dropout, and a diverged one; return their ids."""
    runs = cli("run", *TINY, "--method", "none,dropout", "--json").runs
    runs += cli("run", *TINY, *DIVERGING, "--json", code=3).runs
    return [run["run_id"] for run in runs]


def test_list_has_a_line_for_each_run(cli, three):
    out = cli("list").out
    assert [run_id[:8] for run_id in three] == [line[:8] for line in out.splitlines()[2:]]
    assert "diverged" in out


def test_list_json_and_csv_agree(cli, three):
    document = cli("list", "--json").json
    rows = list(csv.DictReader(io.StringIO(cli("list", "--csv").out)))
    assert document["schema"] == "overfit.list/1"
    assert [run["run_id"] for run in document["runs"]] == [row["run_id"] for row in rows] == three
    assert document["runs"][2]["test_nll"] is None
    assert rows[2]["test_nll"] == ""


def test_list_tells_the_settings_that_move_the_run(cli):
    method = ["--method", "dropout+early-stopping", "--p", "0.8", "--lr", "0.02"]
    cli("run", *TINY, *method)
    settings = cli("list", "--json").json["runs"][0]["settings"]
    assert (settings["lr"], settings["p"], settings["patience"]) == (0.02, 0.8, 10)
    assert "momentum" not in settings
    assert "lr=0.02 p=0.8 p_input=1 scope=example" in cli("list", "--csv").out


@pytest.mark.parametrize(
    ("selection", "count"),
    [("method=dropout", 1), ("status=diverged", 1), ("seed=0 status=done", 2), ("last", 1)],
)
def test_list_narrows(cli, three, selection, count):
    assert len(cli("list", "--json", *selection.split()).json["runs"]) == count


def test_show_repeats_what_run_said(cli):
    ran = cli("run", *TINY).out.splitlines()
    shown = cli("show").out.splitlines()
    without = [line for line in ran if not line.startswith(("next: ", "stored"))]
    assert [line for line in without if line not in shown] == []


def test_show_json_is_run_json(cli):
    ran = cli("run", *TINY, "--json").json
    assert cli("show", "--json").json == json.loads(json.dumps(ran))


def test_show_by_the_beginning_of_an_id_with_every_epoch_and_plot(cli, three):
    plain = cli("show", three[1][:6]).out
    assert plain.startswith(f"run {three[1]}, done")
    assert "remedies.dropout.p" in plain
    assert len(cli("show", three[1], "--plot", "--every", 1).out) > len(plain)


def test_show_of_a_run_that_is_not_there_names_the_nearest(cli, three):
    wrong = three[0][:-1] + ("0" if three[0][-1] != "0" else "1")
    assert f"Did you mean '{three[0]}'?" in cli("show", wrong, code=2).err


def test_rm(cli, three):
    assert cli("rm", three[0]).err == "removed 1 run.\n"
    assert cli("rm", "status=done", "seed=0").err == "removed 1 run.\n"
    assert len(cli("list", "--json").json["runs"]) == 1
    cli("rm", three[0], code=2)
    assert len(cli("list", "--json").json["runs"]) == 1


def test_rm_of_a_batch_keeps_what_is_of_another_batch_too(cli):
    for name in ("b.toml", "d.toml"):
        Path(name).write_text(f"{BATCH}seeds = {2 if name == 'b.toml' else 3}\n")
        cli("batch", name, "--executor", "serial")
    assert cli("rm", "d").err == "removed 1 run; 2 more are of 'b' too, and stay there.\n"
    assert {tuple(run["batches"]) for run in cli("list", "--json").json["runs"]} == {("b",)}
    cli("rm", "d", code=2)
    assert cli("rm", "b").err == "removed 2 runs.\n"


def test_rm_of_nothing_is_refused(cli, three):
    assert "SELECTION" in cli("rm", code=2).err
    cli("rm", "", code=2)
    assert len(cli("list", "--json").json["runs"]) == 3


@pytest.mark.parametrize("command", [["list"], ["show"], ["rm", "last"], ["verify"]])
def test_without_a_store(cli, command):
    assert "overfit.db: there is none" in cli(*command, code=74).err
    assert files() == []


@pytest.mark.parametrize("command", [["list"], ["show"], ["rm", "last"], ["predict", "last", "x"]])
def test_a_store_that_is_none(cli, command, empty_folder):
    (empty_folder / "overfit.db").write_text(
        "not a database, but long enough to be read as one\n" * 9
    )
    before = (empty_folder / "overfit.db").read_bytes()
    assert "overfit.db" in cli(*command, code=74).err
    assert (empty_folder / "overfit.db").read_bytes() == before


def test_empty_list(cli, three):
    cli("rm", *three)
    assert "no runs" in cli("list").out.lower()
    assert cli("list", "--json").json["runs"] == []


def test_a_batch_that_is_not_stored(cli, three):
    assert "no batch 'zz'" in cli("list", "batch=zz", code=2).err


@pytest.mark.parametrize("command", [["list"], ["show"], ["rm", "last"], ["doctor"]])
@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_store_whose_name_the_disk_refuses(cli, command, name):
    assert f"overfit: store {name[:1]}" in cli(*command, "--store", name, code=74).err.replace(
        "'", ""
    )
    assert files() == []


def test_show_of_a_run_whose_options_are_another_versions(cli):
    run_id = cli("run", *TINY, "--method", "dropout", "--json").runs[0]["run_id"]
    with Store.open("overfit.db") as store:
        made = store.load(run_id, blobs=True)
        remedies = {"dropout": {"p": 1e-9, "scope": "cell"}}
        store.save(replace(made, run_id="0" * 16, spec={**made.spec, "remedies": remedies}))
    assert "moons" in cli("show", "0" * 16).out
    refused = cli("verify", "0" * 16, code=74)
    assert "of another version of overfit, or damaged: spec:" in refused.err
