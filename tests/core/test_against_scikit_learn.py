"""Identity 10: scikit-learn's networks, given our initial weights and our batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.assembly import LIKELIHOODS, Assembly, Course, One, assemble, problem, run
from sklearn.neural_network import MLPClassifier, MLPRegressor

from overfit_cli.core import optimizers
from overfit_cli.rng import stream

N_ROWS, BATCH, EPOCHS, ALPHA = 30, 10, 7, 0.4
# They add Adam's epsilon before the bias correction, we after it: alike only where it is nothing.
NEGLIGIBLE = 1e-15


def their_network(stack: Assembly, one: One, optimizer: str, regression: bool) -> Any:
    network = stack.descent.network
    kind = MLPRegressor if regression else MLPClassifier
    theirs: Any = kind(
        hidden_layer_sizes=network.layout.sizes[1:-1],
        activation=network.activation,
        solver="adam" if optimizer == "adam" else "sgd",
        alpha=ALPHA,
        batch_size=BATCH,
        learning_rate_init=one.lr,
        momentum=one.momentum,
        nesterovs_momentum=optimizer == "nesterov",
        epsilon=NEGLIGIBLE,
    )
    weights = [w[0].copy() for w in network.layout.weights(stack.replicas.parameters)]
    biases = [b[0, 0].copy() for b in network.layout.biases(stack.replicas.parameters)]
    start = iter(zip(weights, biases, strict=True))
    # they would draw their own
    theirs._init_coef = lambda n_in, n_out, dtype: next(start)
    return theirs


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_same_penalised_loss_curve(
    likelihood: str,
    optimizer: str,
    activation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(optimizers, "EPSILON", NEGLIGIBLE)
    regression = likelihood == "gaussian"
    # they average the squared error over targets, we sum: the same for one
    width = 1 if regression else LIKELIHOODS[likelihood]
    given = problem((5, 7, 4, width), activation, likelihood, n_train=N_ROWS, n_val=0)
    lr = 0.01 if optimizer == "adam" else 0.05
    # they divide alpha by the batch
    one = One(seed=4, lr=lr, momentum=0.8, settings={"l2": {"l2": ALPHA / BATCH}})
    stack = assemble(given, [one], Course(optimizer, BATCH, EPOCHS))
    theirs = their_network(stack, one, optimizer, regression)
    data, (view,) = given.data, given.views
    targets = data.targets[:, 0] if regression else view.train.targets
    order = stream(one.seed, "batch-order", one.member)
    curve = []
    for _ in range(EPOCHS):
        batches = order.permutation(N_ROWS).reshape(-1, BATCH)
        losses = []
        for rows in batches:
            extra = {} if regression else {"classes": np.unique(targets)}
            theirs.partial_fit(data.inputs[rows], targets[rows], **extra)
            losses.append(theirs.loss_)
        curve.append(np.mean(losses))
    ours = run(stack)
    running = [record.running_loss for record in ours.curves[0][1:]]
    np.testing.assert_allclose(running, curve, rtol=1e-9)
    assert curve[-1] < 0.99 * curve[0]
    their_end = np.concatenate([w.ravel() for w in [*theirs.coefs_, *theirs.intercepts_]])
    np.testing.assert_allclose(ours.outcome.parameters[0], their_end, rtol=1e-6, atol=1e-8)
