"""Distances of predictive distributions, held against loops over rows and numerical integrals."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overfit_cli.comparison.distance import agreement, normal_total_variation, total_variation


def alike(n):
    """The shares of rows that all count alike."""
    return np.full(n, 1 / n)


MEAN = st.floats(-5, 5)
SD = st.floats(0.05, 20)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_classes_against_a_loop_over_rows(classes):
    rng = np.random.default_rng(classes)
    one, other = rng.dirichlet(np.full(classes, 0.5), (2, 50))
    same = sum(row.tolist().index(max(row)) == own.tolist().index(max(own))
               for row, own in zip(one, other, strict=True))  # fmt: skip
    assert agreement(one, other, alike(50)) == pytest.approx(same / 50)
    # the largest difference of probability over all sets of classes: another definition
    apart = [
        max(
            abs(
                sum(p - q for k, (p, q) in enumerate(zip(row, own, strict=True)) if chosen >> k & 1)
            )
            for chosen in range(2**classes)
        )
        for row, own in zip(one, other, strict=True)
    ]
    assert total_variation(one, other, alike(50)) == pytest.approx(sum(apart) / 50)


def test_two_classes_are_the_difference_of_one_probability():
    p, q = np.array([0.9, 0.2, 0.5]), np.array([0.6, 0.7, 0.5])
    one, other = (np.column_stack([1 - each, each]) for each in (p, q))
    assert total_variation(one, other, alike(3)) == pytest.approx((0.3 + 0.5 + 0) / 3)
    assert agreement(one, other, alike(3)) == pytest.approx(2 / 3)


def test_the_ends_of_the_scale():
    sure, other = np.eye(3), np.roll(np.eye(3), 1, axis=1)
    for distant, ends in ((sure, (0, 1)), (other, (1, 0))):
        found = [measure(sure, distant, alike(3)) for measure in (total_variation, agreement)]
        assert found == pytest.approx(ends)


def normal(*pairs):
    """The distance of N(m, s) from N(n, t) for (m, s, n, t), a row each."""
    return normal_total_variation(*np.array(pairs, float).T[:, :, None], alike(len(pairs)))


@settings(max_examples=40)
@given(MEAN, SD, MEAN, SD)
def test_normals_against_an_integral(mean, sd, other, other_sd):
    low, high = (pick(mean + w * sd, other + w * other_sd)
                 for pick, w in ((min, -9), (max, 9)))  # fmt: skip
    # a grid fine enough for the narrower within the range of the wider
    x = np.linspace(low, high, 400_001)
    p, q = (np.exp(-(((x - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))
            for m, s in ((mean, sd), (other, other_sd)))  # fmt: skip
    wanted = np.abs(p - q).sum() * (x[1] - x[0]) / 2
    assert normal((mean, sd, other, other_sd)) == pytest.approx(wanted, abs=2e-5)


@given(MEAN, SD, MEAN, SD, st.floats(0.01, 100), MEAN)
def test_normals_are_symmetric_and_know_no_unit(mean, sd, other, other_sd, scale, shift):
    found = normal((mean, sd, other, other_sd))
    assert 0 <= found <= 1
    assert normal((other, other_sd, mean, sd)) == pytest.approx(found, abs=1e-12)
    moved = (scale * mean + shift, scale * sd, scale * other + shift, scale * other_sd)
    assert normal(moved) == pytest.approx(found, abs=1e-9)


@given(MEAN, SD, st.floats(-0.5, 0.5))
def test_of_equal_widths(mean, sd, step):
    assert normal((mean, sd, mean, sd)) == 0
    # P(|Z| < half the step): hardly other widths must hardly differ
    wanted = 2 * NormalDist().cdf(abs(step) / 2) - 1
    for width in (sd, sd * (1 + 1e-13), sd * (1 - 1e-9)):
        assert normal((mean, sd, mean + step * sd, width)) == pytest.approx(wanted, abs=1e-7)


def test_normals_are_averaged_over_rows_and_targets():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 4, 3))
    sd, other_sd = rng.uniform(0.5, 2, (2, 4, 3))
    cells = np.stack([one, sd, other, other_sd]).reshape(4, -1).T
    wanted = np.mean([normal(tuple(cell)) for cell in cells])
    assert normal_total_variation(one, sd, other, other_sd, alike(4)) == pytest.approx(wanted)


def test_a_weight_of_two_is_a_row_that_stands_there_twice():
    rng = np.random.default_rng(3)
    one, other = rng.dirichlet(np.ones(3), (2, 6))
    sd, other_sd = rng.uniform(0.5, 2, (2, 6, 3))
    weights = np.array([2, 1, 0, 1, 3, 1])
    times, share = np.repeat(np.arange(6), weights), weights / weights.sum()
    for measure in (agreement, total_variation):
        wanted = measure(one[times], other[times], alike(8))
        assert measure(one, other, share) == pytest.approx(wanted)
    wanted = normal_total_variation(one[times], sd[times], other[times], other_sd[times], alike(8))
    assert normal_total_variation(one, sd, other, other_sd, share) == pytest.approx(wanted)


def test_no_width_is_no_number():
    assert math.isnan(normal((0, 0, 1, 1)))
    assert math.isnan(normal((math.nan, 1, 1, 1)))
