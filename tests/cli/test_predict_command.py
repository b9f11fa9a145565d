"""`overfit predict`: new rows through a stored run."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from cli_samples import TINY, files

from overfit_cli.experiment import spec

TABLE = ("--target", "kind", "--drop", "site,part,weight", "--hidden", "4", "--epochs", "4")


def rows_of(ended):
    return list(csv.DictReader(io.StringIO(ended.out)))


def test_class_probabilities_are_those_of_the_test_rows(cli, plants):
    """Rows of the table itself: test error follows from predictions and known kinds."""
    (run,) = cli(
        "run",
        "--dataset",
        plants,
        "--split-column",
        "part",
        *TABLE[:2],
        "--drop",
        "site,weight",
        *TABLE[4:],
        "--json",
    ).runs
    rows = rows_of(cli("predict", "last", plants))
    kinds = [line.split(",")[-1] for line in plants.read_text().splitlines()[1:]]
    assert [int(row["row"]) for row in rows] == list(range(60))
    for row in rows:
        p = {name[2:-1]: float(value) for name, value in row.items() if name.startswith("p(")}
        assert sum(p.values()) == pytest.approx(1, abs=1e-5)
        assert max(p, key=p.__getitem__) == row["prediction"]
    wrong = [row["prediction"] != kind for row, kind in zip(rows, kinds, strict=True)][48:]
    assert np.mean(wrong) == pytest.approx(run["final"]["test"]["error"])
    nll = [-np.log(float(row[f"p({kind})"])) for row, kind in zip(rows, kinds, strict=True)][48:]
    assert np.mean(nll) == pytest.approx(run["final"]["test"]["nll"], rel=1e-5)


def six_digits(value):
    return str(float(f"{value:.6g}")) if isinstance(value, float) else str(value)


def test_csv_says_the_same_as_json_in_six_digits(cli, plants):
    cli("run", "--dataset", plants, *TABLE)
    document = cli("predict", "last", plants, "--json").json
    assert document["schema"] == "overfit.predict/1"
    for told, row in zip(
        document["predictions"], rows_of(cli("predict", "last", plants)), strict=True
    ):
        assert {name: six_digits(value) for name, value in told.items()} == row
        assert all(len(value.lstrip("0.")) <= 10 for value in row.values())


def test_a_column_dropped_as_constant_need_not_be_there(cli, plants):
    plants.write_text(plants.read_text().replace(",red,", ",blue,"))
    cli("run", "--dataset", plants, *TABLE)
    whole = cli("predict", "last", plants).out
    cells = [line.split(",") for line in plants.read_text().splitlines()]
    Path("new.csv").write_text("".join(f"{row[0]},{row[1]}\n" for row in cells))
    assert cli("predict", "last", "new.csv").out == whole


def test_target_and_unused_columns_need_not_be_there(cli, plants):
    cli("run", "--dataset", plants, *TABLE)
    whole = rows_of(cli("predict", "last", plants))
    lines = [",".join(line.split(",")[:3]) for line in plants.read_text().splitlines()]
    Path("new.csv").write_text("\n".join(lines) + "\n")
    assert rows_of(cli("predict", "last", "new.csv")) == whole


def test_a_class_never_seen_is_told_and_a_missing_column_is_refused(cli, plants):
    cli("run", "--dataset", plants, *TABLE)
    Path("new.csv").write_text("height,leaf,colour\n1,1,green\n")
    ended = cli("predict", "last", "new.csv")
    assert "green" in ended.err
    assert len(rows_of(ended)) == 1
    Path("less.csv").write_text("height,leaf\n1,1\n")
    assert "colour" in cli("predict", "last", "less.csv", code=65).err


def test_means_and_deviations_of_a_regression(cli, houses):
    small = ("--target", "price", "--hidden", "8", "--epochs", "200", "--lr", "0.02")
    (run,) = cli("run", "--dataset", houses, *small, "--json").runs
    rows = rows_of(cli("predict", "last", houses))
    assert list(rows[0]) == ["row", "price mean", "price sd"]
    prices = [float(line.split(",")[2]) for line in houses.read_text().splitlines()[1:]]
    gaps = [float(row["price mean"]) - price for row, price in zip(rows, prices, strict=True)]
    assert np.sqrt(np.mean(np.square(gaps))) < 0.5 * np.std(prices)
    sd = run["diagnostics"]["noise_sd"][0]
    assert [float(row["price sd"]) for row in rows] == pytest.approx([sd] * 60, rel=1e-5)


@pytest.mark.parametrize(
    "method",
    [
        ("bayes", "--members", "3"),
        ("dropout", "--average", "mc", "--mc-samples", "5"),
        ("dropout",),
        (
            "bayes",
            "--inference",
            "hmc",
            "--chains",
            "2",
            "--warmup",
            "2",
            "--samples",
            "4",
            "--leapfrog",
            "3",
        ),
    ],
)
def test_averages_are_those_of_the_run(cli, plants, method):
    """However many networks vote: the test nll of the record follows from the predictions."""
    split = ("--split-column", "part", "--target", "kind", "--drop", "site,weight")
    (run,) = cli(
        "run",
        "--dataset",
        plants,
        *split,
        "--hidden",
        4,
        *(() if "hmc" in method else ("--epochs", 3)),
        "--method",
        *method,
        "--json",
    ).runs
    kinds = [line.split(",")[-1] for line in plants.read_text().splitlines()[1:]]
    rows = rows_of(cli("predict", "last", plants))[48:]
    nll = [-np.log(float(row[f"p({k})"])) for row, k in zip(rows, kinds[48:], strict=True)]
    assert np.mean(nll) == pytest.approx(run["final"]["test"]["nll"], rel=1e-4)


def test_arrays(cli, arrays):
    cli("run", "--dataset", arrays, "--hidden", 4, "--epochs", 2)
    assert len(rows_of(cli("predict", "last", arrays))) == 60


def test_without_parameters_it_trains_again_and_says_so(cli, empty_folder):
    wide = ("--dataset", "moons:n=8,n_test=4", "--hidden", "1700,1700", "--epochs", "1")
    cli("run", *wide)
    Path("new.csv").write_text("x1,x2\n0.5,0.1\n")
    ended = cli("predict", "last", "new.csv")
    assert "without its parameters: training it again" in ended.err
    cli("run", *wide, "--save-model")
    assert cli("predict", "last", "new.csv").out == ended.out


def test_another_engine_cannot_train_it_again(cli, empty_folder, monkeypatch):
    cli("run", "--dataset", "moons:n=8,n_test=4", "--hidden", "1700,1700", "--epochs", "1")
    Path("new.csv").write_text("x1,x2\n0.5,0.1\n")
    monkeypatch.setattr(spec, "ENGINE_VERSION", 99)
    assert "this version of overfit have changed" in cli("predict", "last", "new.csv", code=2).err


def test_output_is_written_whole_or_not_at_all(cli):
    cli("run", *TINY)
    Path("new.csv").write_text("x1,x2\n0,0\n")
    on_screen = cli("predict", "last", "new.csv").out
    assert cli("predict", "last", "new.csv", "--output", "p.csv").out == ""
    assert Path("p.csv").read_text() == on_screen
    before = files()
    for bad in ("no/such/p.csv", "/", ".", "a\0b", "x" * 300, ""):
        cli("predict", "last", "new.csv", "--output", bad, code=74)
    assert files() == before


def test_a_diverged_run_has_no_model(cli):
    cli(
        "run",
        *TINY,
        "--hidden",
        "4,4",
        "--activation",
        "identity",
        "--lr",
        "1e6",
        "--epochs",
        9,
        code=3,
    )
    Path("new.csv").write_text("x1,x2\n0,0\n")
    assert "diverged: it has no model" in cli("predict", "last", "new.csv", code=2).err


def test_class_names_are_neutralised(cli, empty_folder):
    lines = [f"{i},{'=1+1' if i % 2 else chr(27) + '[31mred'}" for i in range(40)]
    Path("odd.csv").write_text("\n".join(["x,y", *lines]) + "\n")
    ran = cli("run", "--dataset", "odd.csv", "--target", "y", "--hidden", 3, "--epochs", 2)
    told = cli("predict", "last", "odd.csv")
    assert "\x1b" not in ran.out + ran.err + told.out + told.err
    assert not any(
        cell.startswith("=") for line in told.out.splitlines() for cell in line.split(",")
    )
