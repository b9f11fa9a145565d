"""NPZ files of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overfit_cli.data import npz
from overfit_cli.data.dataset import FREE, TEST, VAL, Dataset
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import DataError, UsageError

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 2, 2])


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def load(arrays: dict[str, Any], **said: Any) -> Dataset:
        np.savez_compressed(tmp_path / "d.npz", **arrays)
        return npz.load(DataRequest(str(tmp_path / "d.npz"), **said), {}, 0)

    return load


@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f8", "i1", "u2", ">i4", "?"])
def test_inputs_of_any_real_type(load: Any, dtype: str) -> None:
    data = load({"X": X.astype(dtype), "y": Y})
    np.testing.assert_array_equal(data.numeric, X.astype(dtype))
    assert data.numeric.dtype.isnative
    assert (data.task, data.classes, data.part) == ("classification", ("0", "1", "2"), None)


def test_fortran_order_is_read_as_it_was(load: Any) -> None:
    np.testing.assert_array_equal(load({"X": np.asfortranarray(X), "y": Y}).numeric, X)


def test_images_are_flattened_and_bytes_are_pixels(load: Any) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    data = load({"x": images, "y": Y})
    np.testing.assert_array_equal(data.numeric, images.reshape(6, 4))
    assert (data.numeric.dtype, data.pixel_range) == (np.uint8, 255.0)
    assert load({"X": images.astype(float), "y": Y}).pixel_range is None


@pytest.mark.parametrize("x", ["X", "x"])
def test_parts_by_name(load: Any, x: str) -> None:
    arrays = {f"{x}_train": X[:3], "y_train": Y[:3], f"{x}_val": X[3:4], "y_val": Y[3:4]}
    data = load({**arrays, f"{x}_test": X[4:], "y_test": Y[4:]})
    np.testing.assert_array_equal(data.numeric, X)
    assert data.part.tolist() == [FREE, FREE, FREE, VAL, TEST, TEST]
    assert data.row_ids.tolist() == list(range(6))
    assert data.target.tolist() == Y.tolist()


def test_targets_of_text_and_of_numbers(load: Any) -> None:
    data = load({"X": X, "y": np.array(["u", "v"] * 3)})
    assert (data.classes, data.target.tolist()) == (("u", "v"), [0, 1] * 3)
    data = load({"X": X, "z": X / 3}, target="z")
    assert (data.task, data.target_names) == ("regression", ("z0", "z1"))
    np.testing.assert_array_equal(data.target, X / 3)


def test_weights_and_groups(load: Any) -> None:
    data = load({"X": X, "y": Y, "weights": np.arange(6), "who": np.array(list("abcabc"))})
    assert data.weights.tolist() == list(range(6))
    assert data.groups is None
    data = load({"X": X, "y": Y, "who": np.array(list("abcabc"))}, group_column="who")
    assert data.groups.tolist() == [0, 1, 2] * 2


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X}, "no array 'y'"),
        ({"data": X, "y": Y}, "no array 'X'"),
        ({"X": X, "y": Y[:5]}, r"shape \(5,\); rows of the inputs: 6"),
        ({"X": X[:, 0], "y": Y}, "are needed"),
        ({"X": X[:0], "y": Y[:0]}, "are needed"),
        ({"X": X.astype(str), "y": Y}, "are needed"),
        ({"X": X + 1j, "y": Y}, "complex128; allowed"),
        ({"X": np.where(X == 5, np.inf, X), "y": Y}, r"row 2 \(from 0\): infinite values"),
        ({"X": X, "y": np.where(Y == 2, np.nan, Y)}, r"rows 4, 5 .*no finite value"),
        ({"X": X, "y": np.ones(6)}, "one class only"),
        (
            {"X": X, "y": Y, "weights": -np.ones(6)},
            r"rows 0, 1, 2 and 3 more .from 0.: .*no finite number >= 0",
        ),
        ({"X_train": X, "y_train": Y, "X_test": X[:, :1], "y_test": Y}, "do not fit together"),
        ({"X": np.array(["2020"], "M8[Y]"), "y": Y}, "datetime64"),
    ],
)
def test_row_18_arrays_that_cannot_be_used(load: Any, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(arrays)


def test_options_of_tables_are_refused(load: Any) -> None:
    with pytest.raises(UsageError, match="--test-file means nothing for NPZ"):
        load({"X": X, "y": Y}, test_file="other.npz")


def test_not_a_zip_file(tmp_path: Path) -> None:
    (tmp_path / "d.npz").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(DataError, match="not an NPZ file"):
        npz.load(DataRequest(str(tmp_path / "d.npz")), {}, 0)
