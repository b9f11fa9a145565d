"""Row 9: a replica whose loss is no longer finite leaves; its neighbours do not notice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracles.assembly import LIKELIHOODS, Course, One, problem, trained

COMPANY: dict[str, dict[str, dict[str, Any]]] = {
    "none": {},
    "dropout per minibatch": {"dropout": {"p": 0.5, "scope": "minibatch"}},
    "l1+l2+max-norm": {"l1": {"l1": 1e-3}, "l2": {"l2": 1e-2}, "max-norm": {"max_norm": 2.0}},
    "early stopping": {"early-stopping": {"patience": 3}},
}


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("method", COMPANY)
def test_row_9_neighbours_of_a_diverged_replica_are_bit_identical_without_it(
    method: str, likelihood: str, dtype: Any, optimizer: str
) -> None:
    given = problem((5, 11, LIKELIHOODS[likelihood]), "relu", likelihood, dtype=dtype)
    ones = [One(seed, settings=COMPANY[method]) for seed in range(5)]
    huge = 1e30 if dtype == np.float32 else 1e300
    sick = [replace(one, lr=huge) if one.seed in (1, 3) else one for one in ones]
    course = Course(optimizer, epochs=6)
    result = trained(given, sick, course)
    without = trained(given, [ones[r] for r in (0, 2, 4)], course)
    for place, replica in enumerate((0, 2, 4)):
        assert result.digest(replica) == without.digest(place)
        assert not result.outcome.diverged[replica]
    if method != "l1+l2+max-norm":
        # (max-norm brings even such weights back to a finite length)
        assert result.outcome.diverged.tolist() == [False, True, False, True, False]
    for lost in np.flatnonzero(result.outcome.diverged):
        own = result.curves[int(lost)]
        assert own[-1].epoch == result.outcome.epochs[lost]
        assert np.isnan(list(own[-1].train.values()) + list(own[-1].val.values())).all()
        assert all(np.isfinite(list(record.train.values())).all() for record in own[:-1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_replica_that_starts_with_a_bad_number_diverges_at_epoch_1(value: float) -> None:
    given = problem((5, 11, 3), "tanh")
    start = np.random.default_rng(0).normal(size=(3, given.network.layout.n_parameters))
    bad = start.copy()
    bad[1, 7] = value
    ones = [One(seed) for seed in range(3)]
    result, without = trained(given, ones, None, bad), trained(given, ones[::2], None, start[::2])
    assert result.outcome.diverged.tolist() == [False, True, False]
    assert result.outcome.epochs.tolist() == [3, 1, 3]
    assert result.digest(0) == without.digest(0)
    assert result.digest(2) == without.digest(1)


def test_when_all_diverge_training_ends() -> None:
    given = problem((5, 11, 3), "relu")
    result = trained(given, [One(seed, lr=1e300) for seed in range(2)], Course(epochs=50))
    assert result.outcome.diverged.all()
    assert result.outcome.epochs.max() < 50


def test_a_diverged_replica_keeps_its_best_epoch_if_it_has_a_stop_rule() -> None:
    given = problem((5, 11, 3), "relu")
    settings = {"early-stopping": {"patience": 30}}
    result = trained(given, [One(lr=1e300, settings=settings)], Course(epochs=9))
    assert result.outcome.diverged.all()
    assert np.isfinite(result.outcome.parameters).all()


def test_a_run_with_a_diverged_member_says_so_once_and_is_over() -> None:
    given = problem((5, 11, 3), "relu")
    ones = [One(0, member, lr=lr, run=0) for member, lr in enumerate([0.1, 1e300, 0.1])]
    ones += [One(1, member, run=1) for member in range(3)]
    course = Course(epochs=5)
    result = trained(given, ones, course)
    nans = [np.isnan(record.train["nll"]) for record in result.curves[0]]
    assert nans == [False] * (len(nans) - 1) + [True]
    assert [record.epoch for record in result.curves[0]] == list(range(len(nans)))
    other = trained(given, [replace(one, run=0) for one in ones[3:]], course)
    assert repr(result.curves[1]) == repr(other.curves[0])
