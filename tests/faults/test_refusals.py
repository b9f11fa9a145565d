"""Rows 10, 12, 18: what each parser refuses that no other test's file is, each with its place."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from mutated_files import idx_bytes

from overfit_cli.data import idx, npz, table
from overfit_cli.data.files import read_bytes
from overfit_cli.data.parquet_check import check_parquet
from overfit_cli.data.request import DataRequest
from overfit_cli.data.thrift import CompactReader, Malformed
from overfit_cli.errors import DataError, UsageError
from overfit_cli.experiment.config import MOST_BYTES, read_batch

TEN = np.arange(10) % 2
WIDE = np.ones((10, 2))


def npz_error(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "t.npz", **arrays)
    with pytest.raises(DataError) as caught:
        npz.load(DataRequest(str(folder / "t.npz")), {}, 0)
    return str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": WIDE, "y": np.zeros((10, 2, 2))}, "(rows,) is needed"),
        ({"X": WIDE, "y": np.array([["a", "b"]] * 10)}, "text of shape (10, 2)"),
        ({"X": WIDE, "y": TEN, "weights": np.array(["a"] * 10)}, "weights are <U1 (10,)"),
        ({"X": WIDE, "y": TEN, "weights": WIDE}, "(rows,) needed"),
        ({f"a{n}": TEN for n in range(9)}, "9 arrays; the limit is 8"),
    ],
)
def test_arrays_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrays: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr("overfit_cli.data.npz_members.MAX_MEMBERS", 8)
    assert said in npz_error(tmp_path, **arrays)


def test_text_labels_are_no_regression(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=WIDE, y=np.array(["a", "b"] * 5))
    with pytest.raises(UsageError, match="regression needs numbers"):
        npz.load(DataRequest(str(tmp_path / "t.npz"), task="regression"), {}, 0)


def npy(version: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, WIDE, version)
    return stream.getvalue()


def saved(folder: Path, x: bytes) -> str:
    path = folder / "t.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", x)
        archive.writestr("y.npy", npy((1, 0)))
    return str(path)


def test_versions_of_npy(tmp_path: Path) -> None:
    path = saved(tmp_path, npy((3, 0)))
    with pytest.raises(DataError, match=r"format version \(3, 0\)"):
        npz.load(DataRequest(path), {}, 0)


def test_an_archive_whose_sizes_no_compression_reaches(tmp_path: Path) -> None:
    path = Path(saved(tmp_path, npy((1, 0)) + bytes(4000)))
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 10**8)
    path.write_bytes(content)
    with pytest.raises(DataError, match="bytes cannot hold 100,000,000"):
        npz.load(DataRequest(str(path)), {}, 0)


def images(folder: Path, train: tuple[int, ...], test: tuple[int, ...], classes: int) -> None:
    for part, shape in (("train", train), ("t10k", test)):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros(shape)))
        labels = np.arange(shape[0]) % classes
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


@pytest.mark.parametrize(
    ("test", "classes", "said"), [((4, 5, 6), 2, "do not mix"), ((4, 5, 5), 1, "one class only")]
)
def test_images_of_no_use(tmp_path: Path, test: tuple[int, ...], classes: int, said: str) -> None:
    images(tmp_path, (4, 5, 5), test, classes)
    with pytest.raises(DataError, match=said):
        idx.load(DataRequest(str(tmp_path)), {}, 0)


def parquet(frame: pl.DataFrame, path: Path) -> DataRequest:
    frame.write_parquet(path)
    return DataRequest(str(path), target="y")


def test_parquet_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(DataError, match="columns but no rows"):
        table.load(parquet(pl.DataFrame({"x": [], "y": []}), path), {}, 0)
    monkeypatch.setattr("overfit_cli.data.files.MAX_COLUMNS", 2)
    with pytest.raises(DataError, match="3 columns; the limit is 2"):
        table.load(parquet(pl.DataFrame({"x": [1], "z": [1], "y": [1]}), path), {}, 0)
    content = b"PAR1" + bytes(8) + struct.pack("<I", 100) + b"PAR1"
    with pytest.raises(DataError, match="footer is longer than the file"):
        check_parquet(content, "f")


@pytest.mark.parametrize(
    ("content", "said"), [(b"\x1c" * 20, "nested too deeply"), (b"\x16" + b"\xff" * 12, "too long")]
)
def test_thrift_of_no_use(content: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        CompactReader(content).read_struct()


def csv(folder: Path, text: str, **said: Any) -> DataRequest:
    (folder / "t.csv").write_text(text)
    return DataRequest(str(folder / "t.csv"), target="y", **said)


def test_tables_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = "".join(f"name{i},{i % 2}\n" for i in range(40))
    with pytest.raises(DataError, match=r"no usable input column; left out, .* 'x' \(40 in"):
        table.load(csv(tmp_path, "x,y\n" + names), {}, 0)
    words = "".join(f"{i},w{i % 1200},{i % 2}\n" for i in range(4800))
    data = table.load(csv(tmp_path, "x,w,y\n" + words), {}, 0)
    assert data.notes[0].startswith("left out, more than 1,000 categories: 'w' (1,200 in 4,800")
    monkeypatch.setenv("OVERFIT_MEMORY", "0.01")
    request = csv(tmp_path, "x,w,y\n" + words, features=("x", "w"))
    with pytest.raises(DataError, match=r"4,800 rows x 1,201 .* OVERFIT_MEMORY=.*1,200 categories"):
        table.load(request, {}, 0)


def test_gzip_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(DataError, match="the file is empty"):
        read_bytes(str(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("methods = []\n", "name one method at least"),
        ("grid = 3\n", "grid.lr = "),
        ("lr = 0.1\ngrid.lr = [0.1, 0.2]\n", "line 1: 'lr' is given once as a value and once"),
        ("epochs = 1\ngrid.lr = []\n", "line 2: grid.lr must be a list of values"),
        ("name = '../x'\n", "line 1: the name '../x' must be a word"),
        ("epochs = 1\nselect = 3\n", r"line 2: write \[select\]"),
        ("[select]\nmetric = 'nl'\n", "line 2: unknown metric 'nl'. Did you mean 'nll'"),
        ("#" * (MOST_BYTES + 1), "larger than 1,048,576 bytes"),
    ],
)
def test_configs_of_no_use(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        read_batch(str(path), {})
    assert "c.toml" in str(caught.value)
