"""Going on with other layers, targets or rows; what a training that fails leaves behind."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import threadpoolctl

from overfit_cli import Bayes, MLPClassifier, MLPRegressor

RNG = np.random.default_rng(6)
X = RNG.standard_normal((40, 3))
Y = np.arange(40) % 2
ONE, TWO = X[:, 0] - X[:, 1], X[:, :2] ** 2


def small(kind: Any, **more: Any) -> Any:
    own = {"hidden_layer_sizes": (4,), "max_iter": 3, "batch_size": 16, "random_state": 1}
    return kind(**own | more)


def state(estimator: Any) -> dict[str, bytes]:
    return {key: pickle.dumps(value) for key, value in vars(estimator).items()}


@pytest.mark.parametrize("again", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("before", "change", "said"),
    [
        ({}, {"hidden_layer_sizes": (5,)}, r"3-4-1, now 3-5-1.*hidden_layer_sizes"),
        ({}, {"hidden_layer_sizes": (2, 2)}, "3-4-1, now 3-2-2-1"),
        ({}, {"hidden_layer_sizes": ()}, "3-4-1, now 3-1"),
        ({}, {"remedies": Bayes(members=3)}, "1 were trained.*now 3"),
        ({"remedies": Bayes(members=3)}, {"remedies": None}, "3 were trained.*now 1"),
        ({"remedies": Bayes(members=3)}, {"remedies": Bayes(members=2)}, "3 were.*now 2"),
    ],
)
def test_another_network_is_refused(again: str, before: Any, change: Any, said: str) -> None:
    ours = small(MLPClassifier, warm_start=True, **before).fit(X, Y)
    ours.set_params(**change)
    known = state(ours)
    with pytest.raises(ValueError, match=said):
        getattr(ours, again)(X, Y)
    assert state(ours) == known


@pytest.mark.parametrize("again", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (ONE, TWO, "y: 2 targets per row where there were 1"),
        (TWO, ONE, "y: 1 targets per row where there were 2"),
    ],
)
def test_another_number_of_targets_is_refused(
    again: str, first: Any, second: Any, said: str
) -> None:
    ours = small(MLPRegressor, warm_start=True)
    getattr(ours, again)(X, first)
    known = state(ours)
    with pytest.raises(ValueError, match=said):
        getattr(ours, again)(X, second)
    assert state(ours) == known
    assert ours.predict(X).shape == first.shape


@pytest.mark.parametrize(("y", "y_val"), [(ONE, TWO), (TWO, ONE)])
def test_another_number_of_validation_targets_is_refused(y: Any, y_val: Any) -> None:
    with pytest.raises(ValueError, match=r"y_val: \d targets per row"):
        small(MLPRegressor).fit(X, y, X_val=X, y_val=y_val)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_failed_partial_fit_leaves_no_trace(kind: Any, solver: str) -> None:
    """What follows is what would have followed without it, random streams and momentum included."""
    spoilt, spared = (small(kind, solver=solver, learning_rate_init=0.01).fit(X, Y) for _ in "ab")
    known = state(spoilt)
    spoilt.set_params(activation="identity", learning_rate_init=1e300)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="diverged"):
        spoilt.partial_fit(1e100 * X, Y)
    spoilt.set_params(activation="relu", learning_rate_init=0.01)
    assert state(spoilt) == known
    for ours in (spoilt, spared):
        ours.partial_fit(X, Y)
    np.testing.assert_array_equal(spoilt.coefs_[0], spared.coefs_[0])
    assert np.isfinite(spoilt.coefs_[0]).all()


@pytest.mark.parametrize(
    ("kind", "other"),
    [(MLPClassifier, np.array(["p", "q", "r", "s"])[np.arange(40) % 4]), (MLPRegressor, TWO)],
)
def test_a_failed_fit_leaves_the_last_one(kind: Any, other: Any) -> None:
    ours = small(kind).fit(X, Y)
    known, said = state(ours), ours.predict(X)
    ours.set_params(solver="sgd", activation="identity", learning_rate_init=1e200)
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="diverged"):
        ours.fit(1e100 * X[:, :2], other)
    ours.set_params(solver="adam", activation="relu", learning_rate_init=0.001)
    assert state(ours) == known
    np.testing.assert_array_equal(ours.predict(X), said)


def test_a_copy_goes_on_by_itself() -> None:
    ours = small(MLPClassifier).fit(X, Y)
    other = copy.copy(ours)
    ours.partial_fit(X, Y)
    other.partial_fit(X, Y)
    np.testing.assert_array_equal(ours.coefs_[0], other.coefs_[0])


def test_a_pickle_holds_no_rows() -> None:
    many = np.tile(X, (500, 1))
    few, lots = (
        len(pickle.dumps(small(MLPClassifier, max_iter=1).fit(rows, np.arange(len(rows)) % 2)))
        for rows in (X, many)
    )
    assert lots < few + 100


def test_libraries_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = small(MLPClassifier).fit(X, Y)

    def refuse(*_: Any) -> None:
        raise AssertionError("looked for again")

    monkeypatch.setattr(threadpoolctl.ThreadpoolController, "_load_libraries", refuse)
    assert ours.predict(X).shape == (40,)
    assert ours.partial_fit(X, Y).n_iter_ == 4
