"""Words for a missing value among numbers: those that are read, and how the others are refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from table_samples import load

from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.data.preprocessing import describe_columns
from overfit_cli.errors import DataError


def rows(**columns: dict[int, str]) -> str:
    """Return a table of 100 rows of numbers, with these cells instead in these rows (from 0)."""
    table = [
        ",".join([*(cells.get(i, f"{i}.5") for cells in columns.values()), str(i % 2)])
        for i in range(100)
    ]
    return "\n".join([",".join([*columns, "y"]), *table]) + "\n"


@pytest.mark.parametrize("n", [2, 40])
@pytest.mark.parametrize("word", ["missing", "Missing", "UNKNOWN", "n.a.", "na", "Null", "\\N"])
def test_words_that_can_only_mean_missing(write: Any, word: str, n: int) -> None:
    data = load(write(rows(a=dict.fromkeys(range(n), word))))
    assert (data.numeric_names, data.categories) == (("a",), ())
    assert np.isnan(data.numeric[:, 0]).tolist() == [True] * n + [False] * (100 - n)
    told = f"read as numbers: 'a' ({word!r} is missing). --drop leaves a column out."
    assert data.notes == (told,)
    schema, _ = describe_columns(data)
    new = read_new_rows(write(f"a\n{word}\n1.5\n", "new.csv"), schema)
    np.testing.assert_array_equal(new.numeric[:, 0], [np.nan, 1.5])


def test_words_for_missing_do_not_hide_amounts(write: Any) -> None:
    cells = {i: f'"${i},234.50"' for i in range(1, 50)} | {0: "missing", 60: "n.a."}
    data = load(write(rows(a=cells)))
    assert data.numeric[1, 0] == 1234.5
    assert np.flatnonzero(np.isnan(data.numeric[:, 0])).tolist() == [0, 60]


def test_words_for_missing_are_words_elsewhere(write: Any) -> None:
    words = "".join(f"{'unknown' if i % 3 else 'red'},{i},{i % 2}\n" for i in range(30))
    assert load(write("a,b,y\n" + words)).categories == (("a", ("red", "unknown")),)
    classes = rows(a={}).replace(",0\n", ",unknown\n")
    assert load(write(classes)).classes == ("1", "unknown")


def test_one_message_names_every_such_cell(write: Any) -> None:
    """`none` may be a zero, so that nobody can know."""
    a = {5: "none", 7: "x1", 9: "none"}
    path = write(rows(a=a, b={}, c={30: "none", 31: "nil"}, d={2: "?", 3: "few"}), "new.csv")
    message = (
        "line 7, column 'a': 'none' is not a number (3 such cells: 'none', 'x1'). Nor are "
        "cells of 'c' (2: 'none', 'nil'), 'd' (1: 'few'). Correct them, or leave those cells empty."
    )
    with pytest.raises(DataError, match=re.escape(message) + "$"):
        load(path)
    schema, _ = describe_columns(load(write(rows(a={}, b={}, c={}, d={}))))
    with pytest.raises(DataError, match=re.escape(message) + "$"):
        read_new_rows(path, schema)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({5: "none"}, "'none' is not a number. Correct it, or leave the cell empty."),
        (
            {5: "none", 6: "none"},
            "'none' is not a number (2 such cells). Correct them, or leave those cells empty.",
        ),
        (
            {5: "m", 6: "k", 7: "l"},
            "'m' is not a number (3 such cells: 'm', 'k', 'l'). Correct them, or leave those "
            "cells empty.",
        ),
    ],
)
def test_a_message_on_one_column_is_short(write: Any, cells: dict[int, str], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message) + "$"):
        load(write(rows(a=cells)))
