"""A run's baselines do not depend on its neighbours in the stack, nor on what it trains itself."""

from __future__ import annotations

from typing import Any

import pytest

from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

WINE: dict[str, Any] = {"dataset": "wine", "hidden": [4], "epochs": 1}


def results(**changes: Any) -> list[RunResult]:
    specs, data = ready(specs_of(parse_options(WINE | changes)))
    return finish(train(specs, data))


@pytest.mark.parametrize("resample", ["splits", "fixed"])
def test_alone_as_in_a_stack(resample: str) -> None:
    together = results(seeds=3, resample=resample)
    alone = results(seed=2, resample=resample)[0]
    assert together[2].run_id == alone.run_id
    assert together[2].baselines == alone.baselines


def test_whatever_the_run_trains() -> None:
    plain = results()[0]
    other = results(hidden=[3, 3], activation="tanh", optimizer="adam", lr=0.001, epochs=2)[0]
    assert plain.baselines == other.baselines
