"""Columns whose cells could be read in two ways: what decides, and that plain numbers stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_samples import load

from overfit_cli.data.cells import Cells, text_cells
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.data.preprocessing import describe_columns
from overfit_cli.data.readings import decimal_of, spelled
from overfit_cli.data.spelling import Spelling, read_as
from overfit_cli.errors import DataError

THOUSANDTHS = [f"{20 + row / 13:.3f}" for row in range(80)]


def cells_of(column: list[str], decimal: str = ".") -> Any:
    return text_cells(pl.DataFrame({"a": column}), decimal)["a"]


def tabbed(*columns: list[str], header: str = "a\ty") -> str:
    rows = zip(*columns, (str(row % 2) for row in range(len(columns[0]))), strict=True)
    return header + "\n" + "".join("\t".join(row) + "\n" for row in rows)


@pytest.mark.parametrize("typo", ["23,4", "23,456", "1,23", "23,4 ", "2,3,4"])
def test_one_typing_error_changes_no_other_cell(write: Any, typo: str) -> None:
    column = [*THOUSANDTHS[:17], typo, *THOUSANDTHS[17:]]
    message = rf"line 19, column 'a': '{typo.strip()}' is not a number\."
    with pytest.raises(DataError, match=message):
        load(write(tabbed(column), "t.tsv"))
    target = tabbed(column).replace("a\ty", "y\ta")
    with pytest.raises(DataError, match=message.replace("'a'", "'y'")):
        load(write(target, "t.tsv"), target="y")


def test_a_currency_sign_among_plain_numbers_changes_none(write: Any) -> None:
    column = [*THOUSANDTHS, "€ 512"]
    data = load(write(tabbed(column).replace("\t", ";")))
    np.testing.assert_array_equal(data.numeric[:, 0], [*map(float, THOUSANDTHS), 512])


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=30),
    st.lists(st.sampled_from(["1,5", "12,345", "1,234.5", "$7", "5%", "-", "1.234,5", "x"])),
    st.sampled_from(".,"),
)
def test_plain_numbers_keep_their_value_unless_a_word_proves_another(
    thousandths: list[int], words: list[str], decimal: str
) -> None:
    plain = [f"{number / 1000:.3f}" for number in thousandths]
    cells = cells_of([*plain, *words], decimal)
    found = spelled(cells, decimal)
    if found and not {"1.234,5", "1,234.5"} & set(words):
        both = ~np.isnan(cells.numbers) & ~np.isnan(found.cells.numbers)
        np.testing.assert_array_equal(found.cells.numbers[both], cells.numbers[both])


def test_a_cell_whose_plain_reading_differs_is_shown_first() -> None:
    found = spelled(cells_of(["12,25", "1.234", "1.234,5"]), ".")
    assert found is not None
    assert found.example == "'1.234' is 1234"


def test_the_fewest_words_win_over_the_file_s_custom() -> None:
    """0,512 has a decimal comma, so that 26,370 has one too."""
    column = [*(cell.replace(".", ",") for cell in THOUSANDTHS), "0,512"]
    found = spelled(cells_of(column), ".")
    assert found is not None
    np.testing.assert_array_equal(found.cells.numbers, [*map(float, THOUSANDTHS), 0.512])


def test_a_column_that_proves_the_decimal_comma_decides_for_the_others(write: Any) -> None:
    commas = [cell.replace(".", ",") for cell in THOUSANDTHS]
    halves = [f"0,{row + 10}" for row in range(80)]
    data = load(write(tabbed(commas, halves, header="a\tb\ty"), "t.tsv"))
    np.testing.assert_array_equal(data.numeric[:, 0], [*map(float, THOUSANDTHS)])
    assert data.spelling["a"] == (",", "")
    dollars = [f"${cell}" for cell in commas]
    data = load(write(tabbed(dollars, halves, header="a\tb\ty"), "t.tsv"))
    np.testing.assert_array_equal(data.numeric[:, 0], [*map(float, THOUSANDTHS)])
    alone = load(write(tabbed(dollars), "t.tsv"))
    np.testing.assert_array_equal(alone.numeric[:, 0], [1000 * float(x) for x in THOUSANDTHS])


def test_each_column_is_tried_once(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found while the decimal character is sought is not sought again."""
    tried: list[str] = []

    def counted(cells: Cells, spelling: Spelling) -> Cells:
        tried.append(spelling.decimal)
        return read_as(cells, spelling)

    monkeypatch.setattr("overfit_cli.data.readings.read_as", counted)
    commas = [cell.replace(".", ",") + "5" for cell in THOUSANDTHS]
    header = "\t".join([*(f"c{i}" for i in range(40)), "y"])
    data = load(write(tabbed(*([commas] * 40), header=header), "t.tsv"))
    assert len(data.spelling) == 40
    # the plain reading and that with commas; the first column with points as well
    assert (tried.count(""), tried.count(","), tried.count(".")) == (41, 41, 1)


def test_pairs_of_codes_are_text(write: Any) -> None:
    codes = [f"{row * 7 + 100},{row * 3 + 200}" for row in range(80)]
    data = load(write(tabbed(codes, THOUSANDTHS, header="a\tb\ty"), "t.tsv"))
    assert data.numeric_names == ("b",)
    assert "'a' (80 in 80 rows)" in data.notes[0]


def test_proofs_that_contradict_each_other_leave_the_custom() -> None:
    comma, point = cells_of(["3,5", "4,25"]), cells_of(["1,234.5", "5"])
    plain, open_ = cells_of(["0.5", "2"]), cells_of(["$1,234"])
    assert decimal_of([comma, open_], ".") == ","
    assert decimal_of([point, open_], ",") == "."
    assert decimal_of([comma, point], ".") == "."
    assert decimal_of([comma, point], ",") == ","
    assert decimal_of([comma, plain], ".") == "."
    assert decimal_of([cells_of(["562,141", "562,142"])], ".") == "."


def test_numbers_of_a_parquet_file_are_numbers(write: Any, tmp_path: Path) -> None:
    """150.125 is no 150,125 because the training file has decimal commas."""
    main = write(tabbed([f"1.{row:03},5" for row in range(40)], header="a;y").replace("\t", ";"))
    numbers = [150.125, 234.567, 999.999]
    later = str(tmp_path / "later.parquet")
    pl.DataFrame({"a": numbers, "y": [0, 1, 0]}).write_parquet(later)
    data = load(main, test_file=later)
    np.testing.assert_array_equal(data.numeric[-3:, 0], numbers)
    assert data.numeric[1, 0] == 1001.5
    schema, _ = describe_columns(load(main))
    np.testing.assert_array_equal(read_new_rows(later, schema).numeric[:, 0], numbers)
    text = write("a;y\n150.125;0\n234,567;1\n", "later.csv")
    assert read_new_rows(text, schema).numeric[:, 0].tolist() == [150125, 234.567]


def test_percents_beside_plain_numbers_are_left_out(write: Any) -> None:
    column = [f"{row}%" if row % 2 else f"{row / 100}" for row in range(10, 90)]
    data = load(write(tabbed(column, THOUSANDTHS, header="a\tb\ty"), "t.tsv"))
    assert (data.numeric_names, data.categories) == (("b",), ())
    assert len(data.notes) == 1
    assert data.notes[0].startswith("left out, some cells have a percent sign, others have none: ")
    assert "'a' (the first '0.1' in " in data.notes[0]
    assert ", line 2). Write all of them alike." in data.notes[0]
    with pytest.raises(DataError, match="some cells of the target 'a' have a percent sign"):
        load(write(tabbed(column), "t.tsv"), target="a")


def test_new_rows_without_the_percent_sign_are_refused(write: Any) -> None:
    schema, _ = describe_columns(load(write(tabbed([f"{x} %" for x in THOUSANDTHS]), "t.tsv")))
    assert read_new_rows(write("a\n5 %\n", "new.csv"), schema).numeric.tolist() == [[5]]
    with pytest.raises(DataError, match="line 3: column 'a' has a percent sign in the run's"):
        read_new_rows(write("a\n5 %\n0.5\n", "new.csv"), schema)


TOLD = (
    "read with a decimal point, though other columns have decimal commas: 'a' (20.077 is 20.077, "
    "not 20077). If the points group thousands, leave them out."
)
WHOLE = ["810", *THOUSANDTHS[1:]]
COMMAS = [f"{row},5" for row in range(80)]


@pytest.mark.parametrize("commas", [COMMAS, ["-0,80", *["7"] * 79]])
def test_thousands_are_suspected_in_a_file_of_decimal_commas(write: Any, commas: list[str]) -> None:
    """The reading stays what it was; the target is a column like the others."""
    data = load(write(tabbed(WHOLE, commas, header="a;b;y").replace("\t", ";")))
    assert TOLD in data.notes
    np.testing.assert_array_equal(data.numeric[:, 0], [*map(float, WHOLE)])
    text = tabbed(commas, WHOLE, header="b;a;y").replace("\t", ";")
    assert TOLD in load(write(text), target="a", task="regression").notes


@pytest.mark.parametrize(
    ("column", "others"),
    [
        (WHOLE, [f"{row}.5" for row in range(80)]),  # a file of decimal points
        (["1000", *THOUSANDTHS[1:]], COMMAS),  # thousands without a group
        (["0.125", *THOUSANDTHS[1:]], COMMAS),
        (["1.5", *THOUSANDTHS[1:]], COMMAS),
        (["810"] * 80, COMMAS),
    ],
)
def test_other_points_are_no_suspects(write: Any, column: list[str], others: list[str]) -> None:
    data = load(write(tabbed(column, others, header="a;b;y").replace("\t", ";")))
    assert not any("decimal point" in note for note in data.notes)
