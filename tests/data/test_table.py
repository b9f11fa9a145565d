"""CSV, TSV and Parquet: what is read, what is refused, and where the message points."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_samples import PLAIN, load, many, same

from overfit_cli.data.csv_text import read_text
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.errors import DataError


def test_a_plain_table(write: Any) -> None:
    data = load(write(PLAIN))
    np.testing.assert_array_equal(data.numeric, [[1.0], [2.0], [np.nan], [4.0]])
    assert data.numeric_names == ("a",)
    assert data.categories == (("b", ("x", "z")),)
    assert data.codes.tolist() == [[0], [1], [0], [-1]]
    assert (data.task, data.classes, data.target.tolist()) == (
        "classification",
        ("0", "1"),
        [0, 1, 0, 1],
    )
    assert data.row_ids.tolist() == [0, 1, 2, 3]
    assert data.part is data.weights is data.groups is None


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        PLAIN.replace("\n", "\n\n"),
        "\n\n" + PLAIN.rstrip("\n"),
        PLAIN.replace(",", " , ").replace("1", "1.0e0"),
        '"a","b","y"\n"1","x","0"\n"2","z","1"\n"","x","0"\n"4","","1"\n',
        'a, "b", y\n1, "x", 0\n2, "z", 1\n,"x", 0\n4,"", 1\n',
    ],
)
def test_the_same_table_written_otherwise_is_the_same_data(write: Any, content: str) -> None:
    assert same(load(write(content)), load(write(PLAIN, "plain.csv")))


def test_gzip_tsv_and_parquet_are_the_same_data(write: Any, tmp_path: Path) -> None:
    plain = load(write(PLAIN))
    assert same(plain, load(write(gzip.compress(PLAIN.encode()), "t.csv.gz")))
    assert same(plain, load(write(PLAIN.replace(",", "\t"), "t.tsv")))
    pl.read_csv(io.StringIO(PLAIN)).write_parquet(tmp_path / "t.parquet")
    assert same(plain, load(str(tmp_path / "t.parquet")))


@pytest.mark.parametrize(
    "spelling", ["", " ", "NA", "N/A", "NaN", "nan", "null", "?", "None", "#N/A"]
)
def test_missing_values_are_nan_and_no_category(write: Any, spelling: str) -> None:
    data = load(write(f"a,b,y\n1,u,0\n{spelling},{spelling},1\n3,w,0\n"))
    np.testing.assert_array_equal(data.numeric[:, 0], [1, np.nan, 3])
    assert data.codes[:, 0].tolist() == [0, -1, 1]


def test_a_category_called_none_is_a_category(write: Any) -> None:
    assert load(write("b,y\nnone,0\nmild,1\nnone,1\n")).categories == (("b", ("mild", "none")),)


def test_numbers_in_every_spelling(write: Any) -> None:
    data = load(write("a,y\n1e3,0\n-2.5E-1,1\n+3,0\n.5,1\n5.,0\n007,1\n"))
    assert data.numeric[:, 0].tolist() == [1000, -0.25, 3, 0.5, 5, 7]


def test_decimal_commas_in_semicolon_files(write: Any) -> None:
    data = load(write("a;b;y\n1,5;2;0\n-2,25;3;1\n;4,5;1\n"))
    np.testing.assert_array_equal(data.numeric, [[1.5, 2], [-2.25, 3], [np.nan, 4.5]])


cell = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\x1f", exclude_categories=["Cs"]), max_size=8
)


@given(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6), st.booleans())
def test_text_reader_agrees_with_the_csv_module(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], all_quoted: bool
) -> None:
    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    csv.writer(stream, quoting=quoting).writerows([("p", "q", "r"), *rows])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(stream.getvalue().encode())
    text = read_text(str(path))
    found = [line.split(text.separator) for line in text.body.decode().split("\n")[:-1]]
    oracle = [[flat(value) for value in row] for row in rows]
    assert [[value.lstrip(" ") for value in row] for row in found] == oracle


def flat(value: str) -> str:
    """Line breaks in a cell count as spaces; spaces before a cell do not count."""
    unbroken = value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", " ")
    return unbroken.lstrip(" ")


def test_line_breaks_in_quotes_keep_the_line_numbers(write: Any) -> None:
    rows = "".join(f'"{i}","two\nlines",{i % 2}\n' for i in range(30))
    with pytest.raises(DataError, match=r"line 62, column 'a': 'x1' is not a number"):
        load(write("a,b,y\n" + rows + "x1,b,1\n"))


@pytest.mark.parametrize("quote", ["", '"'])
def test_ragged_rows_are_named(write: Any, quote: str) -> None:
    for row, n in (("1", 1), ("1,2,3,4", 4), ("1,2,3,", 4)):
        content = f"{quote}a{quote},b,y\n1,2,0\n\n3,4,1\n{row}\n5,6,0\n"
        with pytest.raises(DataError, match=rf"line 5: {n} cells where the header has 3"):
            load(write(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n\n", "nothing but empty lines"),
        (b"\xef\xbb\xbf", "nothing but empty lines"),
        (b"a,b,y\n", "no row below"),
        (b'"a","b",y\n', "no row below"),
        (b"a,a,y\n1,2,0\n", "columns 1 and 2 are both called 'a'"),
        (b"5.1,3.5,setosa\n4.9,3.0,setosa\n", "line 1: numbers .* column names"),
        (b"a,y\n1,0\ncaf\xe9,1\n", "line 3: byte 0xe9 at offset 11 is not UTF-8"),
        (b"a,y\n1,0\n2\0,1\n", "line 3: the byte 00 at offset 9"),
        ("a,y\n1,0\n".encode("utf-16"), "UTF-16"),
        (b'a,y\n"1,0\n2,1\n', "line 2: unexpected end of data"),
        (b'a,y\n"1"x,0\n2,1\n', "line 2: ',' expected after"),
        (b"a,y\n" + b"1" * 100_001 + b"x,0\n1,1\n", "has 100,002 characters"),
        (b"a" * 1001 + b",y\n1,0\n", "has 1,001 characters"),
        (b",".join(b"c%d" % i for i in range(20_001)) + b"\n", "20,001 columns"),
        (b"a,b\n1,2\n3,4\n", "--target NAME"),
        (b"y,label,a\n1,2,1\n", "--target NAME"),
        (b"y\n1\n0\n", "no column is left"),
    ],
)  # fmt: skip
def test_row_18_files_that_are_no_table(write: Any, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(write(content))
    assert caught.value.exit_code == 65


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,y\n1,0\n2,\n3,1\n4,NA\n", "csv, lines 3, 5: no value for the target 'y': 'NA' is read"),
        ("a,y\n1,0.5\n2,inf\n3,1\n", "line 3: no finite value for the target 'y'"),
        ("a,y\n1,1\n2,1\n", "one class only"),
        ("a,y\n1,u\n2,u\n", "one class only"),
        (many("1.x"), r"line 12, column 'a': '1.x' is not a number"),
        (many("inf"), "line 12: column 'a' is infinite"),
        (many("-Infinity"), "line 12: column 'a' is infinite"),
        ("a,y\n" + "".join(f"{i},n{i}\n" for i in range(50)), "50 classes in 50 rows"),
    ],
)
def test_row_18_cells_that_cannot_be_used(write: Any, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(write(content))
    assert caught.value.exit_code == 65


def test_row_18_a_few_words_are_typing_errors_and_many_are_categories(write: Any) -> None:
    def content(n_words: int) -> str:
        rows = [f"{'odd' if i < n_words else i % 3},{i % 2}" for i in range(100)]
        return "a,y\n" + "\n".join(rows) + "\n"

    for n_words in (1, 4):
        with pytest.raises(DataError, match=r"line 2, column 'a': 'odd' is not a number"):
            load(write(content(n_words)))
    data = load(write(content(5)))
    assert data.categories == (("a", ("0", "1", "2", "odd")),)
    told = "read as categories, some of the cells are no numbers: 'a' (5%, the first 'odd' in "
    assert data.notes[0].startswith(told)


def test_thousands_of_columns(write: Any) -> None:
    names = ",".join(f"c{i}" for i in range(5000))
    rows = "\n".join(",".join(["1", "NA"] * 2500) + f",{i}" for i in range(2))
    data = load(write(f"{names},y\n{rows}\n"))
    assert data.numeric.shape == (2, 5000)
    assert np.isnan(data.numeric).sum() == 5000


def test_a_header_of_years_or_positions_is_a_header(write: Any) -> None:
    assert load(write("1990,2000,y\n1,2,0\n3,4,1\n")).numeric_names == ("1990", "2000")
    assert load(write("0,1,2\n1,2,0\n3,4,1\n"), target="2").numeric_names == ("0", "1")


def test_parquet_types(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame(
        {
            "f": pl.Series([0.1, None, float("nan")], dtype=pl.Float32),
            "i": pl.Series([1, 2, None], dtype=pl.Int16),
            "b": [True, None, False],
            "k": pl.Series(["u", "w", "u"], dtype=pl.Categorical),
            "l": [[1], [2], [3]],
            "y": [True, False, True],
        }
    )
    frame.write_parquet(path)
    with pytest.raises(DataError, match="column 'l' holds List"):
        load(str(path))
    data = load(str(path), drop=("l",))
    np.testing.assert_array_equal(data.numeric, [[np.float32(0.1), 1], [np.nan, 2], [np.nan] * 2])
    assert data.categories == (("b", ("false", "true")), ("k", ("u", "w")))
    assert data.codes.tolist() == [[1, 0], [-1, 1], [0, 0]]
    assert data.classes == ("false", "true")
    frame.with_columns(y=pl.Series([0.5, None, 1.0])).write_parquet(path)
    with pytest.raises(DataError, match=r"row 1 \(from 0\): no value for the target 'y'"):
        load(str(path), drop=("l",))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_durations_of_a_parquet_file_are_seconds(tmp_path: Path, unit: Any) -> None:
    path = str(tmp_path / "t.parquet")
    lasted = pl.Series([dt.timedelta(milliseconds=1500 * i**2) for i in range(25)] + [None])
    times = [dt.time(i % 3) for i in range(26)]
    frame = pl.DataFrame({"d": lasted.cast(pl.Duration(unit)), "clock": times, "y": [0, 1] * 13})
    frame.write_parquet(path)
    data = load(path)
    np.testing.assert_array_equal(data.numeric[:, 0], [*(1.5 * i**2 for i in range(25)), np.nan])
    assert [name for name, _ in data.categories] == ["clock"]
    frame.head(25).write_parquet(path)
    as_target = load(path, target="d", drop=("clock",))
    assert (as_target.task, as_target.target[2, 0]) == ("regression", 6.0)
    new = read_new_rows(path, {"numeric_names": ["d"], "categories": []})
    np.testing.assert_array_equal(new.numeric[:3, 0], [0, 1.5, 6])


def test_row_12_a_table_too_large_is_refused_before_it_is_parsed(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overfit_cli.data.files.MAX_BYTES", 10_000)
    with pytest.raises(DataError, match="the limit is"):
        load(write("a,y\n" + "1,2\n" * 1000))


def test_the_name_of_the_file_does_not_move_the_fingerprint_but_every_cell_does(write: Any) -> None:
    plain = load(write(PLAIN))
    assert same(plain, load(write(PLAIN, "other.csv")))
    changes = [
        ("4,,1", "5,,1"),
        ("2,z", "2,q"),
        ("a,b", "c,b"),
        ("4,,1", "4,,0"),
        ("4,,1", "4,x,1"),
    ]
    for old, new in changes:
        assert not same(plain, load(write(PLAIN.replace(old, new))))


def test_neither_scikit_learn_nor_scipy_is_imported_for_files(write: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.eye(4), y=[0, 1, 0, 1])
    code = (
        "import sys\n"
        "from overfit_cli.data import idx, new_rows, npz, openml, table\n"
        "from overfit_cli.data.request import DataRequest\n"
        "npz.load(DataRequest(sys.argv[1]), {}, 0)\n"
        "assert 'polars' not in sys.modules\n"
        "table.load(DataRequest(sys.argv[2]), {}, 0)\n"
        "assert not {'sklearn', 'scipy'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "t.npz"), write(PLAIN)]
    subprocess.run(command, check=True)
