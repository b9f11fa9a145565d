"""scikit-learn's own checks of everything that it asks of an estimator."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from overfit_cli import L1, L2, Bayes, Dropout, EarlyStopping, MaxNorm, MLPClassifier, MLPRegressor

# Small, so that all the checks take seconds.
SMALL: dict[str, Any] = {"hidden_layer_sizes": (16,), "max_iter": 20, "learning_rate_init": 0.05}
EXACT = [L1(1e-5), L2(1e-4), MaxNorm(4)]
RANDOM = ([Dropout(p=0.9), L2(1e-4)], EarlyStopping(5), Bayes(members=2), Bayes("mc-dropout"))
BY_ROWS = "what is drawn for a row, a mask or its part, is drawn anew where the row stands twice"


@parametrize_with_checks([MLPClassifier(**SMALL), MLPRegressor(**SMALL)])
def test_without_a_remedy(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        MLPClassifier(),
        MLPRegressor(),
        MLPClassifier(**SMALL, remedies=EXACT),
        MLPRegressor(**SMALL, remedies=EXACT),
    ]
)
def test_as_it_comes_and_with_remedies(estimator: Any, check: Any) -> None:
    check(estimator)


def drawn_by_row(estimator: Any) -> dict[str, str]:
    del estimator
    return {"check_sample_weight_equivalence_on_dense_data": BY_ROWS}


@pytest.mark.slow
@parametrize_with_checks(
    [
        kind(**{**SMALL, "max_iter": 60}, remedies=remedies)
        for kind in (MLPClassifier, MLPRegressor)
        for remedies in RANDOM
    ],
    expected_failed_checks=drawn_by_row,
)
def test_with_remedies_that_draw(estimator: Any, check: Any) -> None:
    check(estimator)
