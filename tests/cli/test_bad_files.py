"""Files that cannot be used: 65 data, 74 store and output, 2 configs; nothing is written."""

import ast
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cli_samples import TINY, files

import overfit_cli

SMALL = ("--hidden", "3", "--epochs", "1")
GOOD = [f"{i},{'a' if i % 2 else 'b'}" for i in range(40)]

# name, lines of the table, what the message says
BAD_TABLES = {
    "empty": ([], "empty"),
    "header only": (["x,y"], "no "),
    "missing target": (["x,y", *GOOD[:5], "7,"], "line 7"),
    "one class": (["x,y", *(f"{i},a" for i in range(20))], "class"),
    "fewer rows than classes": (["x,y", "1,a", "2,b", "3,c"], "class"),
    "ragged": (["x,y", *GOOD[:5], "1,2,3"], "line 7"),
    "few cells that are no number": (
        ["x,y", *(f"{i},{'a' if i % 2 else 'b'}" for i in range(99)), "oops,a"],
        "line 101",
    ),
    "two columns of one name": (["x,x,y", "1,2,a", "2,3,b"], "'x'"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_table(cli, name):
    lines, said = BAD_TABLES[name]
    Path("t.csv").write_text("".join(f"{line}\n" for line in lines))
    ended = cli("run", "--dataset", "t.csv", "--target", "y", *SMALL, code=65)
    assert "t.csv" in ended.err
    assert said in ended.err
    assert files() == ["t.csv"]


def test_a_class_absent_from_training_rows(cli):
    rows = ["x,y,part", *(f"{i},{'ab'[i % 2]},train" for i in range(20)), "1,c,test"]
    Path("t.csv").write_text("\n".join(rows) + "\n")
    split = ("--target", "y", "--split-column", "part")
    ended = cli("run", "--dataset", "t.csv", *split, *SMALL, code=65)
    assert "'c'" in ended.err
    assert files() == ["t.csv"]


@pytest.mark.parametrize("value", ["nan", "inf", ""])
def test_a_target_that_is_no_number(cli, value):
    rows = ["x,y", *(f"{i},{i / 7}" for i in range(20)), f"3,{value}"]
    Path("t.csv").write_text("\n".join(rows) + "\n")
    ended = cli(
        "run", "--dataset", "t.csv", "--target", "y", "--task", "regression", *SMALL, code=65
    )
    assert "line 22" in ended.err
    assert files() == ["t.csv"]


def test_a_target_that_is_not_there_names_the_nearest(cli, plants):
    ended = cli("run", "--dataset", plants, "--target", "knd", *SMALL, code=2)
    assert "Did you mean 'kind'" in ended.err


@pytest.mark.parametrize(
    "dataset",
    [
        "no.csv",
        "no/such.npz",
        ".",
        "/",
        "a\0b.csv",
        "x" * 5000 + ".csv",
        "no/such",
        "../../../etc/x",
    ],
)
def test_a_path_that_is_no_data_set(cli, dataset):
    ended = cli("run", "--dataset", dataset, *SMALL, code=65)
    assert "\0" not in ended.err
    assert files() == []


def test_a_folder_and_a_pipe_are_no_table(cli):
    Path("t.csv").mkdir()
    os.mkfifo("p.csv")
    for name in ("t.csv", "p.csv"):
        assert name in cli("run", "--dataset", name, *SMALL, code=65).err
    assert files() == ["p.csv", "t.csv"]


class Trap:
    """What a hostile pickle holds: loading it would make a file."""

    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


@pytest.mark.parametrize("name", ["X", "y"])
def test_a_pickle_in_an_npz_is_never_loaded(cli, name):
    trapped = np.array([Trap()] * 40, dtype=object)
    plain = {"X": np.ones((40, 2)), "y": np.arange(40) % 2}
    np.savez("t.npz", **plain | {name: trapped})
    assert "t.npz" in cli("run", "--dataset", "t.npz", *SMALL, code=65).err
    assert files() == ["t.npz"]


def test_a_pickle_in_place_of_any_file_is_never_loaded(cli):
    cli("run", *TINY)
    data = pickle.dumps(Trap())
    for name in ("p.npz", "p.csv", "p.parquet", "p.toml", "p.db"):
        Path(name).write_bytes(data)
    with zipfile.ZipFile("z.npz", "w") as archive:
        archive.writestr("X.npy", data)
        archive.writestr("y.npy", data)
    for name in ("p.npz", "p.csv", "p.parquet", "z.npz"):
        cli("run", "--dataset", name, "--target", "y", *SMALL, code=65)
        cli("predict", "last", name, code=65)
    cli("run", "--config", "p.toml", code=2)
    for command in (("list",), ("show",), ("run", *TINY), ("doctor",)):
        cli(*command, "--store", "p.db", code=74)
    assert "sprung" not in files()


def test_the_package_never_unpickles():
    """`pickle` and its kin are imported nowhere, and allow_pickle is False wherever it stands.

    But for what a worker process answers the one that started it: neither a file nor the store.
    """
    banned = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
    sources = sorted(Path(overfit_cli.__file__).parent.rglob("*.py"))
    assert len(sources) > 50
    for path in sources:
        if path.parts[-2:] == ("executors", "worker.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert banned.isdisjoint(alias.name.split(".")[0] for alias in node.names), path
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] not in banned, path
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "load":
                called = ast.unparse(node.func)
                kept = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
                assert called != "np.load" or kept.get("allow_pickle") is False, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert getattr(node.value, "value", None) is False, path


def npy(shape):
    """Return the bytes of an array that claims `shape` and holds eight numbers."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(8))
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return buffer.getvalue()[:10] + header.encode() + buffer.getvalue()[128:]


@pytest.mark.parametrize("shape", [(10**12, 2), (-1, 2), (10**18, 10**18), (9,)])
def test_a_header_that_lies_about_its_shape(cli, shape):
    with zipfile.ZipFile("t.npz", "w") as archive:
        archive.writestr("X.npy", npy(shape))
        archive.writestr("y.npy", npy((8,)))
    assert "t.npz" in cli("run", "--dataset", "t.npz", *SMALL, code=65).err
    assert files() == ["t.npz"]


def test_a_decompression_bomb_is_measured_before_it_is_read(cli):
    with zipfile.ZipFile("t.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", npy((8, 1)) + bytes(50 * 2**20))
        archive.writestr("y.npy", npy((8,)))
    assert "t.npz" in cli("run", "--dataset", "t.npz", *SMALL, code=65).err


@pytest.mark.parametrize(
    "store", ["no/such/x.db", "/dev/null/x.db", "/", ".", "a\0b", "x" * 300, "x" * 5000]
)
def test_a_store_that_cannot_be(cli, store):
    ended = cli("run", *TINY, "--store", store, code=74)
    assert ended.err.startswith("overfit: store ")
    assert "\0" not in ended.err
    assert files() == []


def test_a_store_that_is_another_file_stays_as_it_is(cli, plants):
    before = plants.read_bytes()
    cli("run", *TINY, "--store", plants, code=74)
    assert plants.read_bytes() == before
    assert files() == ["plants.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(cli, empty_folder):
    empty_folder.chmod(0o500)
    cli("run", *TINY, code=74)
    empty_folder.chmod(0o700)


# text of the config, what the message says
BAD_CONFIGS = {
    "unknown key": (
        "epochs = 3\nepoch = 4\n",
        "line 2: unknown key 'epoch'. Did you mean 'epochs'",
    ),
    "unknown key of a method": ("[[methods]]\nmethod = 'l2'\nl3 = 1\n", "line 3: unknown key 'l3'"),
    "not TOML": ("epochs = \n", "line 1"),
    "wrong type": ("epochs = 'ten'\n", "epochs: must be a valid integer (got 'ten')"),
    "unknown word": ("activation = 'rellu'\n", "Did you mean 'relu'"),
    "a table": ("[epochs]\nx = 1\n", "epochs: must be a valid integer"),
    "keys of batches": ("grid.lr = [1, 2]\n", "has a grid, which is for batches"),
    "methods that are no tables": ("methods = 3\n", "[[methods]]"),
    "option without its method": ("p = 0.5\n", "use --method dropout"),
    "bad schedule": ("lr_schedule = 'linear'\n", "c.toml: unknown learning-rate schedule"),
    "not UTF-8": (b"# \xff\n", "not UTF-8 at byte 2"),
    "nested deeply": ("x = " + "[" * 5000 + "]" * 5000, "c.toml"),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_bad_config(cli, name):
    text, said = BAD_CONFIGS[name]
    Path("c.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    ended = cli("run", "--config", "c.toml", code=2)
    assert said in ended.err
    assert ended.out == ""
    assert files() == ["c.toml"]


@pytest.mark.parametrize("path", [".", "a\0b", "x" * 5000, "no.toml", ""])
def test_a_config_that_is_no_file(cli, path):
    cli("run", "--config", path, code=2)
    assert files() == []
