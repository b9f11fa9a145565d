"""`methods`, `datasets`, `doctor`: what there is, and examples that really run."""

import contextlib
import re
import shlex
import sqlite3
from importlib.metadata import requires, version

import numpy as np
import pytest
from cli_samples import TINY, files

from overfit_cli.bayes import INFERENCES
from overfit_cli.cli.flags import METHOD, SHARED
from overfit_cli.data import SOURCES, load, prepare
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.remedies import REGISTRY

FLAGS = {flag.name: flag for flag in (METHOD, *SHARED)}
# Small enough to load at once; the others are parsed only.
QUICK = sorted(set(SOURCES) - {"mnist"})


def specs_in(example):
    """Return the runs an example asks for, read as the command line reads it."""
    command, subcommand, *words = shlex.split(example)
    assert (command, subcommand) == ("overfit", "run")
    given = {}
    while words:
        flag = FLAGS[words.pop(0)]
        given[flag.key] = words.pop(0) if flag.kind is str else flag.read(words.pop(0))
    if "p" in given:
        given["p"] = float(given["p"])
    return specs_of(parse_options(given))


@pytest.mark.parametrize("name", REGISTRY)
def test_page_of_a_method(cli, name):
    out = cli("methods", name).out
    remedy = REGISTRY[name]
    assert out.startswith(f"{name}: ")
    for option in remedy.options:
        assert option.flag in out
    (spec,) = specs_in(remedy.example)
    assert name in spec.remedies
    assert f"example: {remedy.example}" in out


@pytest.mark.parametrize("name", REGISTRY)
def test_example_of_a_method_runs(cli, name):
    _, _, *words = shlex.split(REGISTRY[name].example)
    cli("run", *words, *TINY)


def test_page_of_bayes_names_its_inferences(cli):
    out = cli("methods", "bayes").out
    assert all(f"--inference {name}" in out for name in INFERENCES)


@pytest.mark.parametrize("name", SOURCES)
def test_page_of_a_data_set(cli, name):
    source = SOURCES[name]
    out = cli("datasets", name).out
    assert out.startswith(f"{name}: ")
    assert f"example: overfit run --dataset {source.example}" in out
    (spec,) = specs_in(f"overfit run --dataset {source.example}")
    if name in QUICK:
        prepared = prepare(load(spec.data, 0), spec.data, 0, np.dtype("float32"))
        assert len(prepared.train) > 0


@pytest.mark.parametrize(("command", "names"), [("methods", REGISTRY), ("datasets", SOURCES)])
def test_lists(cli, command, names):
    out = cli(command).out
    assert [line.split()[0] for line in out.splitlines()[2:]] == list(names)
    document = cli(command, "--json").json
    assert document["schema"] == f"overfit.{command}/1"
    assert [entry["name"] for entry in document[command]] == list(names)


def test_doctor(cli):
    out = cli("doctor").out
    for fact in ("overfit", "python", "numpy", "BLAS", "store", "none yet"):
        assert fact in out
    assert files() == []
    cli("run", *TINY)
    document = cli("doctor", "--json").json
    assert document["schema"] == "overfit.doctor/1"
    assert (document["facts"]["stored runs"], document["problems"]) == ("1", [])


def test_doctor_of_a_broken_store(cli, empty_folder):
    (empty_folder / "overfit.db").write_bytes(b"nonsense" * 100)
    ended = cli("doctor", code=74)
    assert "not a store of overfit and was left as it is" in ended.err
    assert "overfit.db" in ended.out


def test_doctor_lists_every_package_that_is_needed(cli):
    facts = cli("doctor", "--json").json["facts"]
    needed = [word for word in requires("overfit") if "extra ==" not in word]
    for package in (re.split(r"[^\w-]", word)[0] for word in needed):
        assert facts[package] == version(package)


def test_doctor_names_every_damaged_run(cli):
    runs = cli("run", *TINY, "--seeds", 2, "--json").runs
    with contextlib.closing(sqlite3.connect("overfit.db")) as connection:
        connection.execute("update runs set record = record || x'00'")
        connection.commit()
    ended = cli("doctor", code=74)
    assert all(run["run_id"] in ended.out for run in runs)
    assert "unknown" in ended.out
    assert "problems. `overfit doctor --repair`" in ended.err
