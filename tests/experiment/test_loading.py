"""The loader: data are read once and prepared once per seed, however the request is worded."""

from __future__ import annotations

from typing import Any

import pytest

from overfit_cli.errors import UsageError
from overfit_cli.experiment import loading
from overfit_cli.experiment.loading import Loader, ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.train import finish, train


@pytest.mark.parametrize("dataset", ["wine", "moons:n=60"])
def test_once_before_and_after_the_resample_mode_is_known(
    dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(name: str) -> Any:
        real = getattr(loading, name)

        def call(*arguments: Any) -> Any:
            calls.append(name)
            return real(*arguments)

        return call

    for name in ("load", "prepare"):
        monkeypatch.setattr(loading, name, counted(name))
    (spec,) = specs_of(parse_options({"dataset": dataset}))
    loader = Loader()
    first = loader.prepared(spec)
    assert loader.prepared(loader.known(spec)) is first
    assert calls == ["load", "prepare"]


def test_training_refuses_what_the_data_cannot_give() -> None:
    options = {"dataset": "moons:n=60", "method": "early-stopping", "val_size": 0, "epochs": 1}
    specs, data = ready(specs_of(parse_options(options)))
    with pytest.raises(UsageError, match="watches validation rows"):
        finish(train(specs, data))
