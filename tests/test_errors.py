"""What errors repeat of what they were given: enough to know it by, and no more."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.errors import LONGEST, LONGEST_PATH, UsageError, choose, cut, readable

LONG = "x" * 100_000


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (f"--lr: '{LONG}' is not a number.", f"--lr: '{cut(LONG)}' is not a number."),
        (f"--name: {'a b' * 999!r} is none.", f"--name: '{cut('a b' * 999)}' is none."),
        (f'key "{LONG[:-1]}\'" (line 1)', f'key "{cut(LONG)}" (line 1)'),
        (f"store {LONG}: too long.", f"store {cut(LONG + ':')} too long."),
        (f"'/{LONG}': too long.", f"'{cut('/' + LONG, LONGEST_PATH)}': too long."),
    ],
)
def test_a_long_value_is_cut_wherever_it_stands(message, told):
    assert str(UsageError(message)) == told
    assert "…" in told


@pytest.mark.parametrize(
    "message",
    [
        "'dropout+' is named, " + "and so is the other " * 20 + "'none'.",
        "the batch's name is, " + "as it was said before, " * 20 + "the config's.",
        "interrupted. To go on:\noverfit run --dataset " + LONG,
        f"/{LONG[: LONGEST_PATH - 9]}: no such file.",
        f"'{LONG[:LONGEST]}' is unknown.",
    ],
)
def test_sentences_commands_and_what_is_short_enough_stay_whole(message):
    assert readable(message) == message


@given(st.lists(st.sampled_from(["'", '"', "/", " ", ".", "\n", "overfit ", "x" * 60, "ab"])))
def test_an_error_that_is_told_within_another_is_not_cut_again(pieces):
    once = readable("".join(pieces))
    assert readable(once) == once
    assert str(pickle.loads(pickle.dumps(UsageError(once)))) == once


@pytest.mark.parametrize("name", ["accuracy", "acuracy", "Accuracy", "acc"])
def test_accuracy_leads_to_error(name):
    with pytest.raises(UsageError, match=r"Did you mean 'error' \(one minus accuracy\)\?"):
        choose(name, ["nll", "error", "auc"], "metric")
    with pytest.raises(UsageError) as refused:
        choose(name, ["nll", "rmse", "mae"], "metric")
    assert "'error'" not in str(refused.value)
