import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.report import figures


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.41234, "0.4123"),
        (0.0, "0.0000"),
        (-1.9e-16, "0.0000"),
        (4.1e-5, "4.1e-05"),
        (-3e-6, "-3.0e-06"),
        (1.5e9, "1.5e+09"),
        (None, "-"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers(value, written):
    assert figures.number(value) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_beyond_rounding_errors_never_looks_like_zero(value):
    assert (float(figures.number(value)) == 0) == (abs(value) < figures.ZERO * 1e-4)


def test_sentences_round():
    written = [figures.rounded(value) for value in (0.0004, -0.0004, 0.415, math.nan, 1e7)]
    assert written == ["0.00", "0.00", "0.41", "nan", "1.0e+07"]


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([0.5, 2.0], 4),
        ([12.3], 3),
        ([250.0], 2),
        ([41250.0], 0),
        ([], 4),
        ([None, 0.4, 1e300], 4),
        ([math.nan, 0.0], 4),
        ([3.4e-7, 0.0], 9),
        ([2.1e6, 825625.1923], -3),
    ],
)
def test_decimals_follow_the_size(values, places):
    assert figures.decimals(values) == places


def test_a_column_has_one_format_and_one_last_place():
    def column(*values):
        return [figures.number(value, figures.decimals(values)) for value in values]

    assert column(3.39e-7, 2.8e-8, 0.0) == ["3.39e-07", "2.8e-08", "0"]
    assert column(825625.1923, 2091324.0, 7.2e5) == ["8.26e+05", "2.091e+06", "7.20e+05"]
    assert column(5.8e49, 1.3e249, 0.0) == ["5.8e+49", "1.30e+249", "0"]
    assert column(0.4, 0.5, 2.1e7) == ["0.4000", "0.5000", "2.1e+07"]


@given(st.floats(1e-300, 1e300), st.integers(-9, 9))
def test_three_digits_at_least_are_known_at_any_scale(scale, shift):
    values = [scale, scale * (1 + shift / 10)]
    written = [float(figures.number(value, figures.decimals([scale]))) for value in values]
    assert written == pytest.approx(values, rel=0.051)
    assert (written[0] == written[1]) == (shift == 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_deviation_is_that_of_the_standard_library(values):
    expected = statistics.stdev(values)
    assert figures.deviation(values) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_deviation_of_few_and_of_non_finite():
    assert figures.deviation([1.0]) is None
    assert math.isnan(figures.deviation([1.0, math.inf]))


def test_ranges():
    assert figures.at_epochs([14, 12, 16]) == "epochs 12 to 16"
    assert figures.at_epochs([14, 14]) == "epoch 14"
    assert figures.listed([3, 1]) == "3, 1"
    assert figures.listed(range(20)) == "0 to 19"
