"""New rows by a stored schema: the same columns in any order, and messages that point."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from overfit_cli.data import table
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.data.prepare import prepare
from overfit_cli.data.preprocessing import describe_columns
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import DataError

SCHEMA: dict[str, Any] = {
    "kind": "table",
    "numeric_names": ["a", "b"],
    "categories": [["c", ["1", "2", "x"]]],
}


def test_rows_of_the_training_file_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{i % 4 or ''},{'uvw'[i % 3]},{i / 3},{i % 2}\n" for i in range(12))
    path.write_text("a,c,b,y\n" + rows)
    data = table.load(DataRequest(str(path)), {}, 0)
    schema = {"numeric_names": list(data.numeric_names), "categories": list(data.categories)}
    found = read_new_rows(str(path), schema)
    np.testing.assert_array_equal(found.numeric, data.numeric)
    np.testing.assert_array_equal(found.codes, data.codes)
    np.testing.assert_array_equal(found.row_ids, data.row_ids)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_order_further_columns_unseen_categories(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new.{suffix}"
    frame = pl.DataFrame({"id": ["p", "q"], "c": [2, 3], "b": [None, 4.5], "a": [1, 2]})
    if suffix == "parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if suffix == "tsv" else ",")
    found = read_new_rows(str(path), SCHEMA)
    np.testing.assert_array_equal(found.numeric, [[1, np.nan], [2, 4.5]])
    assert found.codes.tolist() == [[1], [-1]]
    assert found.row_ids.tolist() == [0, 1]
    assert found.notes == ("column 'c': categories never seen are read as missing: '3'.",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,bb,c\n1,2,x\n", "missing column that the run .*: 'b'. There are: 'a', 'bb', 'c'.$"),
        ("a,b,c\n1,2,x\n1,two,x\n", r"line 3, column 'b': 'two' is not a number"),
        ("a,b,c\n1,2,x\ninf,2,x\n", "line 3: column 'a' is infinite"),
        ("a,b,c\n1,2,x\n1,2\n", "line 3: 2 cells"),
        ("a,b,c\n", "no row below"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "new.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_new_rows(str(path), SCHEMA)


def test_arrays_and_images(tmp_path: Path) -> None:
    schema = {"numeric_names": [f"x{i}" for i in range(4)], "categories": []}
    images = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    np.savez(tmp_path / "new.npz", X=images)
    (tmp_path / "new-images-idx3-ubyte").write_bytes(
        struct.pack(">HBB3I", 0, 8, 3, 3, 2, 2) + images.tobytes()
    )
    for name in ("new.npz", "new-images-idx3-ubyte"):
        found = read_new_rows(str(tmp_path / name), schema)
        np.testing.assert_array_equal(found.numeric, images.reshape(3, 4))
        assert (found.codes.shape, found.row_ids.tolist()) == ((3, 0), [0, 1, 2])
        with pytest.raises(DataError, match="4 inputs a row; the run has 2"):
            read_new_rows(str(tmp_path / name), {**SCHEMA, "categories": []})
        with pytest.raises(DataError, match="categorical columns"):
            read_new_rows(str(tmp_path / name), SCHEMA)


@pytest.mark.parametrize(
    ("trained", "cell", "how"),
    [
        ("{:.2f}", "62.655,99", "as plain numbers: 1234.5, or 1234,5 between semicolons"),
        ("{:.2f}", "$62,655.99", "as plain numbers: 1234.5, or 1234,5 between semicolons"),
        ("{:.2f}", "62655,99", "as plain numbers: 1234.5, or 1234,5 between semicolons"),
        ("{:.2f},", "62655.99", "with a decimal comma"),
        ("${:,.2f}", "62.655,99", "with a decimal point, with or without $"),
        ("{:.2f} %", "62,5", "with a decimal point and a percent sign"),
        ("{:.2f}", "lots", None),
    ],
)
def test_numbers_spelled_otherwise_than_in_training(
    tmp_path: Path, trained: str, cell: str, how: str | None
) -> None:
    comma = trained.endswith(",")
    numbers = [trained.strip(",").format(row * 1234.25) for row in range(1, 30)]
    rows = [
        f"{number.replace('.', ',') if comma else number}\t{len(number) % 2}" for number in numbers
    ]
    (tmp_path / "t.tsv").write_text("a\ty\n" + "\n".join(rows) + "\n")
    schema, _ = describe_columns(table.load(DataRequest(str(tmp_path / "t.tsv")), {}, 0))
    new = tmp_path / "new.tsv"
    new.write_text(f"a\tb\n{numbers[0].replace('.', ',') if comma else numbers[0]}\t1\n{cell}\t1\n")
    wrong = f"is not written as in training, {how}" if how else "is not a number"
    message = f"line 3, column 'a': '{cell}' {wrong}. Correct it, or leave the cell empty."
    with pytest.raises(DataError, match=re.escape(message)):
        read_new_rows(str(new), schema)


def test_what_stands_in_training_is_told_of_a_value_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    for cell in ("1e60", "1e300"):
        lines = [f"{row / 7},{row % 2}" for row in range(60)]
        lines[35] = f"{cell},1"
        path.write_text("a,y\n" + "\n".join(lines) + "\n")
        request = DataRequest(str(path), val_size=0.5)
        data = table.load(request, {}, 0)
        told = []
        for seed in range(6):
            try:
                prepare(data, request, seed, np.dtype(np.float32))
            except DataError as error:
                told.append(str(error))
        assert told
        assert all(f"{path}, line 37, column 'a': the value is " in error for error in told)


@pytest.mark.parametrize("text", ["a,c\n1,x\n", "a,b,c,d\n1,word,x,?\n"])
def test_dropped_columns_are_neither_needed_nor_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    categories = [*SCHEMA["categories"], ["d", ["same"]]]
    used = {"values": [0], "indicators": [], "one_hot": [0], "one_hot_missing": []}
    found = read_new_rows(str(tmp_path / "t.csv"), SCHEMA | used | {"categories": categories})
    np.testing.assert_array_equal(found.numeric, [[1, np.nan]])
    assert found.codes.tolist() == [[2, -1]]
    assert found.notes == ()
