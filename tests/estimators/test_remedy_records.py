"""The records of remedies are the registry's, and what is wrong is told in an estimator's words."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import overfit_cli
from overfit_cli import L2, Bayes, Dropout, EarlyStopping, MaxNorm, MLPClassifier, MLPRegressor
from overfit_cli.estimators.remedies import KINDS, listed, method_of, settings_of
from overfit_cli.remedies import REGISTRY

X, Y = np.random.default_rng(0).standard_normal((30, 2)), np.arange(30) % 2


def test_there_is_one_for_every_remedy() -> None:
    assert set(KINDS) == set(REGISTRY) - {"none"}
    assert {kind.__name__ for kind in KINDS.values()} <= set(overfit_cli.__all__)
    assert set(overfit_cli.__all__) <= set(dir(overfit_cli))


@pytest.mark.parametrize("name", KINDS)
def test_options_and_defaults_are_the_registrys(name: str) -> None:
    own = {field.name: field.default for field in fields(KINDS[name])}
    options = {option.name: option.default for option in REGISTRY[name].options}
    assert set(own) == set(options)
    for key, default in own.items():
        assert default in (options[key], None if name == "bayes" else options[key])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ("none", ()),
        ([], ()),
        ("dropout + l2", (Dropout(), L2())),
        (MaxNorm(2), (MaxNorm(2),)),
        (["dropout", L2(0.1), "max-norm"], (Dropout(), L2(0.1), MaxNorm())),
        (("dropout", L2(0.1)), (Dropout(), L2(0.1))),
    ],
)
def test_ways_to_write_them(given: Any, expected: Any) -> None:
    assert listed(given) == expected
    assert method_of(expected) == ("+".join(one.method for one in expected) or "none")


def test_none_is_the_default_of_an_inference() -> None:
    assert settings_of([Bayes(members=3)]) == {"inference": "ensemble", "members": 3}
    assert repr(Bayes("hmc", chains=2)) == "Bayes(inference='hmc', chains=2)"


def test_nested_parameters() -> None:
    ours = MLPClassifier(remedies=["dropout", MaxNorm(2)])
    assert ours.get_params()["dropout__p"] == 0.5
    assert ours.get_params()["max_norm__max_norm"] == 2
    assert "dropout__p" not in ours.get_params(deep=False)
    ours.set_params(dropout__p=0.8, max_norm__max_norm=4, max_iter=3)
    assert ours.remedies == [Dropout(p=0.8), MaxNorm(4)]
    assert ours.set_params(remedies="early-stopping", early_stopping__patience=3).remedies == [
        EarlyStopping(patience=3)
    ]
    with pytest.raises(ValueError, match="Invalid parameter 'l2__l2'"):
        ours.set_params(l2__l2=1)
    assert MLPClassifier(remedies=3).get_params()["remedies"] == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"remedies": "drop-out"}, "Did you mean 'dropout'"),
        ({"remedies": 3}, "Dropout"),
        ({"remedies": iter([L2()])}, r"remedies: .*iterator.* is none; write"),
        ({"remedies": {"l2": 10.0}}, r"remedies: \{'l2': 10.0\} is none; write"),
        ({"remedies": {"l2"}}, r"remedies: \{'l2'\} is none; write"),
        ({"remedies": [L2]}, "remedies: .*L2.* is none; write"),
        ({"remedies": [L2(), "l2"]}, "'l2' is given twice"),
        ({"remedies": Dropout(p=1.5)}, "^p: '1.5' is not a number from"),
        ({"remedies": Dropout(p=[0.5, 0.5])}, "2 values for 1 hidden layer"),
        ({"remedies": Dropout(mc_samples=9)}, "^mc_samples belongs to average mc"),
        ({"remedies": MaxNorm(-1)}, "max_norm"),
        ({"remedies": Bayes("ensembel")}, "Did you mean 'ensemble'"),
        ({"remedies": Bayes("hmc", members=3)}, "members belongs to inference ensemble"),
        ({"remedies": [Bayes("hmc"), L2()]}, "cannot be combined with 'l2'"),
        ({"remedies": Dropout(), "hidden_layer_sizes": ()}, "p_input is 1"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes"),
        ({"activation": "swish"}, "activation"),
        ({"solver": "lbfgs"}, "solver.*sgd"),
        ({"learning_rate": "adaptive"}, "schedule 'adaptive'"),
        ({"learning_rate_init": 0}, "learning_rate_init: must be greater than 0"),
        ({"momentum": 1}, "momentum"),
        ({"max_iter": 0}, "max_iter: must be greater"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": "some"}, "batch_size"),
        ({"remedies": EarlyStopping(stop_metric="rmse")}, "stop_metric rmse.*nll or error"),
    ],
)
def test_bad_parameters_are_told_by_fit(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as told:
        MLPClassifier(**given).fit(X, Y)
    assert "--" not in str(told.value)


def test_numbers_may_be_numpys() -> None:
    given = {"hidden_layer_sizes": np.array([3, 2]), "max_iter": np.int64(2)}
    rate = np.float32(0.01)
    ours = MLPClassifier(**given, learning_rate_init=rate, remedies=Dropout(p=np.float64(0.5)))
    assert ours.fit(X, Y).n_layers_ == 4
    assert MLPClassifier(hidden_layer_sizes=5, max_iter=1).fit(X, Y).n_layers_ == 3
    assert MLPClassifier(hidden_layer_sizes=(), max_iter=1).fit(X, Y).n_layers_ == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y": np.zeros(30)}, "one class only"),
        ({"sample_weight": np.zeros(30)}, "weight"),
        ({"sample_weight": -np.ones(30)}, "[Nn]egative"),
        ({"X_val": X}, "give both or neither"),
        ({"X_val": X, "y_val": Y + 1}, "y_val: 2 is not among the classes"),
        ({"X_val": X[:, :1], "y_val": Y}, "1 features"),
    ],
)
def test_bad_data_are_told_by_fit(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MLPClassifier(max_iter=1).fit(**{"X": X, "y": Y} | change)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("share", ["a", None, [0.1], True, 0, 1, 0.999, float("nan")])
def test_shares_that_are_none(kind: Any, share: Any) -> None:
    with pytest.raises(ValueError, match=r"^validation_fraction: "):
        kind(remedies=EarlyStopping(), validation_fraction=share).fit(X, Y)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([1], "y holds one class|n_samples = 1"),
        ([0, 1], "y: 1 row of class 0: EarlyStopping"),
        ([0, 1, 3], "y: 1 row of class 0"),
    ],
)
def test_too_few_rows_to_set_some_aside(rows: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MLPClassifier(remedies=EarlyStopping()).fit(X[rows], Y[rows])


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_all_weight_in_one_row(kind: Any) -> None:
    """It is set aside or it is not, and the other part has no weight at all."""
    weights, told = np.eye(30)[4], set()
    for seed in range(20):
        ours = kind(remedies=EarlyStopping(), validation_fraction=0.5, random_state=seed)
        with pytest.raises(ValueError, match=r"^sample_weight: all of the rows") as error:
            ours.fit(X, Y, weights)
        told.add(str(error.value))
    whose = ("to train on", "set aside by EarlyStopping")
    assert told == {f"sample_weight: all of the rows {part} are 0." for part in whose}


@pytest.mark.parametrize("factor", [1e-300, 1e-50, 1e50, 1e300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_only_ratios_of_weights_count(kind: Any, dtype: Any, factor: float) -> None:
    weights = np.repeat([1.0, 2.0, 4.0], 10)
    one, other = (
        kind((3,), max_iter=2, random_state=0).fit(X.astype(dtype), Y, own)
        for own in (weights, factor * weights)
    )
    np.testing.assert_allclose(other.coefs_[0], one.coefs_[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (np.full(30, -1e250), r"y: numbers such as 1e\+250 are too large"),
        (1e300 * X[:, 0], "y: numbers such as .*e.300 are too large; rescale"),
        (1e-200 * X[:, 0], "y: numbers differ by too little for a variance; rescale"),
        (np.column_stack([X[:, 0], 1e-200 * X[:, 1]]), "y: numbers differ by too little"),
    ],
)
@pytest.mark.parametrize("weights", [None, np.linspace(0, 1, 30)])
def test_targets_without_a_variance(targets: np.ndarray, said: str, weights: Any) -> None:
    for call in (MLPRegressor().fit, MLPRegressor().partial_fit):
        with pytest.raises(ValueError, match=said):
            call(X, targets, sample_weight=weights)


@pytest.mark.parametrize("value", [0.1, 1e-200, -1e150])
def test_a_constant_target_has_no_scale(value: float) -> None:
    ours = MLPRegressor((3,), max_iter=1).fit(X, np.full(30, value))
    arrays = ours._fitted.model.arrays
    assert (arrays["target_mean"].tolist(), arrays["target_scale"].tolist()) == ([value], [1])


def test_sparse_rows_are_refused() -> None:
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        MLPClassifier().fit(sparse.csr_array(X), Y)
    assert not MLPClassifier().__sklearn_tags__().input_tags.sparse
