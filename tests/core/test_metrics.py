"""Scores against scikit-learn, loops and numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from overfit_cli.core.answers import Answer, Units, regress
from overfit_cli.core.metrics import auc, brier, curve_scores, ece, final_scores, r2, shares

RNG = np.random.default_rng(4)
N = 200
WEIGHTS = RNG.uniform(0.2, 3, N)
SHARE = shares(N, WEIGHTS)
CODES = RNG.integers(0, 3, N)
LOG_P = np.log(RNG.dirichlet([0.5, 1, 2], N))
BINARY = (RNG.random(N) < 0.3).astype(np.intp)
# rounded, so that many scores are tied
SCORE = np.clip(np.round(0.3 * BINARY + 0.7 * RNG.random(N), 1), 0.05, 0.95)


def test_shares_sum_to_one_and_are_equal_without_weights() -> None:
    assert SHARE.sum() == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(SHARE * WEIGHTS.sum(), WEIGHTS, rtol=1e-13)
    assert shares(4, None).tolist() == [0.25] * 4


def test_nll_and_error() -> None:
    scores = curve_scores(Answer(log_probabilities=LOG_P[None]), CODES, SHARE)
    expected = theirs.log_loss(CODES, np.exp(LOG_P), sample_weight=WEIGHTS)
    assert scores["nll"].tolist() == [pytest.approx(expected, rel=1e-12)]
    accuracy = theirs.accuracy_score(CODES, LOG_P.argmax(axis=1), sample_weight=WEIGHTS)
    assert scores["error"].tolist() == [pytest.approx(1 - accuracy, rel=1e-12)]


def test_of_equal_classes_the_first_is_the_answer() -> None:
    tied = np.log([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.1, 0.45, 0.45], [0.2, 0.2, 0.6]])
    codes = np.array([0, 1, 2, 2])
    scores = curve_scores(Answer(log_probabilities=tied), codes, shares(4, None))
    assert scores["error"] == pytest.approx(np.mean(tied.argmax(axis=1) != codes))


def test_ties_of_one_replica_are_its_own_whatever_another_one_says() -> None:
    tied, lost = np.log(np.full((2, 2), 0.5)), np.full((2, 2), np.nan)
    codes = np.array([1, 1])
    alone = curve_scores(Answer(log_probabilities=tied[None]), codes, shares(2, None))
    beside = curve_scores(Answer(log_probabilities=np.stack([tied, lost])), codes, shares(2, None))
    assert alone["error"].tolist() == [1]
    assert beside["error"][0] == 1


def test_a_nan_answer_is_never_right() -> None:
    log_p = np.stack([LOG_P, np.full_like(LOG_P, np.nan)])
    scores = curve_scores(Answer(log_probabilities=log_p), CODES, SHARE)
    assert np.isnan(scores["nll"]).tolist() == [False, True]
    assert np.isnan(scores["error"]).tolist() == [False, True]


def test_brier_is_summed_over_classes() -> None:
    p = np.exp(LOG_P)
    by_hand = sum(
        SHARE[n] * sum((p[n, k] - (CODES[n] == k)) ** 2 for k in range(3)) for n in range(N)
    )
    assert brier(p, CODES, SHARE) == pytest.approx(by_hand, rel=1e-12)
    two = np.stack([1 - SCORE, SCORE], axis=1)
    halved = theirs.brier_score_loss(BINARY, SCORE, sample_weight=WEIGHTS)
    assert brier(two, BINARY, SHARE) == pytest.approx(2 * halved, rel=1e-12)


def test_auc_with_ties_and_weights() -> None:
    expected = theirs.roc_auc_score(BINARY, SCORE, sample_weight=WEIGHTS)
    assert auc(SCORE, BINARY == 1, SHARE) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(auc(SCORE, BINARY == 7, SHARE))


def test_calibration_error_worked_by_hand() -> None:
    # confidences .95 (right, wrong), .6 (right) and .59 (wrong): the upper edge 9/15 belongs to
    # the ninth bin
    p = np.array([[0.95, 0.05], [0.05, 0.95], [0.6, 0.4], [0.41, 0.59]])
    targets = np.zeros(4, dtype=int)
    # last bin: |.25 (1 - .95) + .25 (0 - .95)| = .225; ninth: |.25 (1 - .6) - .25 .59| = .0475
    assert ece(p, targets, np.full(4, 0.25)) == pytest.approx(0.225 + 0.0475, abs=1e-15)
    # with other weights: |.6 .05 - .2 .95| = .16 and |.1 .4 - .1 .59| = .019
    assert ece(p, targets, np.array([0.6, 0.2, 0.1, 0.1])) == pytest.approx(0.179, abs=1e-15)


@pytest.mark.parametrize("certain", [0, 1])
def test_certainty_falls_into_the_last_bin(certain: int) -> None:
    p = np.array([[1.0, 0.0]])
    assert ece(p, np.array([certain]), np.ones(1)) == certain


def test_regression_scores_in_the_targets_units() -> None:
    units = Units(np.array([3.0, -1.0]), np.array([2.0, 0.5]))
    targets = RNG.normal(size=(N, 2)) * units.scale + units.mean
    answer = regress(RNG.normal(size=(1, N, 2)), np.array([[0.7, 1.3]]), units, targets)
    assert answer.mean is not None
    assert answer.sd is not None
    assert answer.log_density is not None
    mean, sd = answer.mean[0], answer.sd[0]
    one = Answer(mean=mean, sd=sd, log_density=answer.log_density[0])
    scores = final_scores(one, targets, SHARE)
    rows = 0.5 * ((targets - mean) / sd) ** 2 + np.log(sd * np.sqrt(2 * np.pi))
    expected = {
        "nll": np.average(rows.sum(axis=1), weights=WEIGHTS),
        "rmse": np.sqrt(theirs.mean_squared_error(targets, mean, sample_weight=WEIGHTS)),
        "mae": theirs.mean_absolute_error(targets, mean, sample_weight=WEIGHTS),
        "r2": theirs.r2_score(targets, mean, sample_weight=WEIGHTS),
    }
    assert scores == pytest.approx(expected, rel=1e-12)


def test_constant_targets_have_no_r2() -> None:
    assert np.isnan(r2(np.zeros((3, 1)), np.ones((3, 1)), np.full(3, 1 / 3)))


def test_final_scores_name_auc_for_two_classes_only() -> None:
    two = np.log(np.stack([1 - SCORE, SCORE], axis=1))
    names = {"nll", "error", "brier", "ece"}
    assert set(final_scores(Answer(log_probabilities=LOG_P), CODES, SHARE)) == names
    scores = final_scores(Answer(log_probabilities=two), BINARY, SHARE)
    assert set(scores) == names | {"auc"}
    assert scores["auc"] == pytest.approx(auc(SCORE, BINARY == 1, SHARE))
