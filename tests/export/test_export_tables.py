"""Runs as columns: what is absent, what is text, what a notebook shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from overfit_cli.export.runs import settings_of
from overfit_cli.export.table import Table, table_of

ROWS = [
    {"name": "a", "n": 1, "x": 0.5, "both": 1, "yes": True},
    {"name": None, "n": 2, "x": None, "both": "two", "late": 3},
    {"name": "<b>\ud800", "n": 3, "x": float("inf"), "both": None, "yes": False},
]


def test_columns() -> None:
    table = table_of(ROWS)
    assert list(table.columns) == ["name", "n", "x", "both", "yes", "late"]
    assert len(table) == 3
    assert table["name"].tolist() == ["a", None, "<b>\\ud800"]
    assert table["n"].dtype == np.int64
    np.testing.assert_array_equal(table["x"], [0.5, np.nan, np.inf])
    assert table["both"].tolist() == ["1", "two", None]
    assert table["yes"].tolist() == [True, None, False]
    np.testing.assert_array_equal(table["late"], [np.nan, 3, np.nan])


def test_frames() -> None:
    table = table_of(ROWS)
    frame = table.to_polars()
    assert frame.schema["n"] == pl.Int64
    assert frame["x"].to_list() == [0.5, None, float("inf")]
    assert frame["name"].to_list() == ["a", None, "<b>\\ud800"]
    assert frame["both"].to_list() == ["1", "two", None]
    assert (frame.schema["late"], frame["late"].to_list()) == (pl.Int64, [None, 3, None])
    assert (frame.schema["yes"], frame["yes"].to_list()) == (pl.Boolean, [True, None, False])
    pandas = table.to_pandas()
    assert pandas["late"].isna().tolist() == [True, False, True]
    assert pandas["x"].isna().tolist() == [False, True, False]
    pd.testing.assert_series_equal(pandas["n"], pd.Series([1, 2, 3], name="n"))


def test_no_rows() -> None:
    assert len(table_of([])) == 0
    assert len(Table({"x": np.empty(0)})) == 0
    assert table_of([]).to_polars().is_empty()


@pytest.mark.parametrize("rows", [[], [{}, {"n": None}]])
def test_columns_that_are_there_anyhow(rows: list[dict[str, None]]) -> None:
    kinds = {"n": int, "x": float, "name": str, "yes": bool}
    table = table_of(rows, kinds)
    frame = table.to_polars()
    assert len(table) == len(frame) == len(rows)
    types = (pl.Int64, pl.Float64, pl.String)
    assert [frame.schema[name] for name in ("n", "x", "name")] == list(types)
    assert frame.null_count().row(0) == (len(rows),) * 4


def test_whole_numbers_are_exact() -> None:
    large = 2**53 + 1
    assert table_of([{"n": large}, {"n": None}]).to_polars()["n"].to_list() == [large, None]


def test_one_line() -> None:
    told = repr(table_of([{f"column{place}": place for place in range(9)}] * 1500))
    assert told.startswith("Table(1,500 rows: column0, column1")
    assert told.endswith("3 more)")


@pytest.mark.parametrize("n", [3, 25])
def test_notebook(n: int) -> None:
    page = table_of([{"<i>": f"<script>{place}", "x": 1 / 3} for place in range(n)])._repr_html_()
    assert "<script>" not in page
    assert "<i>" not in page
    assert page.count("<tr>") == 1 + min(n, 20)
    assert ("5 more rows" in page) == (n == 25)
    assert "0.333333" in page


def test_settings_have_the_keys_of_a_selection() -> None:
    spec = {"lr": 0.1, "hidden": [3, 2], "remedies": {"l2": {"l2": 1e-3}}, "data": {"task": None}}
    assert settings_of(spec) == {"lr": 0.1, "hidden": "3,2", "remedies.l2.l2": 1e-3}
