"""CSV, TSV and Parquet: what is read, what is refused, and where the message points."""

from __future__ import annotations

import csv
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

from overfit_cli.data import table
from overfit_cli.data.csv_text import read_text
from overfit_cli.data.dataset import FREE, TEST, TRAIN, VAL, Dataset
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import DataError, UsageError

PLAIN = "a,b,y\n1,x,0\n2,z,1\n,x,0\n4,,1\n"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(content: str | bytes, name: str = "t.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def load(path: str, **said: Any) -> Dataset:
    return table.load(DataRequest(path, **said), {}, 0)


def same(one: Dataset, other: Dataset) -> bool:
    return one.fingerprint == other.fingerprint


def many(cell: str, n: int = 40, column: str = "a") -> str:
    """Return a table whose numeric column has `cell` in file line 12."""
    rows = [f"{i}.5,{i % 2}" for i in range(n)]
    rows[10] = f"{cell},0"
    return f"{column},y\n" + "\n".join(rows) + "\n"


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
        ("a,y\n1,0\n2,\n3,1\n4,NA\n", "line 3; .*line 5: no value for the target 'y'"),
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
    assert "column 'a' read as categories: 5% of its cells are no numbers" in data.notes[0]


def test_a_typing_error_in_the_target(write: Any) -> None:
    rows = "".join(f"{i},{i / 7}\n" for i in range(60))
    with pytest.raises(DataError, match=r"line 62, column 'y': '0,5' is not a number"):
        load(write("a,y\n" + rows + '61,"0,5"\n'))


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1] * 5, "classification"),
        ([i % 20 for i in range(60)], "classification"),
        ([i % 21 for i in range(60)], "regression"),
        ([0.5, 1.5] * 5, "regression"),
        ([1, 2, 3, 4], "regression"),
        (["u", "w"] * 5, "classification"),
    ],
)
def test_the_task_is_told_from_the_target(write: Any, values: list[Any], task: str) -> None:
    rows = "".join(f"{i},{value}\n" for i, value in enumerate(values))
    assert load(write("a,y\n" + rows)).task == task


def test_the_task_can_be_said(write: Any) -> None:
    path = write("a,y\n1,10\n2,9\n3,10\n4,8.5\n")
    data = load(path, task="classification")
    assert data.classes == ("8.5", "9", "10")
    assert data.target.tolist() == [2, 1, 2, 0]
    data = load(path, task="regression")
    assert (data.target.tolist(), data.classes) == ([[10], [9], [10], [8.5]], ())
    with pytest.raises(DataError, match="line 3, column 'b': 'u' is not a number"):
        load(write("a,b\n1,2\n2,u\n"), target="b", task="regression")


def test_several_targets(write: Any) -> None:
    data = load(write("u,v,w\n1,2,3\n4,5,6\n"), target="w,u")
    assert (data.target_names, data.target.tolist()) == (("w", "u"), [[3, 1], [6, 4]])
    assert data.numeric_names == ("v",)
    with pytest.raises(UsageError, match="classification has one target"):
        load(write("u,v,w\n1,2,3\n4,5,6\n"), target="w,u", task="classification")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"target": "weigth"}, "Did you mean 'weight'"),
        ({"features": ("hieght",)}, "Did you mean 'height'"),
        ({"drop": ("hieght",)}, "Did you mean 'height'"),
        ({"split_column": "nope"}, "no column 'nope'"),
        ({"features": ("y",)}, "'y' cannot play two parts"),
        ({"group_column": "y"}, "'y' cannot play two parts"),
        ({"split_column": "height", "val_file": "x.csv"}, "both divide"),
    ],
)
def test_wrong_names_are_usage_errors(write: Any, said: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(write("height,weight,y\n1,2,0\n3,4,1\n"), **said)


def test_features_and_drop(write: Any) -> None:
    path = write("a,b,c,y\n1,2,3,0\n3,4,5,1\n")
    assert load(path, features=("c", "a")).numeric_names == ("a", "c")
    assert load(path, drop=("b",)).numeric_names == ("a", "c")
    with pytest.raises(DataError, match="no column is left"):
        load(path, features=("a",), drop=("a",))


def test_ids_are_left_out_with_a_note_unless_named(write: Any) -> None:
    rows = "".join(f"{i},key{i},{i * i},{i % 2}\n" for i in range(30))
    for header in ("id", ""):
        data = load(write(f"{header},name,a,y\n{rows}"))
        assert data.numeric_names == ("a",)
        assert data.categories == ()
        assert "numbers the rows" in data.notes[0]
        assert "column 'name' dropped: 30 different texts in 30 filled rows" in data.notes[1]
    data = load(write(f"id,name,a,y\n{rows}"), features=("id", "name"))
    assert data.numeric_names == ("id",)
    assert len(data.categories[0][1]) == 30


def test_split_column(write: Any) -> None:
    content = "a,part,y\n1,train,0\n2,VAL,1\n3,Test,0\n4,validation,1\n5,valid,0\n6,train,1\n"
    data = load(write(content), split_column="part")
    assert data.part is not None
    assert data.part.tolist() == [TRAIN, VAL, TEST, VAL, VAL, TRAIN]
    assert data.numeric_names == ("a",)
    for word in ("dev", ""):
        with pytest.raises(DataError, match=r"line 4, column 'part': .* says no part"):
            load(write(content.replace("Test", word)), split_column="part")
    with pytest.raises(DataError, match="no row for training"):
        load(write(content.replace("train", "val")), split_column="part")


def test_groups_and_weights_are_no_inputs(write: Any) -> None:
    content = "a,g,w,y\n1,u,1,0\n2,v,0,1\n3,u,2.5,1\n"
    data = load(write(content), group_column="g", weight_column="w")
    assert data.groups is not None
    assert data.weights is not None
    assert (data.groups.tolist(), data.weights.tolist()) == ([0, 1, 0], [1, 0, 2.5])
    assert (data.numeric_names, data.categories) == (("a",), ())


@pytest.mark.parametrize("weight", ["-1", "inf", "", "x"])
def test_bad_weights_and_groups_are_named(write: Any, weight: str) -> None:
    content = f"a,g,w,y\n1,u,1,0\n2,,{weight},1\n"
    with pytest.raises(DataError, match=r"line 3.*(weight|number)"):
        load(write(content), weight_column="w")
    with pytest.raises(DataError, match=r"line 3: no value for the group 'g'"):
        load(write(content), group_column="g", drop=("w",))
    with pytest.raises(DataError, match="is 0"):
        load(write("a,w,y\n1,0,0\n2,0,1\n"), weight_column="w")


def test_further_files_are_rows_by_name_with_the_schema_of_all(write: Any) -> None:
    main = write("a,b,y\n1,u,0\n2,w,1\n")
    val = write("y,note,b,a\n1,n,new,NA\n", "val.csv")
    test = write("b,a,y\n?,4,0\nu,5,1\n", "test.csv")
    data = load(main, val_file=val, test_file=test)
    np.testing.assert_array_equal(data.numeric[:, 0], [1, 2, np.nan, 4, 5])
    assert data.categories == (("b", ("new", "u", "w")),)
    assert data.codes[:, 0].tolist() == [1, 2, 0, -1, 1]
    assert data.part is not None
    assert data.part.tolist() == [FREE, FREE, VAL, TEST, TEST]
    assert data.row_ids.tolist() == [0, 1, 2, 3, 4]
    assert data.notes == (f"{val}: further columns not used: 'note'.",)
    with pytest.raises(DataError, match=r"test\.csv: .* no column 'b'\. Did you mean 'bb'"):
        load(main, test_file=write("bb,a,y\n1,2,0\n", "test.csv"))
    with pytest.raises(DataError, match="same file"):
        load(main, test_file=main)


def test_a_word_in_a_further_file_is_named_with_its_file(write: Any) -> None:
    main = write("a,y\n" + "".join(f"{i}.5,{i % 2}\n" for i in range(40)))
    with pytest.raises(DataError, match=r"test\.csv, line 3, column 'a': 'oops'"):
        load(main, test_file=write("a,y\n1,0\noops,1\n", "test.csv"))


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
