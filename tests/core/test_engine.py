"""The loop: which epochs are recorded, what a record holds, and what training may not touch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracles import loop_network
from oracles.assembly import LIKELIHOODS, Course, One, assemble, problem, run, trained

from overfit_cli.core.answers import regress
from overfit_cli.core.engine import train
from overfit_cli.core.layout import Array
from overfit_cli.core.network import forward
from overfit_cli.core.replicas import Replicas
from overfit_cli.records import Axis
from overfit_cli.rng import stream


@pytest.mark.parametrize(
    ("epochs", "every", "seen"),
    [(4, 1, [0, 1, 2, 3, 4]), (7, 3, [0, 3, 6, 7]), (6, 3, [0, 3, 6]), (2, 9, [0, 2]), (0, 1, [0])],
)
def test_epoch_0_every_so_many_and_the_last_are_recorded(
    epochs: int, every: int, seen: list[int]
) -> None:
    result = trained(problem(), [One(), One(1)], Course(epochs=epochs, eval_every=every))
    for replica in range(2):
        assert [record.epoch for record in result.curves[replica]] == seen
    assert result.outcome.epochs.tolist() == [epochs, epochs]
    assert result.outcome.restored.tolist() == [-1, -1]


def test_evaluating_seldom_changes_nothing_else() -> None:
    given = problem(n_train=30)
    often = trained(given, [One()], Course(epochs=6))
    seldom = trained(given, [One()], Course(epochs=6, eval_every=3))
    assert np.array_equal(often.outcome.parameters, seldom.outcome.parameters)
    by_epoch = {record.epoch: record for record in often.curves[0]}
    for record in seldom.curves[0][1:]:
        assert record.train == by_epoch[record.epoch].train
        assert record.val == by_epoch[record.epoch].val
        since = [by_epoch[record.epoch - back].running_loss for back in range(3)]
        assert record.running_loss == pytest.approx(np.mean(since), rel=1e-13)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_one_epoch_by_hand(likelihood: str) -> None:
    """Order, minibatches, weights, L2, momentum: everything a loop over examples does as well."""
    sizes = (5, 7, LIKELIHOODS[likelihood])
    given = problem(sizes, "tanh", likelihood, n_train=29, weighted=True)
    one = One(seed=3, member=2, lr=0.2, momentum=0.7, settings={"l2": {"l2": 0.05}})
    stack = assemble(given, [one], Course(batch_size=13, epochs=1))
    w = stack.replicas.parameters[0].copy()
    n_weights = given.network.layout.n_weights
    decay = np.where(np.arange(len(w)) < n_weights, 0.05, 0)
    order, velocity, total = stream(3, "batch-order", 2).permutation(29), np.zeros_like(w), 0.0
    data = given.data
    assert data.weights is not None
    for rows in (order[:13], order[13:26], order[26:]):
        nll, slope = loop_network.loss_and_gradient(
            sizes, "tanh", likelihood, w, data.inputs[rows], data.targets[rows], data.weights[rows]
        )
        total += len(rows) * (nll + (decay * w**2).sum() / 2)
        velocity = 0.7 * velocity + np.array(slope) + decay * w
        w = w - 0.2 * velocity
    result = run(stack)
    np.testing.assert_allclose(result.outcome.parameters[0], w, rtol=1e-10, atol=1e-13)
    assert result.curves[0][1].running_loss == pytest.approx(total / 29, rel=1e-12)
    assert np.isnan(result.curves[0][0].running_loss)


def test_l1_is_part_of_the_running_objective() -> None:
    given = problem((5, 7, 3), n_train=20)
    plain = trained(given, [One(lr=1e-12)], Course(batch_size=20, epochs=1))
    one = One(lr=1e-12, settings={"l1": {"l1": 0.3}})
    penalised = trained(given, [one], Course(batch_size=20, epochs=1))
    weights = assemble(given, [One()]).replicas.parameters[0]
    added = penalised.curves[0][1].running_loss - plain.curves[0][1].running_loss
    assert added == pytest.approx(0.3 * np.abs(weights).sum(), rel=1e-9)


@pytest.mark.parametrize("n_val", [0, 17])
@pytest.mark.parametrize("weighted", [False, True])
def test_regression_noise_comes_from_validation_rows_if_there_are_any(
    n_val: int, weighted: bool
) -> None:
    given = problem((5, 7, 2), "tanh", "gaussian", n_val=n_val, weighted=weighted)
    result = trained(given, [One()], Course(epochs=2))
    (view,) = given.views
    source = view.val if view.val is not None else view.train
    flat = result.path[2, 0][None]
    residuals = forward(given.network, flat, source.inputs)[0] - source.standardised
    noise = (source.share[:, None] * residuals**2).sum(axis=0)
    outputs = forward(given.network, flat, view.train.inputs)
    answer = regress(outputs, noise[None], view.units, view.train.targets)
    assert answer.log_density is not None
    nll = -(view.train.share * answer.log_density[0]).sum()
    assert result.curves[0][2].train["nll"] == pytest.approx(nll, rel=1e-12)
    assert (result.curves[0][2].val == {}) == (n_val == 0)


def test_training_does_not_silence_the_callers_warnings() -> None:
    stack = assemble(problem(), [One(lr=1e300)], Course(epochs=5))
    steps = train(stack.replicas, stack.hooks, stack.descent, stack.evaluator, 5)
    before = np.geterr()
    for _ in steps:
        assert np.geterr() == before
    assert np.geterr() == before


def test_data_and_hyperparameters_are_left_as_they_were() -> None:
    given = problem((5, 7, 3), weighted=True)
    settings = {"dropout": {"p": 0.5}, "l2": {}, "max-norm": {"max_norm": 0.5}}
    stack = assemble(given, [One(settings=settings)])
    arrays = [given.data.inputs, given.data.targets, *stack.replicas.hyper.values()]
    before = [array.copy() for array in arrays]
    run(stack)
    for array, earlier in zip(arrays, before, strict=True):
        assert np.array_equal(array, earlier)


class Chains:
    """A sampler in outline: two chains a run, each draw adds 1 to every parameter."""

    axis: Axis = "draw"
    warmup = 2

    def __init__(self, bad: int | None = None, bad_epoch: int = 1):
        self.bad, self.bad_epoch = bad, bad_epoch

    def init(self, replicas: Replicas) -> None:
        replicas.state["step"] = np.ones(len(replicas))

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        replicas.parameters += 1e-3
        if epoch == self.bad_epoch:
            replicas.parameters[replicas.ids == self.bad] = np.nan
        return np.full(len(replicas), np.nan)

    def noise_variance(self, replicas: Replicas) -> Array | None:
        return None


def sampled(stepper: Chains, eval_every: int = 1) -> tuple[Any, dict[int, list[Any]]]:
    given = problem((5, 7, 3))
    stack = assemble(given, [One(0, member, run=member // 2) for member in range(4)])
    curves: dict[int, list[Any]] = {}
    steps = train(stack.replicas, stack.hooks, stepper, stack.evaluator, 5, eval_every)
    while True:
        try:
            _, records = next(steps)
        except StopIteration as end:
            return end.value, curves
        for number, record in records:
            curves.setdefault(number, []).append(record)


def test_a_samplers_curve_is_the_running_average_over_its_draws_after_warm_up() -> None:
    outcome, curves = sampled(Chains())
    given = problem((5, 7, 3))
    (view,) = given.views
    assert [record.epoch for record in curves[0]] == [1, 2, 3]
    assert len(outcome.draws) == 3
    assert outcome.state["step"].tolist() == [1] * 4
    for count in (1, 2, 3):
        draws = np.concatenate([draw[:2] for draw in outcome.draws[:count]])
        z = forward(given.network, draws, view.train.inputs)
        p = (np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)).mean(axis=0)
        nll = -np.log(p[np.arange(29), view.train.targets]).mean()
        assert curves[0][count - 1].train["nll"] == pytest.approx(nll, rel=1e-12)


def test_a_sampler_averages_every_draw_however_rarely_it_reports() -> None:
    outcome, curves = sampled(Chains(), eval_every=2)
    _, every = sampled(Chains())
    assert len(outcome.draws) == 3
    assert repr(curves[0]) == repr(every[0][1:])


@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_a_chain_that_is_lost_ends_its_run_and_no_other(epoch: int) -> None:
    outcome, curves = sampled(Chains(bad=1, bad_epoch=epoch))
    _, healthy = sampled(Chains())
    assert outcome.diverged.tolist() == [False, True, False, False]
    counted = max(0, epoch - 2)  # warm-up is not counted
    assert outcome.epochs.tolist() == [counted, counted, 3, 3]
    assert repr(curves[1]) == repr(healthy[1])
    assert [np.isnan(record.train["nll"]) for record in curves[0]][-1]
    assert sum(np.isnan(record.train["nll"]) for record in curves[0]) == 1


def test_ensembles_average_probabilities_with_equal_votes() -> None:
    given = problem((5, 7, 3))
    ones = [One(0, member, run=0) for member in range(3)]
    result = trained(given, ones, Course(epochs=2))
    (view,) = given.views
    assert view.val is not None
    z = forward(given.network, result.outcome.parameters, view.val.inputs)
    p = (np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)).mean(axis=0)
    nll = -np.log(p[np.arange(17), view.val.targets]).mean()
    assert result.curves[0][-1].val["nll"] == pytest.approx(nll, rel=1e-12)
    single = trained(given, [replace(ones[1], run=None)], Course(epochs=2))
    assert np.array_equal(single.outcome.parameters[0], result.outcome.parameters[1])
