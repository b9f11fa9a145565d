"""A time column: how moments are read, and that later rows are predicted from earlier ones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_samples import load

from overfit_cli.data import DataRequest, prepare
from overfit_cli.data.splits import resample_of, split
from overfit_cli.errors import DataError, UsageError

MOMENTS = [
    datetime(2023, 12, 31, 23, 59, 58),
    datetime(2024, 1, 13, 0, 5),
    datetime(2024, 1, 13, 12, 5),
    datetime(2024, 2, 9, 9, 7, 30),
    datetime(2024, 10, 9, 12, 0),
]
FORMS = (
    *("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y.%m.%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ"),
    *("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d-%m-%y %H:%M:%S"),
    *("%m/%d/%y %H:%M:%S", "%Y%m%d%H%M%S"),
)


few = settings(max_examples=30, deadline=None)


def content(times: list[str]) -> str:
    return "a\twhen\ty\n" + "".join(f"{i}\t{when}\t{i % 2}\n" for i, when in enumerate(times))


@pytest.mark.parametrize("form", FORMS)
def test_moments_are_ranked_however_they_are_written(write: Any, form: str) -> None:
    order = [3, 0, 4, 2, 1, 3]
    path = write(content([MOMENTS[i].strftime(form) for i in order]), "t.tsv")
    assert load(path, time_column="when").times.tolist() == order


@few
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-11, 11)), min_size=1, max_size=9))
def test_zones_against_the_standard_library(tmp_path_factory: Any, drawn: Any) -> None:
    moments = [
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=h, minutes=30))) + timedelta(minutes=m)
        for m, h in drawn
    ]
    path = tmp_path_factory.mktemp("zones") / "t.tsv"
    path.write_text(content([moment.isoformat() for moment in moments]))
    expected = np.unique([moment.timestamp() for moment in moments], return_inverse=True)[1]
    assert (
        load(str(path), time_column="when", task="regression").times.tolist() == expected.tolist()
    )


@pytest.mark.parametrize(
    ("times", "ranks"),
    [
        (["2024-11", "2024-02", "2023-12"], [2, 1, 0]),
        (["2024-02-01", "2024-2-1", "2024-01-31 23:59"], [1, 1, 0]),
        (["10", "9", "-1.5"], [2, 1, 0]),
        (["2024", "1999", "2024"], [1, 0, 1]),
        (["01.02.2024", "02.01.2024", "03.03.2024"], [1, 0, 2]),
    ],
)
def test_numbers_months_and_days_first(write: Any, times: list[str], ranks: list[int]) -> None:
    assert load(write(content(times), "t.tsv"), time_column="when").times.tolist() == ranks


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("", r"line 3: no value in the time column 'when'\. Allowed: dates \(best as 2024-12-31\)"),
        ("soon", "line 3: 'soon' is no date, time or number in the time column 'when'"),
        ("2024-02-30", "line 3: '2024-02-30' is no date"),
        ("2024-02-03 25:00", "line 3: .* is no date"),
        ("2024-02-03 noon", "line 3: .* is no date"),
        ("13/02/2024", "line 3: .* is no date"),
        ("01-02-24", "line 3: .* is no date"),
    ],
)
def test_what_is_no_moment_is_named_by_line(write: Any, bad: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(
            write(content(["2024-02-01", bad, "2024-03-01", "2024-03-02"]), "t.tsv"),
            time_column="when",
        )


def test_days_and_months_that_may_be_each_other_are_refused(write: Any) -> None:
    with pytest.raises(DataError, match="dates such as '03/04/2024' may be read day first or"):
        load(write(content(["03/04/2024", "01/05/2024"]), "t.tsv"), time_column="when")


@pytest.mark.parametrize(
    "other",
    [{"split_column": "a"}, {"group_column": "a"}, {"val_file": "x.csv"}, {"test_file": "x.csv"}],
)
def test_what_else_divides_the_rows_is_refused(write: Any, other: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"--time-column and --\S+.* both divide the rows"):
        load(write(content(["1", "2"]), "t.tsv"), time_column="when", **other)


@few
@given(
    st.lists(st.integers(0, 40), min_size=8, max_size=60).filter(lambda times: len({*times}) > 4),
    st.integers(0, 5),
)
def test_later_rows_are_predicted_from_earlier_ones(
    tmp_path_factory: Any, times: list[int], seed: int
) -> None:
    path = tmp_path_factory.mktemp("by_time") / "t.tsv"
    path.write_text(content([str(time) for time in times]))
    request = DataRequest(dataset=str(path), target="y", task="regression", time_column="when")
    data, at = load(str(path), time_column="when", task="regression"), np.array(times)
    found = split(data, request, seed)
    parts = [at[rows] for rows in (found.train, found.val, found.test)]
    assert all(max(one) < min(later) for one, later in pairwise(parts))
    assert sorted([*found.train, *found.val, *found.test]) == list(range(len(times)))
    assert resample_of(data, request) == "fixed"
    assert split(data, request, seed + 1).test.tolist() == found.test.tolist()


def test_sizes_hold_where_all_moments_differ(write: Any) -> None:
    times = [str(time) for time in np.random.default_rng(0).permutation(50)]
    path = write(content(times), "t.tsv")
    own = {"time_column": "when", "val_size": 5, "test_size": 0.1, "train_size": 20}
    request = DataRequest(dataset=path, target="y", **own)
    prepared = prepare(load(path, **own), request, 0, np.dtype(np.float64))
    when = np.array(times, int)
    rows = (prepared.train.ids, prepared.val.ids, prepared.test.ids)
    assert [sorted(when[ids].tolist()) for ids in rows] == [
        list(range(20, 40)),  # the last of the other rows: what was long ago is left out
        list(range(40, 45)),
        list(range(45, 50)),
    ]
    assert prepared.n_pool == 40


def test_one_moment_for_all_rows_cannot_be_split(write: Any) -> None:
    path = write(content(["5"] * 9), "t.tsv")
    with pytest.raises(DataError, match="moments of --time-column"):
        split(load(path, time_column="when"), DataRequest(dataset=path, target="y"), 0)


def test_new_splits_for_new_seeds_are_refused(write: Any) -> None:
    path = write(content([str(i) for i in range(9)]), "t.tsv")
    request = DataRequest(dataset=path, time_column="when", resample="splits")
    with pytest.raises(UsageError, match="use 'fixed'"):
        resample_of(load(path, time_column="when"), request)


def test_tables_without_times_keep_their_names(write: Any) -> None:
    path = write(content([str(i) for i in range(9)]), "t.tsv")
    named = {load(path, drop=("when",)).fingerprint, load(path, time_column="when").fingerprint}
    assert len(named) == 2
    assert load(path, time_column="when").numeric_names == ("a",)
