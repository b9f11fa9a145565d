"""Whatever is typed or written in a config, an error about it can be read."""

from pathlib import Path

import pytest

LONG = "x" * 100_000
BLANKS = "x y " * 25_000

TYPED = [
    ("run", "--method", LONG),
    ("run", "--method", BLANKS),
    ("run", "--lr", LONG),
    ("run", "--lr", BLANKS),
    ("run", "--dataset", LONG),
    ("run", "--dataset", f"{LONG}.csv"),
    ("run", "--dataset", f"moons:{LONG}"),
    ("run", "--hidden", LONG),
    ("run", "--hidden", BLANKS),
    ("run", "--p", BLANKS),
    ("run", "--lr-schedule", BLANKS),
    ("run", f"--{LONG}"),
    ("run", LONG),
    ("run", "--config", LONG),
    ("batch", LONG),
    ("batch", "--name", BLANKS),
    ("methods", LONG),
    (LONG,),
]


@pytest.mark.parametrize("words", TYPED, ids=lambda words: " ".join(words)[:25])
def test_long_words(refused, words):
    assert len(refused(*words)) < 500


@pytest.mark.parametrize(
    "text",
    [
        "dataset = '{}'",
        "'{}' = 1",
        "grid.'{}' = [1]",
        "name = '{}'",
        "hidden = '{}'",
        "seeds = '{}'",
        "task = '{}'",
        "method = 'l2'\nl2 = '{}'",
        "[[methods]]\nmethod = '{}'",
        "[[{}]]\nmethod = 'l2'",
        "[select]\nmetric = '{}'",
    ],
)
def test_long_values_in_a_config(refused, text):
    Path("c.toml").write_text(text.format(LONG))
    said = refused("batch", "c.toml", "--store", "b.db")
    # of an unknown key all keys are told
    assert len(said.split("Allowed:")[0]) < 300


def test_a_long_list_in_a_config(refused):
    Path("c.toml").write_text(f"hidden = [{[1] * 50_000}]")
    assert len(refused("batch", "c.toml")) < 300


def test_long_names_of_stores_and_runs(cli, trained):
    trained()
    for words, code in [
        (("compare", LONG), 2),
        (("show", LONG), 2),
        (("list", "--store", LONG), 74),
    ]:
        assert len(cli(*words, code=code).err) < 400


@pytest.fixture
def refused(cli, capsys):
    """Return a function that runs a command to be refused, and returns what it says."""
    from overfit_cli.cli.app import execute

    def said(*words):
        assert execute(list(words)) in (2, 65)
        return capsys.readouterr().err

    return said
