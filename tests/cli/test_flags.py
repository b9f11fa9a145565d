"""What is written twice for speed, held together: flags, options, remedies, inferences, report."""

import re

import pytest
from cli_samples import TINY

from overfit_cli.bayes import INFERENCES
from overfit_cli.cli.flags import METHOD, METHODS, SHARED
from overfit_cli.experiment.options import REMEDY_OPTIONS, Options
from overfit_cli.remedies import REGISTRY
from overfit_cli.report.next_command import BELONGS, _without

FLAGS = {flag.key: flag for flag in (METHOD, *SHARED)}
OWN = {key for key in Options.model_fields if key not in REMEDY_OPTIONS and key != "drop_rate"}


def test_every_option_has_a_flag_and_every_flag_an_option():
    assert set(FLAGS) == set(Options.model_fields)
    assert len(FLAGS) == len(SHARED) + 1


def test_methods_are_those_of_the_registry():
    assert sorted(METHODS) == sorted(REGISTRY)


def test_inferences_are_those_of_the_registry():
    assert FLAGS["inference"].words == tuple(INFERENCES)


@pytest.mark.parametrize("name", REMEDY_OPTIONS)
def test_flag_of_a_remedys_option(name):
    _, option = REMEDY_OPTIONS[name]
    flag = FLAGS[name]
    assert flag.name == option.flag
    assert flag.kind is (str if option.per_layer else option.kind)
    assert flag.words == option.choices


@pytest.mark.parametrize("key", sorted(OWN - {"method"}))
def test_words_are_the_choices_of_the_option(key):
    annotation = str(Options.model_fields[key].annotation)
    allowed = re.findall(r"'([\w-]+)'", annotation) if "Literal" in annotation else []
    assert FLAGS[key].words == tuple(allowed)


@pytest.mark.parametrize("key", FLAGS)
def test_help_tells_the_default(key):
    """In brackets at the end; options without one say nothing, or what the default depends on."""
    told = re.search(r" \[(.+)\]$", FLAGS[key].help)
    default = (
        REMEDY_OPTIONS[key][1].default if key in REMEDY_OPTIONS else Options().model_dump()[key]
    )
    if default is None or default == () or default is False:
        assert told is None or key == "dtype"
    else:
        words = default if isinstance(default, tuple) else [default]
        plain = ",".join(f"{word:.12g}" if isinstance(word, float) else str(word) for word in words)
        assert told is not None
        assert told[1] == plain


def test_defaults_are_those_of_the_contract():
    told = Options()
    assert (told.dataset, told.method, told.hidden, told.activation) == (
        "digits", ("none",), (256, 256), "relu")  # fmt: skip
    assert (told.optimizer, told.lr, told.lr_schedule, told.momentum) == (
        "sgd", 0.05, "constant", 0.9)  # fmt: skip
    assert (told.batch_size, told.epochs, told.eval_every) == (32, 100, 1)
    assert (told.seeds, told.seed, told.val_size, told.threads) == (1, 0, 0.2, 1)
    remedies = {name: option.default for name, (_, option) in REMEDY_OPTIONS.items()}
    contract = {
        "p": 0.5, "p_input": 1, "scope": "example", "mask": "bernoulli", "average": "weights",
        "mc_samples": 50, "l1": 1e-4, "l2": 1e-3, "max_norm": 3, "patience": 10, "min_delta": 0,
        "stop_metric": "nll", "inference": "ensemble", "members": 5, "chains": 4, "warmup": 200,
        "samples": 200,
    }  # fmt: skip
    assert {name: remedies[name] for name in contract} == contract


def test_the_next_command_knows_which_option_belongs_to_which_method():
    owners = {option.flag: owner for owner, option in REMEDY_OPTIONS.values()}
    others = {"--drop-rate": "dropout", "--no-folds": "bayes"}
    assert owners | others == BELONGS


def test_the_next_command_drops_a_switch_and_keeps_what_follows_it():
    told = _without(["--folds", "--lr", "1", "--members", "3", "--p=2"], set(BELONGS))
    assert told == ["--lr", "1"]


@pytest.mark.parametrize("flag", FLAGS.values(), ids=FLAGS)
def test_every_option_has_help(flag):
    assert flag.help
    assert flag.metavar or flag.words or flag.kind is not str


def test_help_lists_every_option(cli):
    for command, missing in (
        ("run", ()),
        ("refit", ("val_size", "label_noise", "seeds", "method")),
    ):
        out = cli(command, "--help").out
        for key, flag in FLAGS.items():
            assert (f" {flag.name} " in out) == (key not in missing) or key in (
                "test_size", "train_size", "resample"), flag.name  # fmt: skip


def test_every_value_of_a_choice_is_taken(cli):
    for activation in FLAGS["activation"].words:
        cli("run", *TINY, "--activation", activation)
    for optimizer in FLAGS["optimizer"].words:
        cli("run", *TINY, "--optimizer", optimizer)
    for mask in FLAGS["mask"].words:
        for scope in FLAGS["scope"].words:
            cli("run", *TINY, "--method", "dropout", "--mask", mask, "--scope", scope)
    for metric in ("nll", "error"):
        cli("run", *TINY, "--method", "early-stopping", "--stop-metric", metric)
    for schedule in ("constant", "inverse:10", "exponential:10", "cosine", "step:10,0.5"):
        cli("run", *TINY, "--lr-schedule", schedule)
    for dtype in FLAGS["dtype"].words:
        cli("run", *TINY, "--dtype", dtype)
