"""`overfit tune`: races, a table, a document, winners that `compare` takes up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_samples import environment

SMALL = """
name = "small"
dataset = "moons:n=60,n_test=40"
hidden = [4]
epochs = 9
seeds = 3
[[methods]]
method = "none"
grid.lr = [0.01, 0.05, 0.1]
[[methods]]
method = "dropout"
grid.p = [0.5, 0.8, 0.9]
grid.lr = [0.01, 0.05, 0.1]
"""
SAMPLER = '[[methods]]\nmethod = "bayes"\ninference = "hmc"\n'


@pytest.fixture
def config(empty_folder):
    return written(SMALL)


def written(text):
    path = Path("small.toml")
    path.write_text(text)
    return path


def test_winners_are_stored_and_compared(cli, config):
    told = cli("tune", config).out
    assert "at most 21 epochs per method and seed" in told
    (none,) = [line for line in told.splitlines() if line.startswith("none")]
    assert none.split()[1] == "3"
    assert "3 to 1, 3 to 3, 2 to 9" in none
    (spent,) = [line for line in told.splitlines() if " epochs in place of " in line]
    assert spent.startswith("126 epochs in place of 324")
    assert told.splitlines()[-1] == "next: overfit compare small"
    assert "--budget 81 trains every setting to the end" in told
    assert "trains every setting" not in cli("tune", config, "--budget", 81).out
    cli("rm", "small")
    cli("tune", config)
    page = cli("compare", "small").out
    assert "unequally many settings (none: 3, dropout: 9)" in page
    assert "settings chosen per method and seed by val nll" in page
    assert "lr differs" not in page
    assert cli("verify", "last").out.endswith("bit for bit.\n")


def test_json(cli, config):
    found = cli("tune", config, "--json").json
    assert found["schema"] == "overfit.tune/1"
    assert (found["eta"], found["budget"], found["select"]) == (3, 21, "nll")
    none, dropout = found["methods"]
    assert (none["trials"], dropout["trials"]) == (3, 9)
    assert none["epochs"] == dropout["epochs"] == [21, 21, 21]
    assert (none["whole"], dropout["whole"]) == (27, 81)
    assert dropout["rungs"] == [[[9, 1], [3, 3], [1, 9]]]
    assert sum(won["seeds"] for won in dropout["wins"]) == 3
    assert set(dropout["wins"][0]["setting"]) == {"p", "lr"}
    assert len(none["scores"]) == 3
    assert found["end"]["stored"] == 0
    again = cli("tune", config, "--json").json
    assert again["end"]["stored"] == 6
    assert again["methods"] == found["methods"]
    assert len(cli("list", "--json").runs) == 6


def test_processes_find_the_same(cli, config):
    few = ("tune", config, "--json", "--seeds", 2)
    here = cli(*few, "--workers", 1, "--store", "here.db").json
    there = cli(*few, "--workers", 2, "--store", "there.db").json
    assert (here["workers"], there["workers"]) == (1, 2)
    for one, other in zip(here["methods"], there["methods"], strict=True):
        assert sorted(one.pop("scores")) == sorted(other.pop("scores"))
        one["wins"].sort(key=repr)
        other["wins"].sort(key=repr)
        assert one == other


def test_options_of_halving(cli, config):
    found = cli("tune", config, "--eta", 2, "--budget", 30, "--method", "none", "--json").json
    assert (found["eta"], found["budget"]) == (2, 30)
    (line,) = found["methods"]
    # a method among the options replaces the tables, and with them their grids
    assert (line["method"], line["settings"], line["epochs"]) == ("none", 1, [9, 9, 9])


def test_samplers_are_left_out_by_name(cli, empty_folder):
    told = cli("tune", written(SMALL + SAMPLER)).out
    (line,) = [line for line in told.splitlines() if line.startswith("left out: ")]
    assert "Hamiltonian Monte Carlo" in line


def test_a_method_that_always_diverges_ends_with_3_and_is_seen_by_compare(cli, empty_folder):
    text = SMALL.replace("[4]", '[4, 4]\nactivation = "identity"')
    text = text.replace("grid.lr = [0.01, 0.05, 0.1]\n[[", "grid.lr = [1e6, 2e6, 3e6]\n[[", 1)
    done = cli("tune", written(text), code=3)
    assert "none: 3 seeds diverged whatever the setting" in done.out
    assert "of 6 races 3 have no winner" in done.err
    assert "no run finished" in cli("compare", "small", "--baseline", "dropout").out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--eta", "1"), "--eta: '1' is not a whole number from 2 to 100"),
        (("--eta", "x"), "--eta: 'x'"),
        (("--budget", "0"), "--budget: '0' is not a whole number of epochs"),
        (("--budget", "8"), "'none' takes 9 epochs per seed at least"),
        (("--workers", "none"), "--workers: 'none'"),
        (("--val-size", "0"), "--val-size"),
        (("--epoch", "3"), "--epochs"),
    ],
)
def test_refusals_write_nothing(cli, config, options, words):
    assert words in cli("tune", config, *options, code=2).err
    assert not list(Path().glob("*.db"))


def test_only_samplers_leave_nothing_to_halve(cli, empty_folder):
    told = cli("tune", written('dataset = "moons:n=60"\n' + SAMPLER), code=2).err
    assert "use overfit batch" in told


def test_help_names_the_command_after_compare(cli):
    lines = [line.split() for line in cli("--help").out.splitlines()]
    names = [words[0] for words in lines if words]
    assert names.index("tune") == names.index("compare") + 1


def test_an_interrupt_keeps_the_winners_so_far(cli, empty_folder):
    """Interrupted after its first winner; the same command again trains the others only."""
    config = written(SMALL.replace("epochs = 9", "epochs = 300"))
    words = [sys.executable, "-m", "overfit_cli", "tune", str(config), "--workers", "1"]
    running = subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment()
    )
    while running.poll() is None and not stored(cli):
        time.sleep(0.1)
    os.kill(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "winners are stored" in told
    assert "overfit tune small.toml --workers 1" in told
    before = stored(cli)
    assert 0 < before < 6
    again = json.loads(cli("tune", config, "--workers", 1, "--json").out)
    assert again["end"]["stored"] == before
    assert stored(cli) == 6


def stored(cli):
    return len(cli("list", "--json").runs) if Path("overfit.db").exists() else 0


def test_without_a_config_the_batch_is_named_after_its_data(cli):
    given = ("--dataset", "moons:n=60,n_test=40", "--hidden", 4, "--epochs", 4, "--seeds", 1)
    last = cli("tune", *given).out.splitlines()[-1]
    assert last.startswith("next: overfit compare remedies-moons-")
