"""Early stopping: which epoch is restored, when it stops, and how members go on voting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracles.assembly import Course, One, Problem, assemble, problem, run, trained

from overfit_cli.core.evaluation import Part
from overfit_cli.core.layout import Array
from overfit_cli.core.metrics import shares
from overfit_cli.core.network import forward, initial_parameters


def stopping(**given: Any) -> dict[str, dict[str, Any]]:
    return {"early-stopping": given}


def worsening() -> Problem:
    """Validation rows whose labels are the opposite of what training rows teach."""
    given = problem((5, 1), "identity", "bernoulli", n_train=30)
    (view,) = given.views
    part = Part(view.train.inputs, 1 - view.train.targets, None, view.train.share)
    return replace(given, views=(replace(view, val=part),))


def scores(records: list[Any], metric: str = "nll") -> list[float]:
    return [record.val[metric] for record in records]


@pytest.mark.parametrize("metric", ["nll", "error", "rmse"])
def test_it_stops_after_patience_epochs_and_restores_the_best(metric: str) -> None:
    likelihood = "gaussian" if metric == "rmse" else "categorical"
    given = problem((5, 11, 3), "tanh", likelihood, n_train=20, n_val=60)
    patiences = [1, 3, 8]
    ones = [
        One(seed, lr=0.2, settings=stopping(patience=patience, stop_metric=metric))
        for seed, patience in enumerate(patiences)
    ]
    result = trained(given, ones, Course(epochs=150))
    for replica, patience in enumerate(patiences):
        values = scores(result.curves[replica], metric)
        best = int(np.argmin(values))
        epochs = int(result.outcome.epochs[replica])
        assert epochs == best + patience < 150
        assert len(values) == epochs + 1
        assert result.outcome.restored[replica] == best > 0
        bits = result.path[best, replica].tobytes()
        assert result.outcome.parameters[replica].tobytes() == bits


def test_epoch_0_can_be_the_best() -> None:
    given = worsening()
    start = initial_parameters(given.network, [(0, 0)], np.dtype(np.float64)) * 0
    ones = [One(settings=stopping(patience=4))]
    result = trained(given, ones, Course(epochs=50), start)
    values = scores(result.curves[0])
    assert values == sorted(values)
    assert (result.outcome.restored[0], result.outcome.epochs[0]) == (0, 4)
    assert np.array_equal(result.outcome.parameters, start)


@pytest.mark.parametrize(("patience", "stop"), [(1, 3), (3, 3), (4, 6), (6, 6), (7, 9), (99, 20)])
def test_patience_counts_epochs_not_evaluations(patience: int, stop: int) -> None:
    ones = [One(settings=stopping(patience=patience))]
    start = np.zeros((1, 6))
    result = trained(worsening(), ones, Course(epochs=20, eval_every=3), start)
    assert result.outcome.epochs[0] == stop
    assert [record.epoch for record in result.curves[0]][-1] == stop
    assert result.outcome.restored[0] == 0


def test_an_improvement_below_min_delta_does_not_count() -> None:
    given = problem((5, 11, 3), "tanh", n_train=20, n_val=60)
    settings = stopping(patience=2, min_delta=1e9)
    result = trained(given, [One(settings=settings)], Course(epochs=30))
    assert (result.outcome.restored[0], result.outcome.epochs[0]) == (0, 2)
    assert scores(result.curves[0])[2] < scores(result.curves[0])[0]


def test_the_best_epoch_is_restored_too_when_the_epochs_run_out() -> None:
    given = problem((5, 11, 3), "tanh", n_train=20, n_val=60)
    result = trained(given, [One(lr=0.3, settings=stopping(patience=500))], Course(epochs=60))
    best = int(np.argmin(scores(result.curves[0])))
    assert 0 < best < 60
    assert result.outcome.restored[0] == best
    assert np.array_equal(result.outcome.parameters[0], result.path[best, 0])


def test_what_is_watched_is_clean_and_from_validation_rows_only() -> None:
    """Dropout's masks and other training targets leave the watched value as it is."""
    given = problem((5, 11, 3), "tanh", n_train=20, n_val=60)
    settings = {**stopping(patience=500), "dropout": {"p": 0.5}}
    result = trained(given, [One(settings=settings)], Course(epochs=12))
    (view,) = given.views
    assert view.val is not None
    for record in result.curves[0][1:]:
        flat = result.path[record.epoch, 0][None].copy()
        # the second layer's inputs are the masked ones
        given.network.layout.weights(flat)[1][...] *= 0.5
        z = forward(given.network, flat, view.val.inputs)[0]
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        nll = -log_p[np.arange(60), view.val.targets].mean()
        assert record.val["nll"] == pytest.approx(nll, rel=1e-12)


def members(patiences: list[int], **settings: dict[str, Any]) -> list[One]:
    """Members of one run on whose epoch 0 nothing improves."""
    return [
        One(
            0, member, lr=0.3, run=0, settings=settings | stopping(patience=patience, min_delta=1e9)
        )
        for member, patience in enumerate(patiences)
    ]


def mean_nll(given: Problem, parameters: list[Array], keep: float) -> float:
    (view,) = given.views
    assert view.val is not None
    flat = np.stack(parameters)
    given.network.layout.weights(flat)[1][...] *= keep
    z = forward(given.network, flat, view.val.inputs)
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    right = p.mean(axis=0)[np.arange(len(view.val)), view.val.targets]
    return float(-np.log(right).mean())


@pytest.mark.parametrize("keep", [1.0, 0.4])
def test_a_stopped_member_keeps_voting_with_its_restored_parameters(keep: float) -> None:
    given = problem((5, 11, 3), "tanh", n_train=20, n_val=60)
    keys = [(0, member) for member in range(3)]
    start = initial_parameters(given.network, keys, np.dtype(np.float64))
    result = trained(given, members([1, 3, 50], dropout={"p": keep}), Course(epochs=6))
    path = result.path | {(0, member): start[member] for member in range(3)}
    assert result.outcome.epochs.tolist() == [1, 3, 6]
    assert result.outcome.restored.tolist() == [0, 0, 0]
    # who votes with what, by epoch
    voters = {
        0: [0, 0, 0],
        1: [1, 1, 1],
        2: [0, 2, 2],
        3: [0, 3, 3],
        4: [0, 0, 4],
        6: [0, 0, 6],
    }
    for epoch, at in voters.items():
        parameters = [path[when, member] for member, when in enumerate(at)]
        own = result.curves[0][epoch].val["nll"]
        assert own == pytest.approx(mean_nll(given, parameters, keep), rel=1e-12)
    assert [record.epoch for record in result.curves[0]] == list(range(7))


def test_a_member_may_watch_rows_of_its_own() -> None:
    given = problem((5, 11, 3), "tanh", n_train=30, n_val=20)
    settings = stopping(patience=100)
    ones = [One(0, member, lr=0.3, run=0, settings=settings) for member in range(2)]
    stack = assemble(given, ones, Course(epochs=25))
    (view,) = given.views
    folds = [view.train.take(np.arange(15)), view.train.take(np.arange(15, 30))]
    np.testing.assert_allclose(folds[0].share, shares(15, None), rtol=1e-14)
    stack.evaluator.held_out = folds
    # member m trains on the other fold
    stack.replicas.rows = np.stack([np.arange(15, 30), np.arange(15)])
    result = run(stack)
    for member, fold in enumerate(folds):
        values = []
        for epoch in range(1, 26):
            z = forward(given.network, result.path[epoch, member][None], fold.inputs)[0]
            log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
            values.append(-log_p[np.arange(15), fold.targets].mean())
        assert result.outcome.restored[member] == 1 + int(np.argmin(values))
