"""How the strength of L2 bends a decision boundary, beside scikit-learn's networks and alpha.

Their gallery shows five strengths on three planes of points: the larger alpha, the smoother the
boundary, the fewer training rows on the right side of it. Alpha is divided by the rows there
(full batches), so that the same penalty is L2(alpha / n) here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logit
from sklearn import neural_network
from sklearn.datasets import make_circles, make_classification, make_moons
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from overfit_cli import L2, MLPClassifier

ALPHAS = np.logspace(-1, 1, 5)
N_ROWS, HIDDEN = 100, (10, 10)


def planes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    X, y = make_classification(
        N_ROWS, 2, n_redundant=0, n_informative=2, n_clusters_per_class=1, random_state=0
    )
    X += 2 * np.random.default_rng(2).uniform(size=X.shape)
    return {
        "moons": make_moons(N_ROWS, noise=0.3, random_state=0),
        "circles": make_circles(N_ROWS, noise=0.2, factor=0.5, random_state=1),
        "line": (X, y),
    }


def grid() -> np.ndarray:
    side = np.linspace(-2.5, 2.5, 40)
    return np.column_stack([axis.ravel() for axis in np.meshgrid(side, side)])


def steepness(network: Any) -> float:
    """The mean length of the gradient of the log odds over the plane."""
    p = np.clip(network.predict_proba(grid())[:, 1], 1e-12, 1 - 1e-12)
    return float(np.hypot(*np.gradient(logit(p).reshape(40, 40))).mean())


def objective(network: Any, X: np.ndarray, y: np.ndarray, alpha: float) -> float:
    squares = sum(float(np.sum(w**2)) for w in network.coefs_)
    return float(log_loss(y, network.predict_proba(X)) + alpha / 2 / N_ROWS * squares)


def ours_of(alpha: float) -> Any:
    return MLPClassifier(
        HIDDEN,
        remedies=L2(alpha / N_ROWS),
        learning_rate="cosine",
        learning_rate_init=0.03,
        max_iter=300,
        random_state=1,
    )


def theirs_of(alpha: float) -> Any:
    return neural_network.MLPClassifier(
        HIDDEN, solver="lbfgs", alpha=alpha, max_iter=5000, random_state=1
    )


@pytest.mark.parametrize(
    ("name", "alphas"),
    [
        ("moons", ALPHAS[::4]),
        *(
            pytest.param(name, ALPHAS, marks=pytest.mark.slow)
            for name in ("moons", "circles", "line")
        ),
    ],
)
def test_larger_alpha_smoother_boundary(name: str, alphas: np.ndarray) -> None:
    X, y = planes()[name]
    X = StandardScaler().fit_transform(X)
    ours, theirs = ([of(alpha).fit(X, y) for alpha in alphas] for of in (ours_of, theirs_of))
    for networks in (ours, theirs):
        slopes = [steepness(one) for one in networks]
        assert slopes == sorted(slopes, reverse=True)
        assert slopes[0] > 5 * slopes[-1]
        assert networks[0].score(X, y) > networks[-1].score(X, y) + 0.03
    fits = [log_loss(y, one.predict_proba(X)) for one in ours]
    assert fits == sorted(fits)
    for alpha, one, other in zip(alphas, ours, theirs, strict=True):
        # both minimise this, by other means, and there is more than one valley
        assert abs(objective(one, X, y, alpha) - objective(other, X, y, alpha)) < 0.06
        if alpha >= 1:
            apart = np.abs(one.predict_proba(grid()) - other.predict_proba(grid()))
            assert apart.mean() < 0.03
