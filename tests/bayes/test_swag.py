"""SWAG: the moments of a recorded path, the draws, and runs from options to predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from posteriors import small_problem

from overfit_cli.bayes.swag import SWAG, Collector, held
from overfit_cli.core.descent import Descent
from overfit_cli.core.hooks import Hooks
from overfit_cli.core.network import initial_parameters
from overfit_cli.core.optimizers import OPTIMIZERS
from overfit_cli.core.replicas import Replicas
from overfit_cli.core.schedules import schedule
from overfit_cli.errors import UsageError
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

SETTINGS = {"swag_rank": 3, "swag_start": 0.5, "swag_lr": 1.0, "draws": 9}
MOONS = {"dataset": "moons:n=60,n_test=40", "hidden": [5, 3], "epochs": 12}


def followed(settings: dict[str, Any], epochs: int = 10) -> tuple[Replicas, np.ndarray]:
    """Three replicas after training, and their path (epochs, 3, P)."""
    problem = small_problem("categorical")
    network, keys = problem.network, [(seed, 0) for seed in range(3)]
    column = np.ones(3)
    replicas = Replicas(
        np.arange(3),
        keys,
        {"lr": 0.1 * column, "momentum": 0.9 * column},
        np.tile(np.arange(22), (3, 1)),
        initial_parameters(network, keys, np.dtype(np.float64)),
    )
    optimizer = OPTIMIZERS["sgd"]
    descent = Descent(network, Hooks(), problem.data, optimizer, schedule("constant"), 8, epochs)
    collector = Collector(descent, problem, settings)
    collector.init(replicas)
    path = []
    for epoch in range(1, epochs + 1):
        collector.advance(replicas, epoch)
        path.append(replicas.parameters.copy())
    return replicas, np.array(path)


def own_state(replicas: Replicas, place: int) -> dict[str, Any]:
    return {name: values[place : place + 1] for name, values in replicas.state.items()}


@pytest.mark.parametrize("rank", [0, 3, 20])
def test_moments_against_the_recorded_path(rank: int) -> None:
    replicas, path = followed(SETTINGS | {"swag_rank": rank})
    late, state = path[5:], replicas.state
    assert state["swag.count"].tolist() == [5, 5, 5]
    np.testing.assert_allclose(state["swag.mean"], late.mean(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(state["swag.squares"] / 5, late.var(axis=0), rtol=1e-9, atol=1e-15)
    away = [late[n] - late[: n + 1].mean(axis=0) for n in range(5)]
    for number in range(max(0, 5 - rank), 5) if rank else ():
        np.testing.assert_allclose(
            state["swag.deviations"][:, number % rank], away[number], rtol=0, atol=1e-12
        )


def test_draws_have_the_moments() -> None:
    replicas, path = followed(SETTINGS)
    late, n_draws = path[5:, 1], 40_000
    voters = SWAG.voters(None, own_state(replicas, 1), SETTINGS | {"draws": n_draws})  # type: ignore[misc,arg-type]
    away = np.array([late[n] - late[: n + 1].mean(axis=0) for n in range(5)])[-3:]
    covariance = (np.diag(late.var(axis=0)) + away.T @ away / 2) / 2
    drawn = voters.parameters
    sd = np.sqrt(np.diag(covariance))
    assert np.abs((drawn.mean(axis=0) - late.mean(axis=0)) / sd).max() < 5 / np.sqrt(n_draws)
    found = np.cov(drawn.T)
    spread = np.sqrt((np.outer(sd**2, sd**2) + covariance**2) / n_draws)
    assert np.abs((found - covariance) / spread).max() < 6
    assert np.exp(voters.log_weights).sum() == pytest.approx(1)


def test_without_rank_and_without_scatter_it_is_the_average() -> None:
    settings = SETTINGS | {"swag_rank": 0, "swag_start": 1.0}
    replicas, path = followed(settings)
    voters = SWAG.voters(None, own_state(replicas, 2), settings)  # type: ignore[misc,arg-type]
    assert np.array_equal(voters.parameters, np.repeat(path[-1:, 2], 9, axis=0))


def test_training_itself_is_not_touched() -> None:
    _, path = followed(SETTINGS)
    _, other = followed(SETTINGS | {"swag_rank": 0, "swag_start": 0.0})
    assert np.array_equal(path, other)


def test_the_rate_is_held_while_points_are_collected() -> None:
    factor = held(schedule("cosine"), 0.5, 0.3)
    assert [factor(t, 100) for t in (0, 49)] == [schedule("cosine")(t, 100) for t in (0, 49)]
    assert [factor(t, 100) for t in (50, 99)] == [0.3, 0.3]


def runs(seeds: int = 1, **given: Any) -> list[RunResult]:
    options = {"method": "bayes", "inference": "swag", "draws": 6, "swag_rank": 4} | MOONS
    specs, data = ready(specs_of(parse_options(options | given | {"seeds": seeds})))
    return [
        result
        for stack in stacks_of(specs, data)
        for result in finish(train(stack.specs, stack.data))
    ]


@pytest.mark.parametrize("method", ["bayes", "bayes+dropout", "bayes+l2+max-norm"])
@pytest.mark.parametrize("dataset", ["moons:n=60,n_test=40", "iris", "linnerud"])
def test_alone_as_among_others(dataset: str, method: str) -> None:
    several = runs(3, dataset=dataset, method=method)
    (last,) = runs(1, dataset=dataset, method=method, seed=2)
    assert several[2].status == "done"
    assert repr(several[2].curves) == repr(last.curves)
    assert repr(several[2].final) == repr(last.final)
    assert several[2].model is not None
    assert last.model is not None
    assert np.array_equal(several[2].model.parameters, last.model.parameters)
    assert several[2].model.parameters.shape[0] == 6


def test_early_stopping_restores_the_moments_too() -> None:
    """What is collected after the restored epoch does not count."""
    stopping = {"method": "bayes+early-stopping", "swag_start": 0.0, "patience": 3}
    long = {"epochs": 400, "lr": 0.3, "dataset": "moons:n=60,n_test=40,noise=0.4"}
    (stopped,) = runs(**stopping, **long)
    assert stopped.restored_epoch is not None
    assert stopped.epochs_run == stopped.restored_epoch + 3
    (short,) = runs(**long | {"epochs": stopped.restored_epoch}, swag_start=0.0)
    assert stopped.model is not None
    assert short.model is not None
    assert np.array_equal(stopped.model.parameters, short.model.parameters)
    assert stopped.diagnostics["collected"] == stopped.restored_epoch


def test_too_few_points_are_told() -> None:
    (result,) = runs()
    (warning,) = result.diagnostics["warnings"]
    assert warning.startswith("swag collected 6 points, under 10")


def test_thinned_networks_are_refused() -> None:
    with pytest.raises(UsageError, match="swag cannot be combined with --average mc"):
        runs(method="bayes+dropout", average="mc")


def test_no_draws_are_refused() -> None:
    with pytest.raises(UsageError, match="--draws: '0' is not"):
        runs(draws=0)
