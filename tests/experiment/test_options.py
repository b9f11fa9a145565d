"""Options: the same words from flags, lists and TOML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.errors import UsageError
from overfit_cli.experiment.options import Options, parse_options
from overfit_cli.experiment.spec import specs_of


@pytest.mark.parametrize("said", ["4,3", [4, 3], "4, 3", (4, 3), ["4", "3"]])
def test_widths(said):
    assert parse_options({"hidden": said}).hidden == (4, 3)


@pytest.mark.parametrize("said", ["none", [], "0", 0])
def test_no_hidden_layer(said):
    assert parse_options({"hidden": said}).hidden == ()


@pytest.mark.parametrize("said", ["a, b,c", ["a", "b", "c"]])
def test_words(said):
    assert parse_options({"features": said}).features == ("a", "b", "c")


def test_a_quoted_name_may_hold_a_comma():
    assert parse_options({"drop": '"age, years", b'}).drop == ("age, years", "b")
    assert parse_options({"drop": 'it"s,b'}).drop == ('it"s', "b")
    with pytest.raises(UsageError, match="--drop: "):
        parse_options({"drop": f'"{"x" * 200_000}"'})


def test_options_are_frozen_and_know_no_others():
    options = parse_options({})
    with pytest.raises(ValueError, match="frozen"):
        options.lr = 1
    with pytest.raises(UsageError, match=r"unknown key 'epoch'. Did you mean 'epochs'"):
        parse_options({"epoch": 3})


def test_where_begins_the_message_and_names_keys_as_written():
    with pytest.raises(UsageError, match=r"^c.toml: batch_size: must be"):
        parse_options({"batch_size": 0}, "c.toml")
    with pytest.raises(UsageError, match=r"^--batch-size: must be"):
        parse_options({"batch_size": 0})


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.sampled_from(sorted(Options.model_fields)), VALUES | st.lists(VALUES, max_size=3))
def test_any_value_makes_specs_or_is_refused_in_words(key, value):
    told = refusal(key, value)
    assert told is None or len(told) > len(key)
    assert "pydantic" not in (told or "")


def refusal(key, value):
    """Return what is said against this value of an option, or None if it makes specs."""
    try:
        options = parse_options({key: value})
        if options.seeds <= 100:
            assert specs_of(options)
    except UsageError as error:
        return str(error)
    return None
