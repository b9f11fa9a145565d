"""Configs: the options' names in TOML, with a table per method."""

from pathlib import Path

import pytest

from overfit_cli.errors import UsageError
from overfit_cli.experiment.config import SHIPPED, find_config, read_config
from overfit_cli.experiment.spec import specs_of

SHIPPED_NAMES = sorted({path.stem for folder in SHIPPED for path in folder.glob("*.toml")})


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "c.toml"
        path.write_text(text)
        return str(path)

    return write


def test_one_set_without_tables(config):
    (options,) = read_config(config("epochs = 3\nhidden = [4, 3]\np = 0.5\nmethod = 'dropout'"), {})
    assert (options.epochs, options.hidden, options.p) == (3, (4, 3), 0.5)


def test_a_set_per_table_and_what_they_share(config):
    text = (
        "epochs = 3\nlr = 0.1\n[[methods]]\nmethod = 'none'\n[[methods]]\nmethod = 'l2'\nlr = 0.2\n"
    )
    none, l2 = read_config(config(text), {})
    assert (none.method, none.lr, none.epochs) == (("none",), 0.1, 3)
    assert (l2.method, l2.lr, l2.epochs) == (("l2",), 0.2, 3)


def test_the_command_line_wins(config):
    text = "epochs = 3\n[[methods]]\nlr = 0.1\n[[methods]]\nlr = 0.2\n"
    assert [options.epochs for options in read_config(config(text), {"epochs": 9})] == [9, 9]
    (only,) = read_config(config(text), {"method": "l2"})
    assert only.method == ("l2",)


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_shipped_configs_are_found_by_name_and_are_valid(name):
    assert find_config(name).name == f"{name}.toml"
    assert all(specs_of(options) for options in read_config(name, {}))


def test_a_name_nearby():
    assert SHIPPED_NAMES
    with pytest.raises(UsageError, match=f"Did you mean '{SHIPPED_NAMES[0]}'"):
        find_config(SHIPPED_NAMES[0] + "s")


def test_a_file_goes_before_a_shipped_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(SHIPPED_NAMES[0]).write_text("epochs = 7\n")
    (options,) = read_config(SHIPPED_NAMES[0], {})
    assert options.epochs == 7


def test_size_is_bounded(config):
    with pytest.raises(UsageError, match="larger than"):
        read_config(config("#" * 2**21), {})
