"""Numbers written otherwise: what is read, what is not, and that new rows are read alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_samples import load

from overfit_cli.data.cells import text_cells
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.data.preprocessing import describe_columns
from overfit_cli.data.readings import spelled
from overfit_cli.errors import DataError, OverfitError, UsageError


def cells_of(column: list[str], decimal: str = ".") -> Any:
    import polars as pl

    return text_cells(pl.DataFrame({"a": column}), decimal)["a"]


def quoted(column: list[str], header: str = "a,y") -> str:
    """Return a table of this column and two classes, every cell in quotes."""
    rows = "".join(f'"{cell}","{row % 2}"\n' for row, cell in enumerate(column))
    return f"{header}\n{rows}"


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (["1,234.50", "950.00", "-1,000,000.25"], [1234.5, 950, -1000000.25]),
        (["$1,200", "-$3", "$-4.5", "+$ 5"], [1200, -3, -4.5, 5]),
        (["12 %", "3.5%", "7%"], [12, 3.5, 7]),
        (["3,5", "-12,25", "4"], [3.5, -12.25, 4]),
        (["0,500", "1,250"], [0.5, 1.25]),
        (["1.234,50", "12,5", "1.000.000"], [1234.5, 12.5, 1e6]),
        (["1’234.50", "2\u202f000", "3\xa0000"], [1234.5, 2000, 3000]),
        (["1.250,00 €", "€ 3"], [1250, 3]),
        (["1,234", "1e3", ".5"], [1234, 1000, 0.5]),
        (["1.5", "-", "2"], [1.5, np.nan, 2]),
        (["\u22121.5", "2.5", "\u22123"], [-1.5, 2.5, -3]),
        (["-562,141", "123,456"], [-562141, 123456]),
        (["562,141", "23,456.5"], [562141, 23456.5]),
        (["562,141", "950"], [562141, 950]),
    ],
)
def test_ways_to_write_numbers(column: list[str], numbers: list[float]) -> None:
    found = spelled(cells_of(column), ".")
    assert found is not None
    np.testing.assert_array_equal(found.cells.numbers, numbers)
    assert found.cells.text is None


@pytest.mark.parametrize(
    "column",
    [
        ["1,234.5", "1.234,5"],
        ["$5", "€6"],
        ["1,23,456", "5"],
        ["12,34,5", "7"],
        ["1.2.3", "4.5.6"],
        ["192.168.1.1", "10.0.0.1"],
        ["192.168.120.116", "192.168.120.117"],
        ["562,141", "123,456"],
        ["12 %", "3.5%", "7"],
        ["63%"] * 99 + ["0.48"],
        ["1,5", "2.5"],
        ["--5", "6"],
        ["5 kg", "6 kg"],
        ["-", "-"],
        ["+", "-"],
        ["%", "$"],
        ["2024-05-01", "2024-05-02"],
        ["1", "2.5", "3e4"],
    ],
)
def test_what_is_left_as_it_is(column: list[str]) -> None:
    assert spelled(cells_of(column), ".") is None


def test_which_character_is_the_decimal_one_is_the_file_s_custom_where_both_would_do() -> None:
    for decimal, value in ((".", 1234.0), (",", 1.234)):
        found = spelled(cells_of(["$1,234"] * 3, decimal), decimal)
        assert found is not None
        assert found.cells.numbers[0] == value


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20),
    st.sampled_from(["{}", "${}", "{} %"]),
)
def test_grouped_digits_are_read_back(hundredths: list[int], sign: str) -> None:
    values = [1234.5, *(number / 100 for number in hundredths)]
    english = [sign.format(f"{value:,.2f}") for value in values]
    swapped = str.maketrans(",.", ".,")
    for column in (english, [cell.translate(swapped) for cell in english]):
        found = spelled(cells_of(column), ".")
        assert found is not None
        np.testing.assert_allclose(found.cells.numbers, values, rtol=1e-12)


def test_a_note_names_the_columns_and_shows_a_cell(write: Any) -> None:
    rows = "".join(f'"${i:,}.5",{i % 7} %,{i % 2}\n' for i in range(990, 1020))
    data = load(write("price,share,y\n" + rows))
    np.testing.assert_array_equal(data.numeric[:, 0], np.arange(990, 1020) + 0.5)
    assert data.notes == (
        "read as numbers: 'price' ('$990.5' is 990.5), 'share' ('3 %' is 3). "
        "--drop leaves a column out.",
    )


def test_an_amount_with_a_typing_error_is_refused_with_its_line(write: Any) -> None:
    column = [f"{i:,}.25" for i in range(980, 1020)]
    column[7] = "1,2x4.25"
    with pytest.raises(DataError, match=r"line 9, column 'a': '1,2x4.25' is not a number"):
        load(write(quoted(column)))


def test_one_spelling_holds_for_all_files_and_for_new_rows(write: Any) -> None:
    """`1.234` alone is a number; beside `1.234,5` it is more than a thousand."""
    main = write(quoted(["1.234,5", "12,25", "7"] * 4))
    later = write(quoted(["1.234", "2.000"]), "later.csv")
    data = load(main, test_file=later)
    assert data.numeric[-2:, 0].tolist() == [1234, 2000]
    schema, _ = describe_columns(load(main))
    assert read_new_rows(later, schema).numeric[:, 0].tolist() == [1234, 2000]
    broken = write(quoted(["1,5", "1.5"]), "broken.csv")
    with pytest.raises(
        DataError, match=r"line 3, column 'a': '1\.5' is not written as in training, with"
    ):
        read_new_rows(broken, schema)


def test_plain_numbers_have_no_spelling_in_the_schema(write: Any) -> None:
    schema, _ = describe_columns(load(write("a,y\n1,0\n2.5,1\n")))
    assert "spelling" not in schema


def test_excels_line_that_says_the_separator(write: Any) -> None:
    data = load(write("sep=;\na;y\n1,5;0\n2;1\n"))
    assert data.numeric[:, 0].tolist() == [1.5, 2]
    with pytest.raises(DataError, match="line 4: 3 cells where the header has 2"):
        load(write("sep=|\na|y\n1|0\n2|1|3\n"))


@pytest.mark.parametrize("target", [None, "y", "age"])
@pytest.mark.parametrize("empty", ["", ";;\n"])
def test_a_title_padded_to_the_table_s_width_is_told(
    write: Any, empty: str, target: str | None
) -> None:
    path = write(f"Report 2024;;\n{empty}age;x;y\n31;1,5;0\n42;2;1\n")
    with pytest.raises(OverfitError, match=r"Is the header further down\? .*") as caught:
        load(path, target=target)
    line = 3 if empty else 2
    told = f"t.csv, line {line}: 'age', 'x', 'y'. Delete what stands above."
    assert str(caught.value).endswith(told)


def test_a_wrong_name_is_no_hint_at_a_header_further_down(write: Any) -> None:
    with pytest.raises(UsageError, match=r"There are: 'a', 'b'\.$"):
        load(write("a,b\nu,v\nw,v\n"), target="y")


def test_a_title_above_the_header_is_told(write: Any) -> None:
    with pytest.raises(DataError, match=r"line 3: 2 cells .* 1\. Is the header further down"):
        load(write("Sales of May\n\na,y\n1,0\n2,1\n"))
