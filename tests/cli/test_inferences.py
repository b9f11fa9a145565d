"""`--inference` sghmc, exact and mc-dropout: run, show, predict, verify, and what is refused."""

import numpy as np
import pytest
from cli_samples import SHAPE, files

MOONS = ("--dataset", "moons:n=60,n_test=40", "--activation", "tanh", "--method", "bayes")
SHORT = ("--chains", "2", "--warmup", "3", "--samples", "8", "--cycles", "2", "--thin", "4")
INFERENCES = {
    "sghmc": ("--hidden", "3", "--inference", "sghmc", *SHORT),
    "sghmc-fixed-prior": ("--hidden", "3,2", "--inference", "sghmc", *SHORT, "--prior-sd", "1"),
    "exact": ("--hidden", "1", "--inference", "exact", "--grid-values", "4"),
    "exact-no-hidden": ("--hidden", "none", "--inference", "exact", "--grid-values", "9"),
}


@pytest.mark.parametrize("name", INFERENCES)
def test_a_run_is_shown_and_trained_again_bit_for_bit(cli, name):
    ran = cli("run", *MOONS, *INFERENCES[name], "--seeds", 2)
    assert "bayes" in cli("show", "last").out
    assert "the same, bit for bit" in cli("verify", "last").out
    if "exact" in name:
        size = "4^5 = 1,024" if name == "exact" else "9^3 = 729"
        assert f"note: exact: {size} settings of the parameters are visited." in ran.err
        assert "settings visited" in ran.out


@pytest.mark.parametrize("name", INFERENCES)
def test_runs_do_not_notice_who_else_is_in_their_stack(cli, name):
    both = cli("run", *MOONS, *INFERENCES[name], "--seeds", 2, "--json").runs
    (second,) = cli("run", *MOONS, *INFERENCES[name], "--seed", 1, "--json").runs
    for key in ("run_id", "curves", "final", "diagnostics"):
        assert both[1][key] == second[key]


def test_the_curve_of_exact_ends_at_the_final_scores(cli):
    (run,) = cli("run", *MOONS, *INFERENCES["exact"], "--json").runs
    assert run["curves"]["axis"] == "setting"
    assert run["curves"]["epoch"] == [256, 512, 768, 1024]
    assert run["curves"]["val_nll"][-1] == pytest.approx(run["final"]["val"]["nll"], abs=1e-5)
    assert 1 < run["diagnostics"]["effective_voters"] < run["diagnostics"]["voters_kept"] <= 1024


@pytest.mark.parametrize("inference", ["exact", "sghmc"])
def test_predictions_of_a_stored_regression(cli, houses, inference):
    own = {"exact": ("--grid-values", "3"), "sghmc": SHORT}[inference]
    asked = ("--dataset", houses, "--target", "price", "--features", "size", "--hidden", "1")
    (run,) = cli("run", *asked, "--method", "bayes", "--inference", inference, *own, "--json").runs
    rows = cli("predict", "last", houses).out.splitlines()
    prices = [float(line.split(",")[2]) for line in houses.read_text().splitlines()[1:]]
    found = [float(row.split(",")[1]) for row in rows[1:]]
    assert len(found) == len(prices)
    assert np.isfinite(found).all()
    assert run["diagnostics"]["noise_sd"][0] > 0


def test_averages_are_weighted_when_they_are_predicted_again(cli, plants):
    split = ("--split-column", "part", "--target", "kind", "--features", "height")
    own = ("--hidden", "none", "--method", "bayes", "--inference", "exact")
    (run,) = cli("run", "--dataset", plants, *split, *own, "--json").runs
    kinds = [line.split(",")[-1] for line in plants.read_text().splitlines()[1:]]
    lines = cli("predict", "last", plants).out.splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    nll = [-np.log(float(row[f"p({k})"])) for row, k in zip(rows[48:], kinds[48:], strict=True)]
    assert np.mean(nll) == pytest.approx(run["final"]["test"]["nll"], rel=1e-4)


def test_a_grid_too_large_is_refused_before_anything_is_written(cli):
    ended = cli("run", "--method", "bayes", "--inference", "exact", code=2)
    assert "9^85,002 = 10^81,113 settings of the 85,002 parameters" in ended.err
    assert "--inference hmc, sghmc, laplace, swag or ensemble" in ended.err
    assert ended.out == ""
    assert files() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--inference", "sghmc", "--cycles", "3", "--samples", "2"), "at least one draw"),
        (("--inference", "hmc", "--prior-sd", "1", "--prior-width", "1"), "--prior-sd fixes them"),
    ],
)
def test_what_cannot_go_together(cli, options, said):
    ended = cli("run", *SHAPE, "--method", "bayes", *options, code=2)
    assert said in ended.err
    assert files() == []


def test_mc_dropout_is_dropout_that_averages_thinned_networks(cli):
    short = (*SHAPE, "--epochs", "2", "--p", "0.8")
    (plain,) = cli("run", *short, "--method", "dropout", "--average", "mc", "--json").runs
    (named,) = cli("run", *short, "--method", "bayes", "--inference", "mc-dropout", "--json").runs
    assert named["run_id"] == plain["run_id"]
    assert named["final"] == plain["final"]
    several = ("--method", "none,bayes+early-stopping", "--inference", "mc-dropout")
    methods = [run["method"] for run in cli("run", *short, *several, "--json").runs]
    assert methods == ["none", "dropout+early-stopping"]


def test_mc_dropout_takes_no_option_of_bayes(cli):
    asked = ("--method", "bayes", "--inference", "mc-dropout", "--members", "3")
    said = cli("run", *SHAPE, *asked, code=2).err
    assert "--members is used by none of the methods asked for" in said
    assert files() == []


def test_mc_dropout_does_not_average_weights(cli):
    asked = ("--method", "bayes+dropout", "--inference", "mc-dropout", "--average", "weights")
    said = cli("run", *SHAPE, *asked, code=2).err
    assert "means --method dropout --average mc, and --average is weights" in said
    assert files() == []


def test_hmc_takes_the_prior_of_exact(cli):
    hmc = ("--inference", "hmc", "--chains", "2", "--warmup", "2", "--samples", "4")
    short = (*MOONS, "--hidden", "1", *hmc, "--leapfrog", "2")
    (gamma,) = cli("run", *short, "--json").runs
    (fixed,) = cli("run", *short, "--prior-sd", "1", "--json").runs
    assert gamma["run_id"] != fixed["run_id"]
    assert "prior_sd" not in gamma["spec"]["remedies"]["bayes"]
