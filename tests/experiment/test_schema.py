"""The JSON Schema allows what the config reader allows, and names every key."""

from __future__ import annotations

import tomllib

import pytest
from jsonschema import Draft202012Validator

from overfit_cli.errors import UsageError
from overfit_cli.experiment.config import read_batch, shipped
from overfit_cli.experiment.options import Options
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.schema import config_schema

VALIDATOR = Draft202012Validator(config_schema())


def test_it_is_a_schema_and_names_every_key():
    Draft202012Validator.check_schema(config_schema())
    assert set(Options.model_fields) <= set(config_schema()["properties"])


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_configs_conform(name):
    assert not list(VALIDATOR.iter_errors(tomllib.loads(shipped()[name].read_text())))


@pytest.mark.parametrize(
    "text",
    [
        "lrr = 1",
        "lr = -1",
        "epochs = 1.5",
        "grid.lr = 1",
        "grid.p = [0.5, 3]",
        "grid.seeds = [1]",
        "[select]\nmetric = 'loss'",
        "[[methods]]\nmask = 'bernouli'",
        "max_norm = 0",
    ],
)
def test_both_refuse(text, tmp_path):
    assert list(VALIDATOR.iter_errors(tomllib.loads(text)))
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        Plan(read_batch(str(path), {})).check()
