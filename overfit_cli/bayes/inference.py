"""What every approximation of the Bayesian model average declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from overfit_cli.core.descent import TrainingData
from overfit_cli.core.engine import Stepper
from overfit_cli.core.network import Network
from overfit_cli.core.optimizers import State

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """What a sampler is given: it never sees a layer, only groups of parameters.

    data: training rows; n_rows: the N of one replica, to which minibatch gradients are scaled.
    """

    network: Network
    data: TrainingData
    n_rows: int


@dataclass(frozen=True)
class Inference:
    """One file of this package.

    options: those of `bayes` that it uses. members(settings): how many networks or chains a run
    owns. stepper(problem, settings): the sampler, None where the ordinary optimizer trains the
    members. epochs(settings): warm-up and draws of a sampler. refuses: remedies that cannot be
    combined with it, and why. dtype: the precision it needs. diagnostics(state, settings): figures
    by name from the last state of one run's members, and "warnings", a list of sentences.
    """

    name: str
    summary: str
    source: str
    members: Callable[[Settings], int]
    words: Callable[[Settings], str]
    options: tuple[str, ...]
    refuses: tuple[str, ...] = ()
    stepper: Callable[[Problem, Settings], Stepper] | None = None
    epochs: Callable[[Settings], int] | None = None
    dtype: str | None = None
    why_refused: str = ""
    diagnostics: Callable[[State, Settings], dict[str, Any]] | None = None
    version: int = 1

    @property
    def descends(self) -> bool:
        """Whether the ordinary optimizer trains the members."""
        return self.stepper is None
