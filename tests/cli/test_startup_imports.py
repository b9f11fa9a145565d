"""Start-up is part of the experience: what must not be imported, in processes of their own."""

import sys

import pytest
from cli_samples import TINY

# Runs commands separated by "then"; after each, the modules imported so far go to stderr.
WATCH = """
import sys
from overfit_cli.cli.app import execute
for command in " ".join(sys.argv[1:]).split(" then "):
    sys.argv = ["overfit", *command.split()]
    assert execute(sys.argv[1:]) == 0, command
    sys.stderr.write("\\nimported " + " ".join(sys.modules))
"""
SMALL = "--hidden 3 --epochs 1"
HEAVY = ("sklearn", "scipy.stats")
RARE = ("matplotlib", "jinja2", "pebble", "distributed", "jsonschema", "numba")
# Typer itself imports pydantic for the help of a command.
INSTANT = ("sklearn", "scipy", "numpy", "polars", "rich", "sqlite3")


@pytest.fixture
def imports(process):
    """Return a function that runs commands and yields each with the modules imported by then."""

    def run(*commands):
        ended = process(*" then ".join(commands).split(), command=(sys.executable, "-c", WATCH))
        told = ended.err.split("\nimported ")[1:]
        return {command: set(line.split()) for command, line in zip(commands, told, strict=True)}

    return run


def test_help_and_version_come_at_once(imports):
    for command, loaded in imports("--version", "run --help", "--help", "refit --help").items():
        assert loaded.isdisjoint(INSTANT), command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("overfit run --meth", "--method"),
        ("overfit run --optimizer n", "nesterov"),
        ("overfit methods dr", "dropout"),
        ("overfit refit early", "early-stopping"),
    ],
)
def test_completion(process, words, told):
    """Told by a process that dies if it imports what is slow."""
    slow = f"import sys; sys.modules.update(dict.fromkeys({INSTANT})); "
    run = "from overfit_cli.cli.app import main; main()"
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    command = (sys.executable, "-c", slow + run)
    ended = process(command=command, _OVERFIT_COMPLETE="complete_bash", **asked)
    assert ended.out.split() == [told]


def test_completion_of_run_ids(cli, process):
    (run,) = cli("run", *TINY, "--json").runs
    asked = {"COMP_WORDS": f"overfit show {run['run_id'][:3]}", "COMP_CWORD": "2"}
    assert process(_OVERFIT_COMPLETE="complete_bash", **asked).out.split() == [run["run_id"]]


def test_neither_scikit_learn_nor_scipy_stats(imports, plants, arrays):
    """On digits, tables, arrays and synthetic data; every command that reads the store."""
    hmc = "--method bayes --inference hmc --chains 1 --warmup 1 --samples 4 --leapfrog 2"
    loaded = imports(
        f"run --train-size 40 {SMALL}",
        f"run --dataset iris {SMALL}",
        f"run --dataset moons:n=60 {SMALL} --method none,dropout --seeds 2 --plot",
        f"run --dataset arrays.npz --hidden 4 {hmc}",
        f"run --dataset plants.csv --target kind {SMALL}",
        "list",
        "show",
        "predict last plants.csv",
        "verify",
        "refit last",
        f"batch --method none,l2 --seeds 2 --train-size 40 {SMALL}",
        "compare",
        "methods",
        "datasets",
        "doctor",
    )
    for command, modules in loaded.items():
        assert "numpy" in modules
        assert modules.isdisjoint(HEAVY), command
        # the doctor's answer is whether a compiler can be loaded
        rare = set(RARE) - ({"numba"} if command == "doctor" else set())
        assert modules.isdisjoint(rare), command
