import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import diverged, regression, run, stopped, without_validation

from overfit_cli.records import EpochRecord
from overfit_cli.report.curves import curves
from overfit_cli.report.epochs import chosen
from overfit_cli.report.seeds import broken_at, losses, mean_curve
from overfit_cli.report.sparkline import sparkline
from overfit_cli.report.surface import plain_text

LEVELS = "01234567"


def body(renderable, width=200):
    """Return the table's cells by row, without its header."""
    lines = plain_text(renderable, width).split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("───"))
    return [line.split() for line in lines[start + 1 :] if line[:6].strip().isdigit()]


@given(st.sets(st.integers(0, 2000), min_size=1), st.sets(st.integers(0, 2000), max_size=4))
def test_first_last_and_marked_epochs_are_always_there(epochs, keep):
    rows = chosen(epochs, keep)
    assert rows == sorted(set(rows))
    assert set(rows) <= epochs
    assert {min(epochs), max(epochs)} | (keep & epochs) <= set(rows)
    assert len(rows) <= 12 + len(keep)


@given(st.integers(1, 500), st.integers(1, 50))
def test_every_prints_its_multiples_and_the_ends(last, every):
    rows = chosen(range(last + 1), (), every)
    assert rows == sorted({*range(0, last + 1, every), last})


def test_a_hundred_epochs_give_about_a_dozen_rows():
    assert 10 <= len(chosen(range(101), {20})) <= 13


def test_gap_is_val_less_train():
    for row in body(curves([run()])):
        assert float(row[3]) == pytest.approx(float(row[2]) - float(row[1]), abs=1.01e-4)


def test_errors_are_percent():
    row = body(curves([run()]))[0]
    first = run().curves[0]
    assert float(row[4]) == round(100 * first.train["error"], 2)
    assert float(row[5]) == round(100 * first.val["error"], 2)


def test_every_1_prints_every_epoch():
    assert [int(row[0]) for row in body(curves([run()], every=1))] == list(range(101))


def test_the_restored_epoch_and_the_end_are_marked():
    marks = {int(row[0]): " ".join(row[6:]) for row in body(curves([stopped()])) if row[6:]}
    assert marks == {17: "best, restored", 27: "stopped"}


def test_a_diverged_run_says_where_and_shows_what_it_saw():
    text = plain_text(curves([diverged(7)]), 80)
    assert "the run diverged at epoch 7" in text
    assert next(row for row in body(curves([diverged(7)])) if "nan" in row)[0] == "7"


def test_without_validation_rows_there_are_no_empty_columns():
    text = plain_text(curves([without_validation()]), 80)
    assert "val" not in text
    assert "gap" not in text


def test_regression_shows_rmse_in_its_own_unit():
    text = plain_text(curves([regression()]), 80)
    assert "rmse" in text
    assert "%" not in text
    assert body(curves([regression()]))[0][4] == "131250"


def test_seeds_are_averaged_where_they_are():
    short = replace(run(seed=1), curves=run(seed=1).curves[:51])
    rows = {int(row[0]): row for row in body(curves([run(seed=0), short], every=50))}
    mean = (run(seed=0).curves[50].val["nll"] + short.curves[50].val["nll"]) / 2
    assert float(rows[50][2]) == round(mean, 4)
    assert float(rows[100][2]) == round(run(seed=0).curves[100].val["nll"], 4)
    assert (rows[50][6], rows[100][6]) == ("2", "1")


def test_diverged_seeds_are_in_no_mean_but_are_told():
    alone, joined = curves([run()], every=25), curves([run(), diverged(seed=4)], every=25)
    assert [row[:6] for row in body(alone)] == [row[:6] for row in body(joined)]
    assert "1 of 2 runs (seed 4) diverged at epoch 7" in plain_text(joined, 80)


def test_the_lowest_mean_is_sought_where_every_seed_is():
    """A single seed that trains on must not win by being alone."""
    low = EpochRecord(101, {"nll": 0.0}, {"nll": 0.0}, 0.0)
    longer = replace(run(seed=1), curves=(*run(seed=1).curves, low))
    assert mean_curve([run(seed=0), longer]).lowest() == 20


def test_methods_stand_side_by_side_on_common_epochs():
    rows = body(curves([run(), stopped()], every=1))
    assert len(rows[10]) == 5
    assert len(rows[40]) == 3
    assert rows[10][1] == rows[10][3]


def test_the_lowest_epoch_of_every_method_is_starred():
    text = plain_text(curves([run(), run(overfitting=0.1, method="dropout")]), 120)
    starred = [line.split()[0] for line in text.split("\n") if "*0." in line]
    assert starred == ["20", "29"]


def test_nothing_recorded():
    assert "no curves" in plain_text(curves([run(curves=(), status="failed")]), 80)


def test_divergence_without_a_record_of_it():
    assert broken_at(replace(diverged(7), curves=run(5).curves)) == 7
    assert losses([run(), run(status="failed", seed=1)]) == ["1 of 2 runs (seed 1) failed"]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1), st.integers(1, 60))
def test_a_sparkline_fits_and_marks_what_is_not_finite(values, width):
    line = sparkline(values, LEVELS, width)
    assert len(line) == min(width, len(values))
    if len(values) <= width:
        assert [c == "!" for c in line] == [not math.isfinite(value) for value in values]


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=40))
def test_a_sparkline_keeps_the_order_of_values(values):
    line = sparkline(values, LEVELS, 40)
    ranked = [level for _, level in sorted(zip(values, line, strict=True))]
    assert ranked == sorted(ranked)


def test_a_sparkline_shows_a_late_rise_after_a_steep_fall():
    assert sparkline([2.3, 0.6, 0.2, 0.2, 0.4], LEVELS, 5) == "73002"


def test_a_sparkline_of_numbers_whose_difference_overflows():
    assert sparkline([8.9e307, -8.9e307], LEVELS, 2) == LEVELS[-1] + LEVELS[0]


def test_side_by_side_no_mean_is_of_the_surviving_seeds_alone():
    short = replace(stopped(1), curves=stopped(1).curves[:21], epochs_run=20)
    rows = {int(row[0]): row for row in body(curves([run(), stopped(0), short], every=1))}
    mean = (stopped(0).curves[20].val["nll"] + short.curves[20].val["nll"]) / 2
    assert float(rows[20][4].lstrip("*")) == round(mean, 4)
    assert len(rows[21]) == 3
    assert "up to the epoch where the first of them stopped" in plain_text(
        curves([run(), stopped(0), short]), 200
    )
