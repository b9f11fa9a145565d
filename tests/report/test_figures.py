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
    assert (float(figures.number(value)) == 0) == (abs(value) < figures.ROUNDING)


def test_sentences_round():
    written = [figures.rounded(value) for value in (0.0004, -0.0004, 0.415, math.nan, 1e7)]
    assert written == ["0.00", "0.00", "0.41", "nan", "1.0e+07"]


@pytest.mark.parametrize(
    ("values", "places"),
    [([0.5, 2.0], 4), ([12.3], 3), ([250.0], 2), ([41250.0], 0), ([], 4), ([None, 1e300], 4)],
)
def test_decimals_follow_the_size(values, places):
    assert figures.decimals(values) == places


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
