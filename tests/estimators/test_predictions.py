"""What fitted estimators say: labels, probabilities, deviations, coefficients, validation."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss

from overfit_cli import L2, Bayes, Dropout, EarlyStopping, MLPClassifier, MLPRegressor


def small(kind: Any, **more: Any) -> Any:
    own = {"hidden_layer_sizes": (8, 5), "max_iter": 15, "learning_rate_init": 0.02}
    return kind(**own | {"random_state": 1} | more)


def problem(n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    X = rng.standard_normal((n, 3))
    return X, 40 + 10 * X[:, 0] * X[:, 1] + rng.standard_normal(n)


WORDS = np.array(["low", "middle", "top"])


def labels(y: np.ndarray, n_classes: int) -> np.ndarray:
    return WORDS[np.digitize(y, [38, 42][: n_classes - 1])]


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("remedies", [None, [Dropout(p=[0.7, 0.9], p_input=0.8)]])
def test_coefficients_are_the_classifier(remedies: Any, n_classes: int) -> None:
    X, y = problem()
    ours = small(MLPClassifier, remedies=remedies).fit(X, labels(y, n_classes))
    a = X
    for weights, biases in zip(ours.coefs_[:-1], ours.intercepts_[:-1], strict=True):
        a = np.maximum(a @ weights + biases, 0)
    z = a @ ours.coefs_[-1] + ours.intercepts_[-1]
    p = np.hstack([1 - expit(z), expit(z)]) if n_classes == 2 else softmax(z, axis=1)
    np.testing.assert_allclose(ours.predict_proba(X), p, rtol=1e-12)
    np.testing.assert_allclose(ours.predict_log_proba(X), np.log(p), rtol=1e-12, atol=1e-12)
    assert ours.classes_.tolist() == WORDS[:n_classes].tolist()
    assert (ours.predict(X) == WORDS[p.argmax(axis=1)]).all()
    assert ours.out_activation_ == ("logistic" if n_classes == 2 else "softmax")


@pytest.mark.parametrize("columns", [1, 2])
def test_coefficients_are_the_regressor_in_its_own_units(columns: int) -> None:
    X, y = problem()
    y = y if columns == 1 else np.column_stack([y, 1000 * X[:, 2]])
    ours = small(MLPRegressor, activation="tanh", remedies="dropout").fit(X, y)
    a = X
    for weights, biases in zip(ours.coefs_[:-1], ours.intercepts_[:-1], strict=True):
        a = np.tanh(a @ weights + biases)
    mean = a @ ours.coefs_[-1] + ours.intercepts_[-1]
    np.testing.assert_allclose(ours.predict(X), mean.reshape(y.shape), rtol=1e-10)
    assert ours.n_outputs_ == columns


def test_an_ensemble_has_coefficients_of_each_network() -> None:
    X, y = problem()
    ours = small(MLPRegressor, hidden_layer_sizes=(4,), remedies=Bayes(members=3)).fit(X, y)
    (first, last), (one, two) = ours.coefs_, ours.intercepts_
    assert (first.shape, last.shape, one.shape) == ((3, 3, 4), (3, 4, 1), (3, 4))
    hidden = np.maximum(X @ first + one[:, None], 0)
    means = (hidden @ last + two[:, None])[..., 0]
    np.testing.assert_allclose(ours.predict(X), means.mean(axis=0), rtol=1e-10)


def test_deviation_of_one_network_is_the_residual_of_held_out_rows() -> None:
    X, y = problem()
    ours = small(MLPRegressor).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    mean, sd = ours.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, ours.predict(X))
    np.testing.assert_allclose(sd, np.sqrt(np.mean((y[60:] - mean[60:]) ** 2)), rtol=1e-10)


def test_deviation_of_an_ensemble_holds_their_disagreement() -> None:
    X, y = problem()
    ours = small(MLPRegressor, hidden_layer_sizes=(4,), remedies=Bayes(members=4)).fit(X, y)
    far = np.vstack([X, 6 * X])
    (first, last), (one, two) = ours.coefs_, ours.intercepts_
    means = (np.maximum(far @ first + one[:, None], 0) @ last + two[:, None])[..., 0]
    mean, sd = ours.predict(far, return_std=True)
    noise = np.mean((y - mean[: len(y)]) ** 2)
    np.testing.assert_allclose(sd, np.sqrt(noise + means.var(axis=0)), rtol=1e-10)
    assert sd[len(y) :].mean() > 2 * sd[: len(y)].mean()


def test_validation_curve_is_the_nll_of_given_rows() -> None:
    X, y = problem()
    y = labels(y, 3)
    weights = np.linspace(0.5, 2, 50)
    ours = small(MLPClassifier, max_iter=3).fit(X[:50], y[:50], weights, X[50:], y[50:])
    assert len(ours.validation_curve_) == len(ours.loss_curve_) == 3
    found = log_loss(y[50:], ours.predict_proba(X[50:]), labels=ours.classes_)
    np.testing.assert_allclose(ours.validation_curve_[-1], found, rtol=1e-10)
    assert small(MLPClassifier, max_iter=3).fit(X, y).validation_curve_ is None


def test_early_stopping_restores_the_best_epoch() -> None:
    X, y = problem()
    y = labels(y, 3)
    noise = np.random.default_rng(0).permutation(y[50:])
    ours = small(MLPClassifier, max_iter=200, remedies=EarlyStopping(4))
    ours.fit(X[:50], y[:50], X_val=X[50:], y_val=noise)
    curve = ours.validation_curve_
    assert ours.restored_epoch_ == np.argmin(curve) + 1 == ours.n_iter_ - 4 < 196
    found = log_loss(noise, ours.predict_proba(X[50:]))
    np.testing.assert_allclose(found, min(curve), rtol=1e-10)


def test_early_stopping_sets_rows_aside_that_it_does_not_train_on() -> None:
    X, y = problem()
    own = small(MLPRegressor, remedies="early-stopping", validation_fraction=0.25).fit(X, y)
    assert own.validation_curve_ is not None
    # their extreme targets would show in the mean and scale of the others
    assert own._fitted.model.arrays["target_mean"][0] != y.mean()
    other = clone(own).set_params(random_state=2).fit(X, y)
    assert other.validation_curve_ != own.validation_curve_


@pytest.mark.parametrize(
    "remedies",
    [None, "dropout+l2", EarlyStopping(3), Bayes(members=2), Bayes("laplace"), Bayes("mc-dropout")],
)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_pickled_and_cloned(kind: Any, remedies: Any) -> None:
    X, y = problem()
    y = labels(y, 3) if kind is MLPClassifier else y
    ours = small(kind, remedies=remedies).fit(X, y)
    again = pickle.loads(pickle.dumps(ours))
    answer = "predict_proba" if kind is MLPClassifier else "predict"
    np.testing.assert_array_equal(getattr(again, answer)(X), getattr(ours, answer)(X))
    np.testing.assert_array_equal(
        getattr(clone(ours).fit(X, y), answer)(X), getattr(ours, answer)(X)
    )


def test_random_state() -> None:
    X, y = problem()
    first = [small(MLPRegressor, random_state=state).fit(X, y).loss_ for state in (None, None)]
    assert first[0] != first[1]
    given = np.random.RandomState(3)
    twice = [small(MLPRegressor, random_state=given).fit(X, y).loss_ for _ in range(2)]
    again = small(MLPRegressor, random_state=np.random.RandomState(3)).fit(X, y).loss_
    assert twice[0] == again != twice[1]


def test_precision_is_that_of_the_rows() -> None:
    X, y = problem()
    single = small(MLPRegressor).fit(X.astype(np.float32), y)
    assert single._fitted.model.parameters.dtype == np.float32
    assert small(MLPRegressor).fit(X, y)._fitted.model.parameters.dtype == np.float64
    np.testing.assert_allclose(
        single.predict(X), small(MLPRegressor).fit(X, y).predict(X), rtol=1e-3
    )


def test_a_sampler_warns_when_its_chains_disagree() -> None:
    X, y = problem()
    short = Bayes("hmc", chains=2, warmup=3, samples=5, leapfrog=3)
    ours = small(MLPRegressor, remedies=short)
    with pytest.warns(ConvergenceWarning) as told:
        ours.fit(X, y)
    assert any("raise warmup and samples" in str(warning.message) for warning in told)
    assert ours.n_iter_ == 5
    assert ours.diagnostics_["acceptance"] > 0
    assert ours.predict(X, return_std=True)[1].shape == (80,)


def test_divergence_is_an_error_that_says_what_to_do() -> None:
    X, y = problem()
    with pytest.raises(ValueError, match=r"diverged.*standardise X"):
        small(MLPRegressor, activation="identity", solver="sgd", max_iter=50).fit(1e6 * X, y)


def test_constant_target_is_predicted() -> None:
    X, _ = problem()
    ours = small(MLPRegressor, max_iter=200).fit(X, np.full(80, 7.0))
    np.testing.assert_allclose(ours.predict(X), 7, atol=0.1)


def test_not_fitted() -> None:
    for name in ("coefs_", "intercepts_"):
        assert not hasattr(MLPClassifier(), name)
    with pytest.raises(NotFittedError):
        MLPRegressor().predict([[1.0]])


def test_penalty_counts_the_weights_of_all_rows_alike() -> None:
    """Weights c times as large are the same weights."""
    X, y = problem()
    one, ten = (
        small(MLPRegressor, remedies=L2(0.1)).fit(X, y, np.linspace(c, 3 * c, 80)) for c in (1, 10)
    )
    np.testing.assert_allclose(one.predict(X), ten.predict(X), rtol=1e-9)
