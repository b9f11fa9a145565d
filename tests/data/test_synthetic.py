"""Generators against their own definition: what is drawn, and what is said to be true of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overfit_cli.data import SOURCES, DataRequest, load, prepare
from overfit_cli.data.dataset import FREE, TEST, Dataset, Floats, Truth
from overfit_cli.data.truth import curve_nodes

GENERATORS = [name for name, source in SOURCES.items() if source.resample == "draws"]
CLASSES = [name for name in GENERATORS if SOURCES[name].task == "classification"]
REGRESSIONS = [name for name in GENERATORS if SOURCES[name].task == "regression"]
NEAL = Path(__file__).parents[3] / "shared" / "data" / "fbm" / "binary.csv"


def drawn(dataset: str, seed: int = 0) -> Dataset:
    return load(DataRequest(dataset=dataset), seed)


def truth_of(dataset: Dataset) -> Truth:
    assert dataset.truth is not None
    return dataset.truth


def arc_density(curve: Floats, x: Floats, sd: float) -> Floats:
    """Mean Gaussian density about 20,001 evenly spaced points of a curve: trapezoid by hand."""
    weights = np.ones(len(curve))
    weights[[0, -1]] = 0.5
    distance = ((x[:, None, :] - curve) ** 2).sum(-1)
    density: Floats = np.exp(-distance / (2 * sd**2)) @ weights / weights.sum()
    return density


def curves_of(name: str, t: Floats) -> list[Floats]:
    if name == "moons":
        return [
            np.c_[np.cos(np.pi * t), np.sin(np.pi * t)],
            np.c_[1 - np.cos(np.pi * t), 0.5 - np.sin(np.pi * t)],
        ]
    turn = 2 * np.pi * t
    if name == "circles":
        return [r * np.c_[np.cos(turn), np.sin(turn)] for r in (1.0, 0.5)]
    starts = [0.0, 2 * np.pi / 3, 4 * np.pi / 3]
    return [t[:, None] * np.c_[np.cos(turn + a), np.sin(turn + a)] for a in starts]


@pytest.mark.parametrize("noise", [0.05, 0.3])
@pytest.mark.parametrize("name", ["moons", "circles", "spirals"])
def test_curve_probabilities_are_those_of_brute_force(name: str, noise: float) -> None:
    options = f"{name}:noise={noise},n=40" + (",arms=3" if name == "spirals" else "")
    dataset = drawn(options)
    x = dataset.numeric[:40]
    fine = curves_of(name, np.linspace(0, 1, 20_001))
    density = np.stack([arc_density(curve, x, noise) for curve in fine], axis=1)
    expected = density / density.sum(axis=1, keepdims=True)
    # the trapezoid's own error at the open ends of an arc is about 1e-8
    np.testing.assert_allclose(truth_of(dataset).predict(x), expected, atol=1e-6)


def test_the_nodes_integrate_polynomials_exactly() -> None:
    t, weights = curve_nodes(speed=3.0, sd=0.4)
    for power in range(16):
        assert weights @ t**power == pytest.approx(1 / (power + 1), rel=1e-12)


def test_xor_and_neal_have_their_closed_forms() -> None:
    dataset = drawn("xor:noise=0.7,extra=2")
    x = dataset.numeric
    # class 0 is at (1, 1) and (-1, -1): cosh sums over each class's corners
    zero = np.cosh((x[:, 0] + x[:, 1]) / 0.49)
    one = np.cosh((x[:, 0] - x[:, 1]) / 0.49)
    np.testing.assert_allclose(truth_of(dataset).predict(x)[:, 1], one / (zero + one), rtol=1e-9)
    neal = truth_of(drawn("neal-binary")).predict(np.array([[0.4, -0.3], [1.4, -0.3], [0.4, 1.7]]))
    np.testing.assert_allclose(neal[:, 1], np.exp([0.0, -1.0, -16.0]))


@pytest.mark.parametrize("options", [*CLASSES, "blobs:classes=5,features=3", "spirals:arms=4"])
def test_labels_come_as_often_as_the_truth_says(options: str) -> None:
    dataset = drawn(options + ("," if ":" in options else ":") + "n_test=20000", seed=3)
    test = dataset.part == TEST
    predicted = truth_of(dataset).predict(dataset.numeric[test])
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0, rtol=1e-12)
    for k in range(len(dataset.classes)):
        p, hit = predicted[:, k], dataset.target[test] == k
        bins = np.minimum((p * 20).astype(int), 19)
        n = np.bincount(bins, minlength=20)
        surplus = np.bincount(bins, hit - p, minlength=20)
        sd = np.sqrt(np.bincount(bins, p * (1 - p), minlength=20))
        assert (np.abs(surplus)[n > 0] <= 5 * sd[n > 0] + 1).all()


@pytest.mark.parametrize("name", REGRESSIONS)
def test_targets_scatter_about_the_true_mean_by_the_noise(name: str) -> None:
    dataset = drawn(f"{name}:noise=0.5,n_test=20000")
    residual = dataset.target - truth_of(dataset).predict(dataset.numeric)
    n = len(residual)
    assert abs(residual.mean()) < 5 * 0.5 / np.sqrt(n)
    assert abs(residual.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * n)
    assert truth_of(dataset).noise_sd == 0.5
    assert abs(np.corrcoef(residual[:, 0], dataset.numeric[:, 0])[0, 1]) < 5 / np.sqrt(n)


def test_means_of_regressions_at_points_done_by_hand() -> None:
    half = np.full((1, 10), 0.5)
    friedman = 10 * np.sin(np.pi / 4) + 5 + 2.5
    assert truth_of(drawn("friedman1")).predict(half) == pytest.approx(friedman)
    assert truth_of(drawn("sine")).predict(np.array([[0.25]])) == pytest.approx(1.0)
    row = np.arange(1.0, 11.0)[None, :]
    linear = truth_of(drawn("sparse-linear:features=10,relevant=3"))
    assert linear.predict(row) == pytest.approx(1 - 2 + 3)


@pytest.mark.parametrize("name", GENERATORS)
@given(n=st.integers(20, 60), seed=st.integers(0, 5))
@settings(max_examples=8, deadline=None)
def test_n_moves_no_test_row_and_the_seed_moves_all(name: str, n: int, seed: int) -> None:
    one, other = drawn(f"{name}:n={n},n_test=30", seed), drawn(f"{name}:n=19,n_test=30", seed)
    for part in ("numeric", "target"):
        np.testing.assert_array_equal(getattr(one, part)[-30:], getattr(other, part)[-30:])
    again, next_seed = drawn(one.name, seed), drawn(one.name, seed + 1)
    np.testing.assert_array_equal(one.numeric, again.numeric)
    assert not np.isin(one.numeric, next_seed.numeric).any()
    assert not np.isin(one.numeric[:n], one.numeric[n:]).any()
    assert one.part is not None
    assert one.part.tolist() == [FREE] * n + [TEST] * 30


@pytest.mark.parametrize("name", GENERATORS)
def test_splits_and_fixed_keep_one_table(name: str) -> None:
    splits = DataRequest(dataset=name, resample="splits")
    fixed = DataRequest(dataset=name, resample="fixed")
    one, other = load(splits, 0), load(splits, 1)
    np.testing.assert_array_equal(one.numeric, other.numeric)
    assert one.part is None
    assert len(one.target) == SOURCES[name].options["n"].default
    float64 = np.dtype("float64")
    prepared = [prepare(load(fixed, seed), fixed, seed, float64) for seed in (0, 1)]
    np.testing.assert_array_equal(prepared[0].test.ids, prepared[1].test.ids)
    np.testing.assert_array_equal(load(fixed, 0).numeric, load(fixed, 1).numeric)
    assert set(prepared[0].val.ids) != set(prepared[1].val.ids)


def test_the_option_seed_names_the_problem() -> None:
    """Blob centres belong to the problem: a new run keeps them, a new option seed does not."""
    x = np.zeros((1, 2))
    same = [truth_of(drawn("blobs", seed)).predict(x) for seed in (0, 1)]
    np.testing.assert_array_equal(same[0], same[1])
    assert not np.allclose(same[0], truth_of(drawn("blobs:seed=1")).predict(x))
    assert not np.isin(drawn("blobs:seed=1").numeric, drawn("blobs").numeric).any()


def test_truth_stays_with_the_test_rows() -> None:
    request = DataRequest(dataset="moons", label_noise=0.5)
    dataset = load(request, 4)
    prepared = prepare(dataset, request, 4, np.dtype("float32"))
    assert prepared.test_truth is not None
    expected = truth_of(dataset).predict(dataset.numeric[prepared.test.ids])
    np.testing.assert_array_equal(prepared.test_truth, expected)
    np.testing.assert_array_equal(prepared.test.targets[:, 0], dataset.target[prepared.test.ids])


def test_far_away_the_truth_is_sure_and_finite() -> None:
    far = np.array([[0.0, 1e6], [-1e6, 0.0], [1e6, -1e6]])
    for name in CLASSES:
        p = truth_of(drawn(name)).predict(far)
        assert np.isfinite(p).all()
        np.testing.assert_allclose(p.sum(axis=1), 1.0)


@pytest.mark.skipif(not NEAL.exists(), reason="Neal's own 500 rows are not beside this checkout")
def test_neals_own_rows_have_the_published_truth() -> None:
    """Published: true probabilities give -.231 mean log probability, .095 error on rows 301-500."""
    rows = np.loadtxt(NEAL, delimiter=",", skiprows=1)
    x, t = rows[300:, :2], rows[300:, 2].astype(int)
    p = truth_of(drawn("neal-binary")).predict(x)
    assert np.log(p[np.arange(len(t)), t]).mean() == pytest.approx(-0.231, abs=0.0005)
    assert (p.argmax(axis=1) != t).mean() == pytest.approx(0.095)
