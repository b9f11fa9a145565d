"""What is told of values that are numbers, and probably not what they seem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_samples import load

from overfit_cli.data import registry
from overfit_cli.data.labels import check_target
from overfit_cli.data.request import DataRequest
from overfit_cli.data.suspects import codes_for_missing, outweighing


def prices(seed: int = 0) -> list[float]:
    """Return 500 prices as houses have them, the middle half from about 110,000 to 240,000."""
    values = np.exp(np.random.default_rng(seed).normal(12, 0.6, 500))
    return [float(value) for value in values]


def table(values: list[float], column: str = "price (EUR)") -> str:
    return f"a,{column}\n" + "".join(f"{i * i},{value!r}\n" for i, value in enumerate(values))


def said(write: Any, values: list[float]) -> tuple[str, ...]:
    return check_target(load(write(table(values)), target="price (EUR)"))


def test_targets_that_outweigh_all_others_are_told(write: Any) -> None:
    values = prices()
    values[310], values[40], values[41] = 8.07e7, 1.2e7, 9e6
    (note,) = said(write, values)
    assert note.startswith(
        "target values more than 20 interquartile ranges from the median outweigh all others in "
        "rmse and nll: 'price (EUR)' (3 of 500, the furthest 8.07e+07 in "
    )
    assert note.endswith("t.csv, line 312). Check them, or predict the logarithm.")
    (note,) = said(write, [-1.0, *values])
    assert note.endswith("t.csv, line 313). Check them.")


@given(st.integers(0, 1000), st.sampled_from(["normal", "exponential", "laplace"]))
def test_ordinary_tails_are_not_told(seed: int, kind: str) -> None:
    column = getattr(np.random.default_rng(seed), kind)(size=400)
    assert not len(outweighing(column))


@pytest.mark.parametrize("name", ["diabetes", "friedman1"])
def test_sound_targets_are_not_told(name: str) -> None:
    assert check_target(registry.load(DataRequest(name), 0)) == ()


def test_far_values_among_very_many_outweigh_nothing() -> None:
    column = np.random.default_rng(0).normal(size=50_000)
    column[7] = 40
    assert not len(outweighing(column))
    column[7] = 4000
    assert outweighing(column).tolist() == [7]
    assert not len(outweighing(np.repeat([0.0, 5.0], [90, 10])))


def sparse(n: int, last: str) -> str:
    rows = "".join(f"k{i % 3},{i / 8},{i % 5},,{i % 2}\n" for i in range(n))
    return f"k,a,b,c,y\n{rows}{last}\n"


@pytest.mark.parametrize("last", ["Total,,,,128", 'Total, ,NA,"",128', ",,,n/a,128\n\n"])
def test_a_last_row_that_lacks_most_cells_is_told(write: Any, last: str) -> None:
    path = write(sparse(30, last))
    cells = 1 if last.startswith(",") else 2
    told = (
        f"{path}, line 32, the last, has only {cells} of 5 cells: is it a line of totals? If so, "
        "delete it."
    )
    assert told in load(path).notes


@pytest.mark.parametrize(
    "content",
    [
        sparse(30, "k1,,2,,1"),
        sparse(30, "Total,,,,1\nk,1,2,,1"),
        sparse(30, "k,,,,0\nTotal,,,,1"),
        "k,a,b,c,y\n" + "k,,,,0\n" * 20 + "k,,,,1\n",
    ],
)
def test_other_sparse_rows_are_no_totals(write: Any, content: str) -> None:
    assert not any("totals" in note for note in load(write(content)).notes)


def test_a_line_of_totals_in_a_further_file_is_told(write: Any) -> None:
    later = write(sparse(5, "Total,,,,1"), "test.csv")
    notes = load(write(sparse(30, "k1,2,2,,1")), test_file=later).notes
    assert [note.startswith(f"{later}, line 7, the last") for note in notes] == [True]


def with_codes(low: float, high: float, **rows: int) -> np.ndarray:
    codes = [float(code.replace("minus", "-").strip("_")) for code in rows]
    values = np.repeat(codes, list(rows.values()))
    return np.concatenate([np.linspace(low, high, 50), values, [np.nan]])


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (with_codes(0, 1, minus999=39), "-999 in 39 rows, all others from 0 to 1"),
        (with_codes(0, 1, _99=2), "99 in 2 rows, all others from 0 to 1"),
        (
            with_codes(18, 90, _999=3, minus99=4),
            "999 in 3 rows, -99 in 4 rows, all others from 18 to 90",
        ),
        (with_codes(0, 98.5, _99=7, _9999=3), "9999 in 3 rows, all others from 0 to 99"),
        (
            with_codes(0, 1, _999=2, minus999=3),
            "999 in 2 rows, -999 in 3 rows, all others from 0 to 1",
        ),
        (with_codes(-1e6, 1e6, _99999=9), ""),
        (with_codes(18, 90, _99=5), ""),
        (with_codes(0, 1, minus999=1), ""),
        (with_codes(0, 1, minus1=9), ""),
        (with_codes(0, 1, minus998=9), ""),
        (with_codes(0, 0, _99=9), ""),
        (np.repeat([99.0, -99.0], 5), ""),
        (np.full(5, np.nan), ""),
    ],
)
def test_which_codes_may_mean_missing(numbers: np.ndarray, told: str) -> None:
    assert codes_for_missing(numbers) == told


def test_codes_for_missing_are_told_and_used(write: Any) -> None:
    rows = "".join(f"{-999 if i % 9 == 0 else i / 90:.3f},{i % 2}\n" for i in range(90))
    data = load(write("vib,y\n" + rows))
    assert data.numeric[0, 0] == -999
    assert data.notes == (
        "used as numbers, but may mean missing: 'vib' (-999 in 10 rows, all others "
        "from 0.011 to 0.989). If so, leave those cells empty.",
    )
