"""Inside scikit-learn: pipelines, searches, cross-validation, inspection, displays, routing."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay, calibration_curve
from sklearn.datasets import make_moons
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    LearningCurveDisplay,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from overfit_cli import L2, Bayes, Dropout, EarlyStopping, MaxNorm, MLPClassifier, MLPRegressor

matplotlib.use("Agg")


def moons(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_moons(n, noise=0.25, random_state=0)
    return X * [1, 50], np.array(["lower", "upper"])[y]


def small(kind: Any = MLPClassifier, **more: Any) -> Any:
    own = {"hidden_layer_sizes": (12,), "max_iter": 60, "learning_rate_init": 0.03}
    return kind(**own | {"random_state": 0} | more)


def piped(**more: Any) -> Any:
    return make_pipeline(StandardScaler(), small(**more))


def test_pipeline_and_cross_validation() -> None:
    X, y = moons()
    scores = cross_val_score(piped(remedies="dropout+l2"), X, y, cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.75
    p = cross_val_predict(piped(), X, y, cv=3, method="predict_proba")
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_remedies_are_an_axis_of_a_grid() -> None:
    X, y = moons(90)
    lists = [None, "l2", [Dropout(p=0.9), MaxNorm(3)], [Bayes(members=2)]]
    search = GridSearchCV(piped(max_iter=20), {"mlpclassifier__remedies": lists}, cv=2)
    search.fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_params_["mlpclassifier__remedies"] in lists
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_options_of_remedies_are_axes_too() -> None:
    X, y = moons(90)
    grid = {"dropout__p": [0.5, 0.9], "l2__l2": np.logspace(-4, -2, 2), "max_iter": np.arange(5, 7)}
    search = GridSearchCV(small(remedies="dropout+l2"), grid, cv=2).fit(X, y)
    assert len(search.cv_results_["params"]) == 8
    best = search.best_estimator_
    assert best.remedies == [
        Dropout(p=search.best_params_["dropout__p"]),
        L2(search.best_params_["l2__l2"]),
    ]
    # one estimator's options are not another's
    assert small(remedies="dropout+l2").get_params()["dropout__p"] == 0.5


def test_permutation_importance_finds_the_column_that_matters() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 3))
    fitted = small(MLPRegressor).fit(X, 5 * X[:, 1])
    found = permutation_importance(fitted, X, 5 * X[:, 1], n_repeats=3, random_state=0)
    assert found.importances_mean.argmax() == 1


def test_displays() -> None:
    X, y = moons()
    fitted = piped().fit(X, y)
    p = fitted.predict_proba(X)[:, 1]
    shown = CalibrationDisplay.from_estimator(fitted, X, y, n_bins=5)
    np.testing.assert_array_equal(shown.y_prob, p)
    expected = calibration_curve(y == "upper", p, n_bins=5)
    np.testing.assert_allclose((shown.prob_true, shown.prob_pred), expected)
    folds = [(np.arange(80), np.arange(80, 120))]
    curve = LearningCurveDisplay.from_estimator(piped(), X, y, train_sizes=[20, 80], cv=folds)
    by_hand = [piped().fit(X[:n], y[:n]).score(X[80:], y[80:]) for n in (20, 80)]
    np.testing.assert_allclose(curve.test_scores[:, 0], by_hand)
    assert by_hand[1] > 0.8


def test_calibrated() -> None:
    """A network that hardly learnt ranks well, and calibration makes probabilities of that."""
    X, y = moons()
    shy = piped(max_iter=5)
    calibrated = CalibratedClassifierCV(shy, cv=2).fit(X, y)
    losses = [log_loss(y, one.predict_proba(X)) for one in (shy.fit(X, y), calibrated)]
    assert losses[1] < losses[0]
    assert calibrated.score(X, y) > 0.75


def test_frames_give_feature_names() -> None:
    X, y = moons()
    frame = pd.DataFrame(X, columns=["across", "up"])
    ours = small(max_iter=2).fit(frame, pd.Series(y), X_val=frame, y_val=y)
    assert ours.feature_names_in_.tolist() == ["across", "up"]
    with pytest.raises(ValueError, match="feature names"):
        ours.predict(frame.rename(columns={"up": "down"}))


def test_routing_of_validation_rows_through_a_pipeline() -> None:
    """They are scaled as the training rows are, and early stopping sees them."""
    X, y = moons()
    val, watched = X[80:], y[80:]
    with config_context(enable_metadata_routing=True):
        last = small(remedies=EarlyStopping(3), max_iter=100)
        last.set_fit_request(X_val=True, y_val=True, sample_weight=True)
        steps = [("scale", StandardScaler().set_fit_request(sample_weight=True)), ("mlp", last)]
        pipe = Pipeline(steps, transform_input=["X_val"])
        weights = np.linspace(1, 2, 80)
        pipe.fit(X[:80], y[:80], sample_weight=weights, X_val=val, y_val=watched)
    scaler = StandardScaler().fit(X[:80], sample_weight=weights)
    alone = small(remedies=EarlyStopping(3), max_iter=100)
    alone.fit(scaler.transform(X[:80]), y[:80], weights, scaler.transform(val), watched)
    assert pipe["mlp"].validation_curve_ == alone.validation_curve_
    assert pipe["mlp"].restored_epoch_ == alone.restored_epoch_ > 0


def test_routing_of_weights_in_cross_validation() -> None:
    X, y = moons()
    weights = np.where(y == "upper", 9.0, 1.0)
    with config_context(enable_metadata_routing=True):
        leaning = small().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        asked = {"cv": 2, "return_estimator": True}
        found = cross_validate(leaning, X, y, params={"sample_weight": weights}, **asked)
    plain = cross_validate(small(), X, y, **asked)
    shares = [
        np.mean([np.mean(one.predict(X) == "upper") for one in ended["estimator"]])
        for ended in (found, plain)
    ]
    assert shares[0] > shares[1]
