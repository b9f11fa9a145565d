"""IDX directories, and MNIST where it is."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overfit_cli.data import idx, openml
from overfit_cli.data.dataset import FREE, TEST
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import DataError, UsageError

IMAGES = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3) * 8
LABELS = np.array([3, 7, 3, 7, 7], np.uint8)
NAMES = {
    "train-images-idx3-ubyte": IMAGES[:3],
    "train-labels-idx1-ubyte": LABELS[:3],
    "t10k-images-idx3-ubyte": IMAGES[3:],
    "t10k-labels-idx1-ubyte": LABELS[3:],
}


def encoded(array: np.ndarray[Any, Any]) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def save(folder: Path, zipped: bool = False, prefix: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for name, array in NAMES.items():
        content = encoded(array)
        path = folder / (prefix + name + (".gz" if zipped else ""))
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("prefix", ["", "emnist-letters-"])
def test_the_four_files(tmp_path: Path, zipped: bool, prefix: str) -> None:
    data = idx.load(DataRequest(str(save(tmp_path, zipped, prefix))), {}, 0)
    np.testing.assert_array_equal(data.numeric, IMAGES.reshape(5, 6))
    assert (data.numeric.dtype, data.pixel_range) == (np.uint8, 255.0)
    assert (data.classes, data.target.tolist()) == (("3", "7"), [0, 1, 0, 1, 1])
    assert data.part is not None
    assert data.part.tolist() == [FREE, FREE, FREE, TEST, TEST]
    assert data.row_ids.tolist() == list(range(5))
    assert data.numeric_names[:4] == ("pixel_0_0", "pixel_0_1", "pixel_0_2", "pixel_1_0")


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0\0", "not an IDX file"),
        (b"\x89PNG1234", "not an IDX file"),
        (struct.pack(">HBB3I", 0, 0x0D, 3, 3, 2, 3) + bytes(72), "IDX type 0x0d"),
        (struct.pack(">HBB2I", 0, 8, 3, 3, 2), "within its header"),
        (encoded(IMAGES[:3])[:-1], "bytes"),
        (encoded(IMAGES[:3]) + b"x", "bytes"),
        (encoded(IMAGES[:2]), "needed"),
        (encoded(IMAGES.reshape(-1)), "rows, height, width"),
    ],
)
def test_row_12_damaged_files(tmp_path: Path, content: bytes, message: str, zipped: bool) -> None:
    name = "train-images-idx3-ubyte"
    (save(tmp_path) / name).unlink()
    if zipped:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        idx.load(DataRequest(str(tmp_path)), {}, 0)


def test_files_that_are_missing_or_ambiguous(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / "other-train-labels-idx1-ubyte").write_bytes(encoded(LABELS[:3]))
    with pytest.raises(DataError, match=r"found several"):
        idx.load_directory(tmp_path)
    for path in tmp_path.glob("*labels*"):
        path.unlink()
    with pytest.raises(DataError, match=r"needs one train-labels-idx1-ubyte file .*found none"):
        idx.load_directory(tmp_path)
    with pytest.raises(DataError, match="not a directory"):
        idx.load_directory(tmp_path / "nowhere")


def test_options_of_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--target means nothing"):
        idx.load(DataRequest(str(save(tmp_path)), target="y"), {}, 0)
    with pytest.raises(UsageError, match="regression"):
        idx.load(DataRequest(str(tmp_path), task="regression"), {}, 0)


def test_mnist_is_looked_for_then_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.setenv("OVERFIT_DATA", str(tmp_path))
    fetched: list[str] = []
    monkeypatch.setattr(openml, "fetch_mnist", lambda: fetched.append("mnist"))
    idx.load(DataRequest("mnist"), {}, 0)
    assert fetched == ["mnist"]
    (tmp_path / "cache" / "overfit").mkdir(parents=True)
    save(tmp_path / "cache" / "overfit" / "mnist")
    cached = idx.load(DataRequest("mnist"), {}, 0)
    save(tmp_path / "mnist")
    (tmp_path / "cache" / "overfit" / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    assert idx.load(DataRequest("mnist"), {}, 0).fingerprint == cached.fingerprint
    assert (cached.name, fetched) == ("mnist", ["mnist"])


def test_the_real_mnist() -> None:
    shared = os.environ.get("OVERFIT_DATA")
    if not shared or not (Path(shared) / "mnist").is_dir():
        pytest.skip("OVERFIT_DATA names no folder with mnist/")
    data = idx.load(DataRequest("mnist"), {}, 0)
    assert (data.numeric.shape, data.numeric.dtype) == ((70_000, 784), np.uint8)
    assert np.bincount(data.target[:60_000])[:3].tolist() == [5923, 6742, 5958]
    assert np.bincount(data.target[60_000:])[:3].tolist() == [980, 1135, 1032]
    assert round(float(data.numeric[:60_000].mean()), 4) == 33.3184
