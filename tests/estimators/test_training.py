"""What an estimator trains is what the command line trains, and it can go on from there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from overfit_cli import L1, L2, Bayes, Dropout, EarlyStopping, MaxNorm, MLPClassifier, MLPRegressor
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.train import finish, train

REMEDIES = {
    "none": None,
    "dropout+max-norm": [Dropout(p=0.8), MaxNorm(1.5)],
    "l1+l2": [L1(1e-3), L2(1e-2)],
    "bayes": Bayes(members=2),
}


def small(kind: Any, **more: Any) -> Any:
    return kind(
        **{"hidden_layer_sizes": (6,), "batch_size": 16, "max_iter": 4, "random_state": 2} | more
    )


def problem(n: int = 60, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((n, 3))
    return X, np.argmax(X[:, :n_classes] + rng.standard_normal((n, n_classes)), axis=1)


def parameters(estimator: Any) -> np.ndarray:
    return np.concatenate([a.ravel() for a in [*estimator.coefs_, *estimator.intercepts_]])


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(
    ("method", "remedies", "options"),
    [
        ("none", None, {}),
        ("dropout+l2", [Dropout(p=0.7), L2(0.01)], {"p": 0.7, "l2": 0.01}),
        ("early-stopping", EarlyStopping(2), {"patience": 2}),
        ("bayes", Bayes(members=2), {"inference": "ensemble", "members": 2}),
    ],
)
def test_bit_for_bit_the_run_of_the_command_line(
    kind: Any, method: str, remedies: Any, options: dict[str, Any]
) -> None:
    """Fed the same prepared rows and seed, it has the run's parameters and curves."""
    dataset = "iris" if kind is MLPClassifier else "diabetes"
    training = {"hidden": (6,), "lr": 0.02, "optimizer": "sgd", "batch_size": 16, "epochs": 8}
    asked = parse_options({"dataset": dataset, "method": method, "seed": 3} | training | options)
    specs, (data,) = ready(specs_of(asked))
    (run,) = finish(train(specs, [data]))
    ours = small(kind, remedies=remedies, solver="sgd", learning_rate_init=0.02, max_iter=8)
    ours.set_params(random_state=3)
    target = "targets" if kind is MLPClassifier else "own"
    rows = [getattr(data.train, target), getattr(data.val, target)]
    if kind is MLPRegressor:
        rows = [values[:, 0] for values in rows]
    ours.fit(data.train.inputs, rows[0], X_val=data.val.inputs, y_val=rows[1])
    assert run.model is not None
    np.testing.assert_array_equal(ours._fitted.model.parameters, run.model.parameters)
    assert ours.loss_curve_ == [record.running_loss for record in run.curves[1:]]
    assert ours.validation_curve_ == [record.val["nll"] for record in run.curves[1:]]
    assert (ours.n_iter_, ours.restored_epoch_) == (run.epochs_run, run.restored_epoch)
    answers = ours.predict_proba if kind is MLPClassifier else ours.predict
    assert run.predictions is not None
    outputs = run.predictions.outputs
    expected = outputs if kind is MLPClassifier else outputs[:, 0]
    np.testing.assert_allclose(answers(data.test.inputs), expected, rtol=1e-6)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("remedies", REMEDIES.values(), ids=REMEDIES)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_going_on_is_training_at_once(kind: Any, remedies: Any, solver: str) -> None:
    X, y = problem()
    whole = small(kind, remedies=remedies, solver=solver).fit(X, y)
    parts = clone(whole)
    classes = {"classes": np.unique(y)} if kind is MLPClassifier else {}
    for _ in range(whole.max_iter):
        parts.partial_fit(X, y, **classes)
    warm = clone(whole).set_params(warm_start=True, max_iter=1).fit(X, y)
    warm.set_params(max_iter=whole.max_iter - 1).fit(X, y)
    for other in (parts, warm):
        np.testing.assert_array_equal(parameters(other), parameters(whole))
        assert other.loss_curve_ == whole.loss_curve_
        assert other.n_iter_ == whole.n_iter_ == 4
    assert len(set(whole.loss_curve_)) == 4


def test_a_decaying_rate_goes_on_too() -> None:
    X, y = problem()
    whole = small(MLPClassifier, learning_rate="exponential:3").fit(X, y)
    warm = small(MLPClassifier, learning_rate="exponential:3", warm_start=True, max_iter=2)
    np.testing.assert_array_equal(parameters(warm.fit(X, y).fit(X, y)), parameters(whole))
    constant = small(MLPClassifier).fit(X, y)
    assert not np.array_equal(parameters(constant), parameters(whole))


def test_fit_begins_anew() -> None:
    X, y = problem()
    once = small(MLPClassifier).fit(X, y)
    before = parameters(once)
    np.testing.assert_array_equal(parameters(once.fit(X, y)), before)
    assert once.n_iter_ == len(once.loss_curve_) == 4


def test_partial_fit_changes_rate_solver_and_rows() -> None:
    X, y = problem()
    ours = small(MLPClassifier).fit(X, y)
    ours.set_params(learning_rate_init=1e-12, solver="sgd")
    before = parameters(ours)
    ours.partial_fit(X[:5].astype(np.float32), y[:5])
    np.testing.assert_allclose(parameters(ours), before, atol=1e-9)
    assert not np.array_equal(parameters(ours), before)


@pytest.mark.parametrize("remedies", [EarlyStopping(), Bayes("laplace"), Bayes("swag")])
def test_what_has_an_end_of_its_own_does_not_go_on(remedies: Any) -> None:
    X, y = problem()
    assert not hasattr(small(MLPClassifier, remedies=remedies), "partial_fit")
    assert not hasattr(small(MLPRegressor, remedies=remedies), "partial_fit")
    fitted = small(MLPClassifier, remedies=remedies, warm_start=True, max_iter=30).fit(X, y)
    with pytest.raises(ValueError, match="end of its own"):
        fitted.fit(X, y)
    with pytest.raises(ValueError, match="end of its own"):
        fitted.set_params(remedies=None).fit(X, y)
    with pytest.raises(ValueError, match="end of its own"):
        fitted.partial_fit(X, y)
    begun = small(MLPClassifier, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="end of its own"):
        begun.set_params(remedies=remedies).fit(X, y)


def test_first_call_of_partial_fit_names_the_classes() -> None:
    X, y = problem()
    with pytest.raises(ValueError, match="classes must be passed"):
        small(MLPClassifier).partial_fit(X, y)
    known = small(MLPClassifier).partial_fit(X[:4], y[:4], classes=[0, 1, 2, 7])
    assert known.predict_proba(X).shape == (60, 4)
    with pytest.raises(ValueError, match="not those of the first call"):
        known.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="5 is not among the classes"):
        known.partial_fit(X, np.full(60, 5))


def test_what_failed_for_a_reason_says_it() -> None:
    X, y = problem(n_classes=2)
    wild = Bayes("laplace", prior_sd=1e9, layers="all", curvature="full")
    with pytest.raises(ValueError, match=r"singular.*smaller prior_sd"):
        small(MLPClassifier, remedies=wild).fit(X, y)


def test_coefficients_are_of_the_networks_that_vote() -> None:
    X, y = problem()
    fitted = small(MLPClassifier, remedies=Bayes("laplace", draws=7, rounds=3)).fit(X, y)
    assert fitted.coefs_[0].shape == (7, 3, 6)
