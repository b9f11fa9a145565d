"""What people type first, answered with what they meant; outputs that cannot be, told at once."""

import random
from pathlib import Path

import pytest
from cli_samples import files


def command_in(said):
    """Return the words of the command that an error tells to paste."""
    (line,) = [line for line in said.splitlines() if line.startswith("overfit ")]
    return line.split()[1:]


@pytest.mark.parametrize("command", ["batch", "tune", "bench"])
def test_a_table_in_the_place_of_a_config(cli, plants, command):
    said = cli(command, "plants.csv", "--epochs", 3, code=2).err
    assert "plants.csv is data, not a config" in said
    words = ["--dataset", "plants.csv", "--target", "COLUMN", "--epochs", "3"]
    assert command_in(said) == [command, *words]


def test_the_command_that_is_told_works(cli, plants):
    for config in (("--config", plants), (f"--config={plants}",)):
        said = cli("run", *config, "--target", "kind", "--epochs", 2, code=2).err
        cli(*command_in(said))
    said = cli("batch", "a.npz", "--seeds", 2, code=2).err
    assert command_in(said) == ["batch", "--dataset", "a.npz", "--seeds", "2"]


def test_a_directory_without_images(cli):
    Path("data").mkdir()
    said = cli("run", "--dataset", "data", "--target", "y", code=65).err
    assert "a directory of IDX images needs one train-images-idx3-ubyte file" in said
    assert "data is a directory" in cli("batch", "data", code=2).err


@pytest.mark.parametrize("command", [("run",), ("refit", "none"), ("tune",)])
def test_a_store_that_cannot_be_is_told_before_anything_else(cli, plants, command):
    Path("folder").mkdir()
    for store in ("folder", "no/such.db", "plants.csv"):
        ended = cli(*command, "--dataset", plants, "--target", "kind", "--store", store, code=74)
        assert ended.out == ""
        assert ended.err.count("\n") == 1
        assert f"overfit: store {store}: " in ended.err
    assert files() == ["folder", "plants.csv"]


def test_a_mistake_in_the_options_goes_before_one_in_the_store(cli):
    assert "unknown method" in cli("run", "--method", "x", "--store", "no/such.db", code=2).err
    assert files() == []


def test_figures_and_files_that_cannot_be_written(cli, trained, plants):
    trained()
    for option, place in [("--figures", plants), ("--figures", plants / "in"), ("--output", ".")]:
        ended = cli("compare", option, place, code=74)
        assert ended.out == ""
        assert str(place) in ended.err
    assert "no/p.csv" in cli("predict", "last", plants, "--output", "no/p.csv", code=74).err
    assert cli("compare", "--figures", "new/figures").out
    assert Path("new/figures").is_dir()


LEAK = "warning: every test row is right, by the linear model too: does a column hold the answer?"


@pytest.mark.parametrize(("rows", "warned"), [(600, True), (480, False)])
def test_a_column_that_holds_the_answer_is_suspected(cli, rows, warned):
    chance = random.Random(0)
    lines = [f"{chance.random()},{row % 2},{'yes' if row % 2 else 'no'}" for row in range(rows)]
    Path("leak.csv").write_text("\n".join(["a,left,churn", *lines]) + "\n")
    data = ("--dataset", "leak.csv", "--target", "churn", "--hidden", 8, "--epochs", 5)
    said = cli("run", *data, "--method", "none,l2").out.splitlines()
    assert said.count(LEAK) == warned
    honest = cli("run", *data, "--drop", "left").out
    assert LEAK not in honest


def test_a_generator_whose_classes_lie_apart_is_not_suspected(cli):
    apart = ("--dataset", "blobs:n=200,n_test=200,noise=0.01", "--epochs", 20, "--hidden", 8)
    page = cli("run", *apart).out
    rows = [line for line in page.splitlines() if line.startswith(("test (", "linear model"))]
    assert [" 0.00 " in line for line in rows] == [True, True]
    assert LEAK not in page
