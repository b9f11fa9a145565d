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
    assert table["name"].tolist() == ["a", "", "<b>\\ud800"]
    assert table["n"].dtype == np.int64
    np.testing.assert_array_equal(table["x"], [0.5, np.nan, np.inf])
    assert table["both"].tolist() == ["1", "two", ""]
    np.testing.assert_array_equal(table["late"], [np.nan, 3, np.nan])


def test_frames() -> None:
    table = table_of(ROWS)
    frame = table.to_polars()
    assert frame.schema["n"] == pl.Int64
    assert frame["x"].to_list() == [0.5, None, float("inf")]
    assert frame["name"].to_list() == ["a", "", "<b>\\ud800"]
    pandas = table.to_pandas()
    assert pandas["x"].isna().tolist() == [False, True, False]
    pd.testing.assert_series_equal(pandas["n"], pd.Series([1, 2, 3], name="n"))


def test_no_rows() -> None:
    assert len(table_of([])) == 0
    assert len(Table({"x": np.empty(0)})) == 0
    assert table_of([]).to_polars().is_empty()


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
