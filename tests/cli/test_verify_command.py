"""`overfit verify`: a record trained again."""

import dataclasses
import sqlite3

import pytest
from cli_samples import DIVERGING, SHAPE, TINY

from overfit_cli.store import Store

HMC = ("--inference", "hmc", "--chains", "2", "--warmup", "2", "--samples", "3", "--leapfrog", "2")
METHODS = [
    ("none",),
    ("dropout", "--average", "mc", "--mc-samples", "3"),
    ("dropout+max-norm+early-stopping", "--patience", "1"),
    ("l1", "--optimizer", "adam"),
    ("bayes+early-stopping", "--members", "2", "--folds"),
    ("bayes", *HMC),
]


@pytest.mark.parametrize("method", METHODS)
def test_bit_for_bit(cli, method):
    cli("run", *(SHAPE if "hmc" in method else TINY), "--method", *method)
    assert "the same, bit for bit" in cli("verify", "last").out


def test_one_of_a_stack_and_json(cli):
    runs = cli("run", *TINY, "--seeds", 3, "--json").runs
    document = cli("verify", runs[1]["run_id"], "--json").json
    assert document["schema"] == "overfit.verify/1"
    assert (document["same_environment"], document["largest_difference"]) == (True, 0.0)


def test_regression_and_table(cli, houses, plants):
    cli("run", "--dataset", houses, "--target", "price", "--hidden", 3, "--epochs", 2)
    assert "bit for bit" in cli("verify").out
    cli("run", "--dataset", plants, "--target", "kind", "--hidden", 3, "--epochs", 2,
        "--group-column", "site", "--label-noise", 0.2)  # fmt: skip
    assert "bit for bit" in cli("verify").out


def test_a_diverged_run_diverges_again(cli):
    cli("run", *TINY, *DIVERGING, code=3)
    assert "bit for bit" in cli("verify").out


def test_changed_data_are_exit_5(cli, plants):
    cli("run", "--dataset", plants, "--target", "kind", "--hidden", 3, "--epochs", 2)
    plants.write_text(plants.read_text().replace("red", "green", 1))
    assert "data have changed" in cli("verify", code=5).err


def test_data_that_are_gone_are_exit_65(cli, plants):
    cli("run", "--dataset", plants, "--target", "kind", "--hidden", 3, "--epochs", 2)
    plants.unlink()
    assert "plants.csv" in cli("verify", code=65).err


def test_another_number_is_exit_5(cli):
    cli("run", *TINY)
    rewritten(lambda run: {"final": moved(run, "test", 1e-9)})
    assert "in the same environment" in cli("verify", code=5).err


def test_another_environment_allows_the_tolerance(cli):
    cli("run", *TINY)
    other = {"blas": "another"}
    rewritten(
        lambda run: {"environment": run.environment | other, "final": moved(run, "val", 1e-5)}
    )
    assert "another blas" in cli("verify").out
    assert "another blas" in cli("verify", "--tolerance", "1e-6", code=5).err


def moved(run, part, by):
    return run.final | {part: run.final[part] | {"nll": run.final[part]["nll"] + by}}


def rewritten(changes):
    """Store the last run anew with other numbers, as if it had been trained so."""
    with Store.open("overfit.db") as store:
        result = store.load("last", blobs=True)
        store.remove([result.run_id])
        store.save(dataclasses.replace(result, **changes(result)))


def test_a_tampered_store_is_named(cli):
    """One bit of every record and blob turned: told, never printed as numbers."""
    (run,) = cli("run", *TINY, "--json").runs
    with sqlite3.connect("overfit.db") as connection:
        assert sum(turned(connection, *place) for place in columns_of(connection)) >= 2
    connection.close()
    for command in ("verify", "show"):
        assert run["run_id"] in cli(command, run["run_id"], code=74).err
    assert run["run_id"] in cli("doctor", code=74).out


def columns_of(connection):
    tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (table,) in tables:
        for _, column, *_ in connection.execute(f"pragma table_info({table})").fetchall():
            yield table, column


def turned(connection, table, column):
    """Turn one bit of every long blob of a column; return how many there were."""
    values = connection.execute(f"select rowid, {column} from {table}").fetchall()
    blobs = [(row, value) for row, value in values if isinstance(value, bytes) and len(value) > 100]
    for row, value in blobs:
        broken = value[:60] + bytes([value[60] ^ 1]) + value[61:]
        connection.execute(f"update {table} set {column} = ? where rowid = ?", (broken, row))
    return len(blobs)
