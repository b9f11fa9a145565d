"""The estimators beside sklearn.neural_network: same weights, same batches, same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import neural_network

from overfit_cli import L2, MLPClassifier, MLPRegressor
from overfit_cli.core import optimizers
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, initial_parameters
from overfit_cli.rng import stream

N_ROWS, N_INPUTS, BATCH, EPOCHS, SEED, ALPHA, MOMENTUM = 35, 5, 7, 3, 3, 0.4, 0.8
HIDDEN = (7, 3)
KINDS = {
    "bernoulli": (MLPClassifier, neural_network.MLPClassifier, 2),
    "categorical": (MLPClassifier, neural_network.MLPClassifier, 4),
    "gaussian": (MLPRegressor, neural_network.MLPRegressor, 1),
}
ACTIVATIONS = [
    "relu",
    "tanh",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("logistic", "identity")),
]
RATES = {"sgd": 0.05, "nesterov": 0.05, "adam": 0.01}
# They add Adam's epsilon before the bias correction, we after it: alike only where it is nothing.
NEGLIGIBLE = 1e-15


def rows(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    X = rng.standard_normal((N_ROWS, N_INPUTS))
    if kind != "gaussian":
        return X, np.arange(N_ROWS) % KINDS[kind][2]
    y = X[:, 0] - X[:, 1] ** 2 + rng.standard_normal(N_ROWS)
    # ours standardises targets, theirs does not: nothing left to standardise
    return X, (y - y.mean()) / y.std()


def initial(kind: str, activation: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Our initial weights and biases, which theirs will be given."""
    outputs = 4 if kind == "categorical" else 1
    layout = Layout((N_INPUTS, *HIDDEN, outputs))
    flat = initial_parameters(Network(layout, activation, kind), [(SEED, 0)], np.dtype(float))
    return [w[0].copy() for w in layout.weights(flat)], [b[0, 0] for b in layout.biases(flat)]


def theirs_of(kind: str, activation: str, solver: str) -> Any:
    network = KINDS[kind][1](
        hidden_layer_sizes=HIDDEN,
        activation=activation,
        solver="adam" if solver == "adam" else "sgd",
        alpha=ALPHA,
        batch_size=BATCH,
        learning_rate_init=RATES[solver],
        momentum=MOMENTUM,
        nesterovs_momentum=solver == "nesterov",
        epsilon=NEGLIGIBLE,
    )
    start = iter(zip(*initial(kind, activation), strict=True))
    network._init_coef = lambda n_in, n_out, dtype: next(start)
    return network


def trained_theirs(network: Any, X: np.ndarray, y: np.ndarray, epochs: int) -> list[float]:
    """Feed our batches; return the mean loss of each epoch."""
    order, curve = stream(SEED, "batch-order"), []
    extra = {} if isinstance(network, neural_network.MLPRegressor) else {"classes": np.unique(y)}
    for _ in range(epochs):
        losses = []
        for batch in order.permutation(N_ROWS).reshape(-1, BATCH):
            network.partial_fit(X[batch], y[batch], **extra)
            losses.append(network.loss_)
        curve.append(float(np.mean(losses)))
    return curve


def ours_of(kind: str, activation: str, solver: str, epochs: int) -> Any:
    return KINDS[kind][0](
        hidden_layer_sizes=HIDDEN,
        activation=activation,
        solver=solver,
        # they divide alpha by the batch
        remedies=L2(ALPHA / BATCH),
        batch_size=BATCH,
        learning_rate_init=RATES[solver],
        momentum=MOMENTUM,
        max_iter=epochs,
        random_state=SEED,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("solver", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("kind", KINDS)
def test_losses_parameters_and_predictions(
    kind: str, solver: str, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizers, "EPSILON", NEGLIGIBLE)
    monkeypatch.setenv("OVERFIT_KERNELS", "numpy")
    X, y = rows(kind)
    ours, theirs = ours_of(kind, activation, solver, EPOCHS), theirs_of(kind, activation, solver)
    ours.fit(X, y)
    curve = trained_theirs(theirs, X, y, EPOCHS)
    np.testing.assert_allclose(ours.loss_curve_, curve, rtol=1e-6)
    assert curve[-1] < 0.99 * curve[0]
    for own, other in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
    ):
        np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-8)
    fresh = np.random.default_rng(5).standard_normal((50, N_INPUTS))
    answer = "predict" if kind == "gaussian" else "predict_proba"
    np.testing.assert_allclose(
        getattr(ours, answer)(fresh), getattr(theirs, answer)(fresh), rtol=1e-6
    )
    assert ours.n_layers_ == theirs.n_layers_
    assert ours.n_outputs_ == theirs.n_outputs_
    assert ours.out_activation_ == theirs.out_activation_


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind: str, activation: str) -> None:
    """A step of plain descent on all rows is the gradient, which their backpropagation tells."""
    X, y = rows(kind)
    weights, biases = initial(kind, activation)
    ours = ours_of(kind, activation, "sgd", 1).set_params(batch_size=N_ROWS, momentum=0.0)
    ours.set_params(remedies=L2(ALPHA / N_ROWS)).fit(X, y)
    stepped = [
        (before - after) / RATES["sgd"]
        for before, after in zip(
            [*weights, *biases], [*ours.coefs_, *ours.intercepts_], strict=True
        )
    ]
    for own, other in zip(stepped, their_gradients(kind, activation, X, y), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-9)


def their_gradients(kind: str, activation: str, X: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """What their backpropagation returns at the initial weights."""
    network = theirs_of(kind, activation, "sgd").set_params(batch_size=N_ROWS)
    found: list[np.ndarray] = []
    backprop = network._backprop

    def listening(*given: Any) -> Any:
        loss, weights, biases = backprop(*given)
        found.extend(np.copy(gradient) for gradient in (*weights, *biases))
        return loss, weights, biases

    network._backprop = listening
    network.partial_fit(X, y, **({} if kind == "gaussian" else {"classes": np.unique(y)}))
    return found
