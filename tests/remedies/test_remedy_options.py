"""What is said of a wrong hyperparameter, and how a method is put into words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.errors import UsageError
from overfit_cli.remedies import REGISTRY, Option

WRONG: list[tuple[str, str, Any, str]] = [
    ("dropout", "p", 0, "--p: '0' is not a number from 1.5e-05 to 1, or one per"),
    ("dropout", "p", 1.01, "--p: '1.01' is not a number from 1.5e-05 to 1"),
    ("dropout", "p", 2**-17, "--p: '7.62939453125e-06' is not a number from 1.5e-05 to 1"),
    ("dropout", "p_input", 2**-17, "--p-input: '7.62939453125e-06'"),
    ("dropout", "p", -0.5, "--p: '-0.5'"),
    ("dropout", "p", math.nan, "--p: 'nan'"),
    ("dropout", "p", "half", "--p: 'half'"),
    ("dropout", "p", True, "--p: 'True'"),
    ("dropout", "p", [0.5, 2], "--p: '2'"),
    ("dropout", "p", [], "--p: no value given"),
    ("dropout", "p_input", [0.5], r"--p-input: '\[0.5\]'"),
    ("dropout", "mask", "bernouli", "unknown value of --mask 'bernouli'.*Did you mean 'bernoulli'"),
    ("dropout", "scope", "batch", "example, minibatch"),
    ("dropout", "mc_samples", 0, "--mc-samples: '0' is not a whole number of at least 1"),
    ("dropout", "mc_samples", 2.5, "--mc-samples: '2.5' is not a whole number"),
    ("dropout", "mc_samples", math.inf, "--mc-samples: 'inf'"),
    ("l1", "l1", -1e-9, "--l1: '-1e-09' is not a finite number of at least 0"),
    ("l1", "l1", math.inf, "--l1: 'inf' is not a finite number"),
    ("l2", "l2", 10**400, "--l2: '10{98}…' is not a finite number"),
    ("bayes", "prior_width", math.inf, "--prior-width: 'inf' is not a finite number above 0"),
    ("early-stopping", "min_delta", math.inf, "--min-delta: 'inf' is not a finite number"),
    ("max-norm", "max_norm", 10**400, "--max-norm: '10{98}…' is not a number above 0"),
    ("l2", "l2", None, "--l2: 'None'"),
    ("max-norm", "max_norm", 0, "--max-norm: '0' is not a number above 0"),
    ("early-stopping", "patience", 0, "--patience: '0' is not a whole number of at least 1"),
    ("early-stopping", "stop_metric", "loss", "nll, error, rmse"),
    ("bayes", "folds", "yes", "--folds: 'yes' is not true or false"),
    ("bayes", "inference", "hmcc", "Did you mean 'hmc'"),
    ("bayes", "members", 1, "--members: '1' is not a whole number of at least 2"),
]


@pytest.mark.parametrize(("remedy", "name", "value", "message"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(
    remedy: str, name: str, value: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        REGISTRY[remedy].settings({name: value})


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [(int, 3.0, 3), (int, 10**9, 10**9), (float, 2, 2.0)],
)
def test_numbers_come_out_in_the_options_type(kind: type, value: Any, result: Any) -> None:
    checked = Option("x", kind, value, "").check(value)
    assert checked == result
    assert type(checked) is kind


def test_infinity_is_a_length_that_no_weight_vector_reaches() -> None:
    assert REGISTRY["max-norm"].settings({"max_norm": math.inf})["max_norm"] == math.inf


def test_lowest_probability_is_the_resolution_of_a_mask() -> None:
    settings = REGISTRY["dropout"].settings({"p": [2**-16, 1], "p_input": 2**-16})
    assert settings["p"] == [2**-16, 1.0]


def test_an_open_end_is_told() -> None:
    option = Option("x", float, 1, "", low=0, high=1, low_open=True)
    assert option.allowed == "a number above 0 and at most 1"


def refusal(option: Option, value: Any) -> str | None:
    try:
        option.check(value)
    except UsageError as error:
        return str(error)
    return None


ANYTHING = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text())


@given(st.one_of(ANYTHING, st.lists(st.floats())))
def test_any_value_is_either_allowed_or_refused_politely(value: Any) -> None:
    for remedy in REGISTRY.values():
        for option in remedy.options:
            message = refusal(option, value)
            if message is None:
                checked = option.check(value)
                assert option.check(checked) == checked
            else:
                assert option.flag in message


def test_one_value_per_layer_is_kept_as_a_list() -> None:
    assert REGISTRY["dropout"].settings({"p": (0.5, 1)})["p"] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {},
            "dropout: keep 0.5 (drop 0.5) of hidden units, a fresh mask per example",
        ),
        (
            {"p": [0.8, 0.5], "p_input": 0.9, "mask": "exact", "scope": "minibatch"},
            "dropout: keep 0.8, 0.5 (drop 0.2, 0.5) of hidden units, "
            "keep 0.9 (drop 0.1) of inputs, an exact subset per minibatch",
        ),
        (
            {"average": "mc", "mc_samples": 7},
            "dropout: keep 0.5 (drop 0.5) of hidden units, a fresh mask per example, "
            "average of 7 thinned networks",
        ),
    ],
)
def test_dropout_in_words_says_keep_and_drop(given: dict[str, Any], words: str) -> None:
    dropout = REGISTRY["dropout"]
    assert dropout.words(dropout.settings(given)) == words
