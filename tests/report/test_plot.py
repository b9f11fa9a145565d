import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import diverged, run, without_validation

from overfit_cli.report.canvas import Canvas
from overfit_cli.report.plot import plot
from overfit_cli.report.scale import Scale
from overfit_cli.report.surface import plain_text

FINITE = st.floats(-1e12, 1e12)


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_a_scale_holds_its_values_in_order(values):
    scale = Scale.of(values)
    places = [scale.place(value) for value in sorted(values)]
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)
    assert places == sorted(places)


@given(st.lists(st.floats(1e-9, 1e9), min_size=2, max_size=20), st.integers(3, 8))
def test_ticks_are_within_the_scale_and_short(values, about):
    scale = Scale.of(values)
    ticks = scale.ticks(about)
    slack = 1e-6 * (scale.high - scale.low)
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)
    assert ticks == sorted(ticks)
    assert len(ticks) <= 10
    assert all(len(scale.label(tick)) <= 9 for tick in ticks)


@pytest.mark.parametrize(
    ("values", "log", "ticks"),
    [
        ([0.0004, 2.5], True, [0.001, 0.01, 0.1, 1]),
        ([0.1, 2.3], True, [0.1, 0.2, 0.5, 1, 2]),
        ([0.2, 2.3], False, [0.5, 1, 1.5, 2]),
        ([-3, 2000], False, [0, 500, 1000, 1500, 2000]),
        ([0, 100], False, [0, 20, 40, 60, 80, 100]),
    ],
)
def test_an_axis_is_logarithmic_when_values_span_decades(values, log, ticks):
    scale = Scale.of(values)
    assert scale.log == log
    assert scale.ticks(5) == pytest.approx(ticks)


def text_of(canvas):
    return ["".join(character for character, _ in row) for row in canvas.rows()]


def test_a_line_on_a_plain_canvas():
    canvas = Canvas(5, 3, braille=False)
    canvas.line(1, [(0, 0), (0.5, 1), (1, 0)], dotted=False)
    assert text_of(canvas) == ["  *  ", " * * ", "*   *"]


def test_a_line_on_a_braille_canvas_fills_its_diagonal():
    canvas = Canvas(2, 1, braille=True)
    canvas.line(0, [(0, 1), (1, 0)], dotted=False)
    dots = [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert len(dots) == sum(
        bin(ord(character) - 0x2800).count("1") for character in text_of(canvas)[0]
    )
    assert text_of(canvas) == ["⠑⢄"]


def test_a_dotted_line_has_fewer_dots_than_a_solid_one():
    drawn = []
    for dotted in (True, False):
        canvas = Canvas(20, 3, braille=True)
        canvas.line(0, [(0, 0.5), (1, 0.5)], dotted)
        drawn.append(
            sum(bin(ord(c) - 0x2800).count("1") for c in "".join(text_of(canvas)) if c > " ")
        )
    assert drawn == [10, 40]


def test_a_line_breaks_where_it_is_not_finite():
    canvas = Canvas(7, 1, braille=False)
    canvas.line(1, [(0, 0), (1 / 6, 0), (0.5, math.nan), (5 / 6, 0), (1, 0)], dotted=False)
    assert text_of(canvas) == ["**   **"]


def test_train_and_val_can_be_told_apart_without_colour():
    text = plain_text(plot([run()]), 80, "ascii")
    rows = [line.split("|")[1] for line in text.split("\n") if "|" in line]
    assert sum(row.count(".") for row in rows) > 20
    assert sum(row.count("*") for row in rows) > 20


def test_the_caret_stands_at_the_lowest_epoch():
    lines = plain_text(plot([run()]), 80, "ascii").split("\n")
    axis = next(line for line in lines if "^" in line and "+" in line)
    labels = lines[lines.index(axis) + 1]
    assert axis.index("^") == pytest.approx(labels.index("20"), abs=1)


@pytest.mark.parametrize("width", [30, 80, 140, 10_000])
def test_it_fits(width):
    lines = plain_text(plot([run(), run(method="l2")]), width).split("\n")
    assert max(map(len, lines)) <= min(width, 100)


def test_panels_share_their_axes():
    text = plain_text(plot([run(), run(27, method="l2")]), 80)
    axes = [line for line in text.split("\n") if line.split()[-1:] == ["100"]]
    assert len(axes) == 2
    assert axes[0] == axes[1]


def test_a_single_point_and_none_at_all():
    assert "│" in plain_text(plot([run(0)]), 80)
    assert "nothing to plot" in plain_text(plot([run(curves=())]), 80)
    assert "nothing to plot" in plain_text(
        plot([replace(diverged(), curves=diverged().curves[-1:])]), 80
    )


def test_without_validation_rows_there_is_no_legend_for_them():
    assert "val" not in plain_text(plot([without_validation()]), 80)
