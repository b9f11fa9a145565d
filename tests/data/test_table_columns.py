"""A table's columns: which part each plays, what is left out, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from table_samples import load

from overfit_cli.data.dataset import FREE, TEST, TRAIN, VAL
from overfit_cli.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"target": "weigth"}, "Did you mean 'weight'"),
        ({"features": ("hieght",)}, "Did you mean 'height'"),
        ({"drop": ("hieght",)}, "Did you mean 'height'"),
        ({"split_column": "nope"}, "no column 'nope'. There are"),
        ({"target": "Y"}, "no column 'Y'. Did you mean 'y'"),
        ({"target": "WEIGTH "}, "Did you mean 'weight'"),
        (
            {"features": ("height", "y")},
            "'y' cannot play two parts: it is the target and among --features.$",
        ),
        ({"drop": ("y",)}, "'y' cannot play two parts: it is the target and among --drop.$"),
        ({"group_column": "y"}, "two parts: it is the target and the --group-column.$"),
        ({"target": "y,y"}, "'y' cannot play two parts: it is the target and the target.$"),
        (
            {"split_column": "weight", "weight_column": "weight"},
            "it is the --split-column and the --weight-column.$",
        ),
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


def test_ids_are_left_out_with_one_note_unless_named(write: Any) -> None:
    rows = "".join(f"{i},key{i},{i * i},{i % 2}\n" for i in range(30))
    for header in ("id", "", "Order_ID", "customerId"):
        data = load(write(f"{header},name,a,y\n{rows}"))
        assert data.numeric_names == ("a",)
        assert data.categories == ()
        assert len(data.notes) == 1
        told = f"'{header or 'column_1'}' (30 in 30 rows), 'name' (30 in 30 rows). To use one, name"
        assert told in data.notes[0]
    data = load(write(f"id,name,a,y\n{rows}"), features=("id", "name"))
    assert data.numeric_names == ("id",)
    assert len(data.categories[0][1]) == 30
    assert not any("left out" in note for note in data.notes)


def test_numbers_that_repeat_are_no_ids_whatever_their_name(write: Any) -> None:
    rows = "".join(f"{i // 2},{i},{i % 2}\n" for i in range(30))
    data = load(write(f"store_id,day,y\n{rows}"))
    assert data.numeric_names == ("store_id", "day")
    assert data.notes == (
        "used, but every row has another whole number, as in ids: 'day' (0 to 29). "
        "--drop leaves a column out.",
    )


@pytest.mark.parametrize("name", ["AMOUNT_PAID", "BID", "GRID", "COVID", "paid", "Humid"])
def test_names_that_end_like_ids_are_none(write: Any, name: str) -> None:
    rows = "".join(f"{i * i},{i % 2}\n" for i in range(30))
    data = load(write(f"{name},y\n{rows}"))
    assert (data.numeric_names, data.notes) == ((name,), ())


@pytest.mark.parametrize("name", ["ID", "Order ID", "userID", "user_ID", "row-id", "rideId"])
def test_ids_need_more_rows_than_a_few(write: Any, name: str) -> None:
    for n, names in ((20, (name, "b")), (21, ("b",))):
        rows = "".join(f"{i * i},{i / 8},{i % 2}\n" for i in range(n))
        assert load(write(f"{name},b,y\n{rows}")).numeric_names == names


def test_ids_that_begin_anew_in_the_next_file_are_ids(write: Any) -> None:
    def content(n: int) -> str:
        return "id,day,b,y\n" + "".join(f"{i * 3},{i},{i / 8},{i % 2}\n" for i in range(n))

    data = load(write(content(30)), test_file=write(content(5), "test.csv"))
    assert data.numeric_names == ("day", "b")
    assert "'id' (35 in 35 rows)" in data.notes[0]
    assert "'day' (0 to 29)" in data.notes[1]
    repeats = write("id,day,b,y\n1,1,.5,0\n1,2,.5,1\n", "test.csv")
    assert load(write(content(30)), test_file=repeats).numeric_names == ("id", "day", "b")


@pytest.mark.parametrize("word", ["not yet", "(1,234.50)", "n. a."])
def test_numbers_with_some_words_are_no_ids(write: Any, word: str) -> None:
    cells = [word if i % 15 == 3 else f"{1000 + i * i / 7:,.2f}" for i in range(90)]
    rows = "".join(f'"{cell}",{i / 8},{i % 2}\n' for i, cell in enumerate(cells))
    data = load(write(f"a,b,y\n{rows}"))
    assert data.numeric_names == ("b",)
    assert len(data.notes) == 1
    told = f"left out, some of the cells are no numbers: 'a' (7%, the first '{word}' in "
    assert data.notes[0].startswith(told)
    assert "line 5). Leave those cells empty" in data.notes[0]


def test_a_note_names_five_columns(write: Any) -> None:
    names = [f"key{column}" for column in range(30)]
    rows = "".join(",".join([f"k{i}"] * 30) + f",{i / 8},{i % 2}\n" for i in range(25))
    (note,) = load(write(",".join([*names, "b", "y"]) + "\n" + rows)).notes
    assert "'key4' (25 in 25 rows) and 25 more. To use one" in note
    assert note.count("25 in 25 rows") == 5


@pytest.mark.parametrize(
    "day", ["2024-05-{:02}", "{:02}/05/2024", "{}.5.24", "2024/5/{}", "2024-05-{:02}T10:30:00Z"]
)
def test_dates_are_left_out_unless_they_are_few(write: Any, day: str) -> None:
    def content(n_days: int) -> str:
        rows = (f"{i * i},{day.format(1 + i % n_days)},{i % 2}\n" for i in range(90))
        return "a,when,y\n" + "".join(rows)

    data = load(write(content(28)))
    assert (data.numeric_names, data.categories) == (("a",), ())
    assert f"dates are no numbers: 'when' ('{day.format(1)}')" in data.notes[0]
    assert len(load(write(content(3))).categories[0][1]) == 3
    assert len(load(write(content(28)), features=("when",)).categories[0][1]) == 28


def test_many_categories_are_told_as_inputs(write: Any) -> None:
    rows = "".join(f"{i * i},c{i % 30},d{i % 10},{i % 2}\n" for i in range(120))
    data = load(write("a,city,d,y\n" + rows))
    assert data.notes == (
        "few rows per category, and each is an input: 'city' (30 in 120 rows). "
        "--drop leaves a column out.",
    )


def test_values_that_differ_in_case_only_are_told_in_one_note(write: Any) -> None:
    names = [f"c{column}" for column in range(7)]
    lines = "".join(
        ",".join(["Paris" if i % 3 else "paris"] * 7) + f",u,{i % 2}\n" for i in range(9)
    )
    (note,) = load(write(",".join([*names, "d", "y"]) + "\n" + lines)).notes
    assert note.startswith(
        "columns with values that differ in case or blanks only: 'c0' ('Paris', 'paris'), 'c1'"
    )
    assert note.endswith("'c4' ('Paris', 'paris') and 2 more.")


def test_columns_left_out_for_one_reason_are_told_in_one_note(write: Any) -> None:
    names = [f"c{column}" for column in range(500)]
    lines = "".join(
        ",".join([f"{i}.5" if i % 8 else "bad"] * 500) + f",{i / 7},{i % 2}\n" for i in range(48)
    )
    (note,) = load(write(",".join([*names, "b", "y"]) + "\n" + lines)).notes
    assert note.startswith("left out, some of the cells are no numbers: 'c0' (12%, the first 'bad'")
    assert note.endswith(" and 495 more. Leave those cells empty to have numbers.")
    with pytest.raises(DataError, match="no usable input column; left out") as caught:
        load(write(",".join([*names, "b", "y"]) + "\n" + lines), drop=("b",))
    assert len(str(caught.value)) < 1000


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


@pytest.mark.parametrize(
    ("cell", "unit"),
    [
        ("{:.1f} m2", " m2"),
        ("{:,.2f} USD", " USD"),
        ("-{:.0f}kg/m³", "kg/m³"),
        ("+{:.3f} °C", " °C"),
    ],
)
def test_numbers_with_their_unit_are_left_out_with_the_reason(
    write: Any, cell: str, unit: str
) -> None:
    rows = "".join(f'"{cell.format(i * 37.5)}",{i / 8},{i % 2}\n' for i in range(1, 60))
    content = f"area,b,y\n{rows},1.5,0\nmissing,1,0\n"
    data = load(write(content))
    assert data.numeric_names == ("b",)
    assert data.notes == (
        f"left out, numbers with a unit: 'area' ({unit!r} behind each). "
        "Write the numbers alone, and the unit in the column's name.",
    )


@pytest.mark.parametrize("other", ["12.5 ft", "12.5", "m2", "1-5 m2"])
def test_numbers_with_several_units_are_text(write: Any, other: str) -> None:
    rows = "".join(f"{i * 37.5} m2,{i / 8},{i % 2}\n" for i in range(60))
    notes = load(write(f"area,b,y\n{rows}{other},1,0\n")).notes
    assert [note.split(",")[1] for note in notes] == [" nearly every row has another value"]


def test_few_numbers_with_a_unit_are_categories(write: Any) -> None:
    rows = "".join(f"{12 * (i % 4)} months,{i / 8},{i % 2}\n" for i in range(60))
    data = load(write(f"term,b,y\n{rows}"))
    assert (data.categories[0][0], data.notes) == ("term", ())


def test_many_numbers_with_a_unit_are_categories_with_the_reason(write: Any) -> None:
    rows = "".join(f"{12 * (i % 40)} kg,{i / 8},{i % 2}\n" for i in range(200))
    data = load(write(f"weight,b,y\n{rows}"))
    assert data.categories[0][0] == "weight"
    assert data.notes == (
        "read as categories, numbers with a unit: 'weight' (' kg' behind each). "
        "Write the numbers alone, and the unit in the column's name.",
    )
