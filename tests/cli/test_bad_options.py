"""Mistakes on the command line: exit 2, what and where and what is allowed, nothing written."""

import pytest
from cli_samples import SHAPE, TINY, files

from overfit_cli.cli.flags import METHOD, SHARED
from overfit_cli.errors import UsageError

DROPOUT, STOP, BAYES = (
    ("--method", "dropout"),
    ("--method", "early-stopping"),
    ("--method", "bayes"),
)
HMC = ("--inference", "hmc")
SGHMC = ("--inference", "sghmc")
LAPLACE = ("--inference", "laplace")
SWAG = ("--inference", "swag")
EXACT = ("--inference", "exact")
LAPLACE = ("--inference", "laplace")
SWAG = ("--inference", "swag")

# option, value, what the message says besides, other options
BAD = [
    ("dataset", "mons", "Did you mean 'moons'"),
    ("dataset", "moons:m=3", "Allowed: n, n_test, seed, noise, extra"),
    ("dataset", "moons:n=-4", "from 2 to"),
    ("dataset", "moons:n=x", "whole number"),
    ("dataset", "", "at least 1 character"),
    ("target", "y", "is for files"),
    ("task", "classify", "Did you mean 'classification'"),
    ("features", "a", "is for files"),
    ("drop", "a", "is for files"),
    ("val-file", "no.csv", "is for files"),
    ("test-file", "no.csv", "is for files"),
    ("split-column", "s", "is for files"),
    ("group-column", "g", "is for files"),
    ("time-column", "t", "is for files"),
    ("weight-column", "w", "is for files"),
    ("val-size", "-1", "greater than or equal to 0"),
    ("val-size", "x", "'x' is not a number"),
    ("val-size", "0.999", "leave no training row"),
    ("test-size", "-1", "greater than or equal to 0"),
    ("test-size", "5", "the test rows are given"),
    ("train-size", "0", "greater than or equal to 1"),
    ("train-size", "1.5", "'1.5' is not a whole number"),
    ("label-noise", "-0.1", "greater than or equal to 0"),
    ("label-noise", "2", "from 0 to 1"),
    ("label-noise", "inf", "finite"),
    ("resample", "split", "Did you mean 'splits'? Allowed: splits, fixed, draws"),
    ("method", "dropuot", "Did you mean 'dropout'? Allowed: none,"),
    ("method", "none+dropout", "'none' cannot be combined"),
    ("method", "dropout+dropout", "named twice"),
    ("method", "", "allowed: none,"),
    ("method", "+", "unknown method ''"),
    ("hidden", "0,4", "greater than or equal to 1 (got '0')"),
    ("hidden", "4,,4", "(got '')"),
    ("hidden", "x", "valid integer (got 'x')"),
    ("hidden", "1000000", "less than or equal to 100000"),
    ("activation", "rellu", "Did you mean 'relu'? Allowed: relu, tanh, logistic, identity"),
    ("optimizer", "adm", "Did you mean 'adam'? Allowed: sgd, nesterov, adam"),
    ("lr", "0", "greater than 0"),
    ("lr", "nan", "finite"),
    ("lr", "x", "'x' is not a number"),
    ("lr-schedule", "linear", "Allowed: constant, inverse:T, exponential:T, cosine, step:T,F"),
    ("lr-schedule", "step:1", "write step:T,F"),
    ("momentum", "1", "less than 1"),
    ("momentum", "-0.1", "greater than or equal to 0"),
    ("batch-size", "0", "greater than or equal to 1"),
    ("epochs", "0", "greater than or equal to 1"),
    ("epochs", "ten", "'ten' is not a whole number"),
    ("eval-every", "0", "greater than or equal to 1"),
    ("seeds", "0", "greater than or equal to 1"),
    ("seeds", "1000000000", "less than or equal to 10000"),
    ("seed", "-1", "greater than or equal to 0"),
    ("seed", "4294967296", "less than 4294967296"),
    ("dtype", "float16", "Allowed: float32, float64"),
    ("threads", "0", "greater than or equal to 1"),
    ("p", "0", "'0.0' is not a number from 1.5e-05 to 1", *DROPOUT),
    ("p", "1.5", "'1.5' is not a number from 1.5e-05 to 1, or one per", *DROPOUT),
    ("p", "1e-6", "from 1.5e-05 to 1", *DROPOUT),
    ("p", "x", "one per hidden layer", *DROPOUT),
    ("p", "0.5,", "one per hidden layer", *DROPOUT),
    ("p", "0.5,0.5", "2 values for 1 hidden layer;", *DROPOUT),
    ("p", "0.5", "is for hidden layers", *DROPOUT, "--hidden", "none", "--p-input", "0.8"),
    ("p", "0.5", "say the same thing twice", *DROPOUT, "--drop-rate", "0.5"),
    ("p-input", "0", "from 1.5e-05 to 1", *DROPOUT),
    ("p-input", "1e-6", "from 1.5e-05 to 1", *DROPOUT),
    ("p-input", "1", "dropout has nothing to thin", *DROPOUT, "--hidden", "none"),
    ("drop-rate", "1", "from 0 to 0.999985", *DROPOUT),
    ("drop-rate", "0.999999", "from 0 to 0.999985", *DROPOUT),
    ("drop-rate", "0.5,0.5", "--drop-rate: 2 values for 1 hidden layer;", *DROPOUT),
    ("scope", "batch", "Did you mean 'minibatch'? Allowed: example, minibatch", *DROPOUT),
    ("mask", "bernouli", "Did you mean 'bernoulli'", *DROPOUT),
    ("average", "mean", "Allowed: weights, mc", *DROPOUT),
    ("mc-samples", "0", "at least 1", *DROPOUT),
    ("l1", "-1", "at least 0", "--method", "l1"),
    ("l1", "inf", "'inf' is not a finite number of at least 0", "--method", "l1"),
    ("l2", "nan", "at least 0", "--method", "l2"),
    ("l2", "1e400", "'inf' is not a finite number of at least 0", "--method", "l2"),
    ("max-norm", "0", "above 0", "--method", "max-norm"),
    ("patience", "0", "at least 1", *STOP),
    ("min-delta", "-1", "at least 0", *STOP),
    ("min-delta", "inf", "finite number", *STOP),
    ("stop-metric", "accuracy", "Allowed: nll, error, rmse", *STOP),
    ("stop-metric", "rmse", "use nll or error", *STOP),
    ("val-size", "0", "early-stopping watches validation rows", *STOP),
    ("inference", "hcm", "Did you mean 'hmc'? Allowed: ensemble, hmc, sghmc", *BAYES),
    ("members", "1", "at least 2", *BAYES),
    ("chains", "0", "at least 1", *BAYES, *HMC),
    ("warmup", "-1", "at least 0", *BAYES, *HMC),
    ("samples", "0", "at least 1", *BAYES, *HMC),
    ("leapfrog", "0", "at least 1", *BAYES, *HMC),
    ("prior-width", "0", "above 0", *BAYES, *HMC),
    ("prior-width", "inf", "finite number", *BAYES, *HMC),
    ("prior-sd", "0", "above 0", *BAYES, *HMC),
    ("cycles", "0", "at least 1", *BAYES, *SGHMC),
    ("thin", "0", "at least 1", *BAYES, *SGHMC),
    ("step-size", "0", "above 0", *BAYES, *SGHMC),
    ("grid-values", "1", "at least 2", *BAYES, *EXACT),
    ("grid-width", "0", "above 0", *BAYES, *EXACT),
    ("curvature", "kafc", "Did you mean 'kfac'", *BAYES, *LAPLACE),
    ("layers", "first", "Allowed: last, all", *BAYES, *LAPLACE),
    ("predictive", "sample", "Did you mean 'sampled'", *BAYES, *LAPLACE),
    ("temperature", "-1", "at least 0", *BAYES, *LAPLACE),
    ("rounds", "1", "at least 2", *BAYES, *LAPLACE),
    ("draws", "0", "at least 1", *BAYES, *LAPLACE),
    ("swag-start", "2", "from 0 to 1", *BAYES, *SWAG),
    ("swag-rank", "-1", "at least 0", *BAYES, *SWAG),
    ("swag-lr", "0", "above 0", *BAYES, *SWAG),
    ("curvature", "kfacs", "Did you mean 'kfac'?", *BAYES, *LAPLACE),
    ("layers", "first", "Allowed: last, all", *BAYES, *LAPLACE),
    ("predictive", "linear", "Did you mean 'linearised'?", *BAYES, *LAPLACE),
    ("temperature", "-1", "at least 0", *BAYES, *LAPLACE),
    ("rounds", "1", "at least 2", *BAYES, *LAPLACE),
    ("draws", "0", "at least 1", *BAYES, *LAPLACE),
    ("swag-start", "1.1", "from 0 to 1", *BAYES, *SWAG),
    ("swag-rank", "-1", "at least 0", *BAYES, *SWAG),
    ("swag-lr", "0", "above 0", *BAYES, *SWAG),
    ("every", "0", "whole number of at least 1"),
    ("every", "x", "whole number of at least 1"),
    ("config", "no.toml", "no.toml"),
]
SWITCHES = {"--folds"}


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case[0]}={case[1]}")
def test_bad_value(cli, case):
    option, value, said, *others = case
    ended = cli("run", *TINY, *others, f"--{option}={value}", code=2)
    assert ended.out == ""
    assert ended.err.startswith("overfit: ")
    assert said in " ".join(ended.err.split())
    # where: these messages name the thing itself
    assert f"--{option}" in ended.err or option in ("dataset", "method", "lr-schedule", "config")
    assert files() == []


def test_every_option_is_tried_with_a_bad_value():
    tried = {f"--{option}" for option, *_ in BAD}
    assert {flag.name for flag in (METHOD, *SHARED)} - tried == SWITCHES


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mehtod", "none"), "--mehtod. Did you mean --method? See: overfit run --help"),
        (("--epoch", "3"), "Did you mean --epochs?"),
        (("--qqq", "3"), "--qqq. See: overfit run --help"),
        (("extra",), "(extra). See: overfit run --help"),
        (("--lr",), "'--lr' requires an argument"),
    ],
)
def test_what_the_parser_refuses(cli, words, said):
    assert said in cli("run", *TINY, *words, code=2).err
    assert files() == []


OWNED = {
    "dropout": ("p", "p-input", "drop-rate", "scope", "mask", "average", "mc-samples"),
    "l1": ("l1",),
    "l2": ("l2",),
    "max-norm": ("max-norm",),
    "early-stopping": ("patience", "min-delta", "stop-metric"),
    "bayes": ("inference", "members", "chains", "warmup", "samples", "leapfrog", "prior-width"),
}
FITTING = {
    "scope": "example",
    "mask": "exact",
    "average": "mc",
    "stop-metric": "nll",
    "inference": "hmc",
}


@pytest.mark.parametrize(("owner", "option"), [(k, v) for k, vs in OWNED.items() for v in vs])
def test_an_option_whose_method_is_not_chosen_names_the_combination(cli, owner, option):
    value = FITTING.get(option, "0.5" if option in ("p", "p-input", "drop-rate") else "3")
    other = "l2" if owner != "l2" else "l1"
    alone = cli("run", *TINY, f"--{option}", value, code=2).err
    assert f"--{option} belongs to '{owner}'" in alone
    assert f"use --method {owner}." in alone
    beside = cli("run", *TINY, "--method", other, f"--{option}", value, code=2).err
    assert f"use --method {other}+{owner}." in beside
    assert files() == []


HMC_ONLY = ", and the inference is ensemble"
DESCENT_ONLY = ", and the inference is hmc"

# option, value, why nothing uses it, the method
UNUSED = [
    ("lr", "0.1", DESCENT_ONLY, *BAYES, *HMC),
    ("momentum", "0.5", DESCENT_ONLY, *BAYES, *HMC),
    ("epochs", "3", DESCENT_ONLY, *BAYES, *HMC),
    ("optimizer", "adam", DESCENT_ONLY, *BAYES, *HMC),
    ("batch-size", "8", DESCENT_ONLY, *BAYES, *HMC),
    ("lr-schedule", "cosine", DESCENT_ONLY, *BAYES, *HMC),
    ("members", "3", DESCENT_ONLY, *BAYES, *HMC),
    ("chains", "2", HMC_ONLY, *BAYES),
    ("warmup", "2", HMC_ONLY, *BAYES),
    ("samples", "2", HMC_ONLY, *BAYES),
    ("leapfrog", "2", HMC_ONLY, *BAYES),
    ("prior-width", "0.1", HMC_ONLY, *BAYES, "--inference", "ensemble"),
    ("prior-sd", "1", HMC_ONLY, *BAYES),
    ("cycles", "2", "belongs to --inference sghmc, and the inference is hmc", *BAYES, *HMC),
    ("thin", "2", DESCENT_ONLY, *BAYES, *HMC),
    ("step-size", "0.1", DESCENT_ONLY, *BAYES, *HMC),
    ("leapfrog", "2", "and the inference is sghmc", *BAYES, *SGHMC),
    ("lr", "0.1", "and the inference is sghmc", *BAYES, *SGHMC),
    ("grid-values", "2", "belongs to --inference exact, and the inference is hmc", *BAYES, *HMC),
    ("grid-width", "2", DESCENT_ONLY, *BAYES, *HMC),
    ("chains", "2", "and the inference is exact", *BAYES, *EXACT),
    ("momentum", "0.9", "and the optimizer is adam", "--optimizer", "adam"),
    ("mc-samples", "9", "belongs to --average mc, and the average is weights", *DROPOUT),
]


@pytest.mark.parametrize("case", UNUSED, ids=lambda case: f"{case[0]} {case[-1]}")
def test_an_option_that_nothing_uses_is_refused(cli, case):
    option, value, why, *others = case
    said = cli("run", *SHAPE, *others, f"--{option}", value, code=2).err
    assert f"--{option} belongs to" in said
    assert why in said
    assert files() == []


@pytest.mark.parametrize("other", ["dropout", "l1", "l2", "max-norm", "early-stopping"])
def test_a_refused_combination_names_both_parts(cli, other):
    said = cli("run", *TINY, "--method", f"{other}+bayes", *HMC, code=2).err
    assert "--inference hmc" in said
    assert f"'{other}'" in said
    assert files() == []


@pytest.mark.parametrize("method", ["bayes", "early-stopping+bayes"])
def test_folds_need_early_stopping_and_an_ensemble(cli, method):
    other = () if method == "bayes" else HMC
    said = cli("run", *TINY, "--method", method, "--folds", *other, code=2).err
    assert "early-stopping" in said
    assert files() == []


def test_folds_larger_than_the_data(cli):
    few = ("--dataset", "moons:n=6", "--members", "30", "--folds")
    said = cli("run", *TINY, "--method", "bayes+early-stopping", *few, code=2).err
    assert "--folds" in said
    assert files() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Usage: overfit"),
        (("rnu",), "Did you mean 'run'? See: overfit --help"),
        (("--verison",), "Did you mean --version? See: overfit --help"),
        (("predict",), "Missing argument 'RUN'. See: overfit predict --help"),
        (("refit",), "METHOD"),
        (("methods", "dropot"), "Did you mean 'dropout'"),
        (("datasets", "mons"), "Did you mean 'moons'"),
        (("show", "--every", "0"), "whole number of at least 1"),
        (("verify", "--tolerance", "-1"), "--tolerance"),
    ],
)
def test_other_commands(cli, words, said):
    ended = cli(*words, code=2)
    assert said in ended.err
    assert ended.out == ""
    assert files() == []


def test_debug_shows_the_traceback(cli):
    with pytest.raises(UsageError, match="unknown data set 'mons'"):
        cli("--debug", "run", "--dataset", "mons")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["my.csv"], "Use --dataset my.csv."),
        (["data/mine"], "Use --dataset data/mine."),
        (["dropout"], "Use --method dropout."),
        (["dropout,l2+l1"], "Use --method dropout,l2+l1."),
        (["dropout,", "early-stopping"], "Use --method dropout,early-stopping."),
    ],
)
def test_a_word_without_its_option(cli, words, said):
    assert said in cli("run", *words, code=2).err
    assert "Use --" not in cli("show", "last", *words, code=2).err


def test_a_file_is_no_named_data_set(cli):
    told = cli("datasets", "my data.csv", code=2).err
    assert told.splitlines()[1] == "overfit run --dataset 'my data.csv'"
    assert "Did you mean 'moons'" in cli("datasets", "mons", code=2).err
