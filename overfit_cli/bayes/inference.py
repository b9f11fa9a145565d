"""What every approximation of the Bayesian model average declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from overfit_cli.core.ballot import Ballot
from overfit_cli.core.descent import Descent, TrainingData
from overfit_cli.core.engine import Stepper
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.network import Network
from overfit_cli.core.optimizers import State
from overfit_cli.core.predictor import Respond

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """What a sampler is given: it never sees a layer, only groups of parameters.

    data: training rows; n_rows: the N of one replica, to which minibatch gradients are scaled;
    batch_size: rows of a minibatch, None for all.
    """

    network: Network
    data: TrainingData
    n_rows: int
    batch_size: int | None = None


class Course(Stepper, Protocol):
    """A stepper that knows how many epochs it takes."""

    epochs: int


@dataclass(frozen=True)
class Inference:
    """One file of this package.

    options: those of `bayes` that it uses. members(settings): how many networks or chains a run
    owns. uses: options of the training that it shares with the optimizer, if it has a stepper of
    its own. alias: the remedy and settings that it is only another name for. notes(network,
    settings): what to say before the first step; raises UsageError where it cannot be done.
    prior: in words, what it is where neither --prior-sd nor --prior-width says; "" where there is
    none. state_size(layout, settings): numbers of state per member. stepper(problem, settings): the
    sampler, None where the ordinary optimizer trains the members. epochs(settings): warm-up and
    draws of a sampler. passes(layout, settings, share): a member's gradient passes over its
    training rows, a minibatch being that share of them; None: the epochs. voters(network, state,
    settings): who votes for one run in the end, from the last state of its members, with normalised
    weights; None for all draws, or all members, with equal ones.
    around(descent, problem, settings): what is done along the ordinary descent, and after it.
    fits_noise: the voters' noise is fitted to the training rows, and not averaged over.
    respond(settings, the voters' parameters): how they predict, None for `forward`. refuses:
    remedies that cannot be combined with it, and why. dtype: the precision it needs.
    diagnostics(state, settings): figures by name from the last state of one run's members, and
    "warnings", a list of sentences. why_failed(state): a sentence on why a run whose loss became
    infinite could not be finished, None where it diverged. since: the version from which it uses
    an option, where that is not the first: older specs have it by accident.
    """

    name: str
    summary: str
    source: str
    members: Callable[[Settings], int]
    words: Callable[[Settings], str]
    options: tuple[str, ...]
    uses: tuple[str, ...] = ()
    prior: str = ""
    alias: tuple[str, Settings] | None = None
    notes: Callable[[Network, Settings], tuple[str, ...]] | None = None
    state_size: Callable[[Layout, Settings], int] | None = None
    refuses: tuple[str, ...] = ()
    stepper: Callable[[Problem, Settings], Stepper] | None = None
    epochs: Callable[[Settings], int] | None = None
    passes: Callable[[Layout, Settings, float], float] | None = None
    voters: Callable[[Network, State, Settings], Ballot] | None = None
    around: Callable[[Descent, Problem, Settings], Course] | None = None
    fits_noise: bool = False
    respond: Callable[[Settings, Array], Respond] | None = None
    dtype: str | None = None
    why_refused: str = ""
    diagnostics: Callable[[State, Settings], dict[str, Any]] | None = None
    why_failed: Callable[[State], str | None] | None = None
    version: int = 1
    since: Mapping[str, int] = field(default_factory=dict)

    @property
    def descends(self) -> bool:
        """Whether the ordinary optimizer trains the members."""
        return self.stepper is None

    def prior_told(self, settings: Settings) -> str:
        """Return the prior in words, "" where there is none to state."""
        if "prior_sd" not in self.options:
            return ""
        if settings.get("prior_sd") is not None:
            return f"sd {settings['prior_sd']:g} of every parameter"
        if settings.get("prior_width") is not None:
            return f"unknown precisions, width {settings['prior_width']:g}"
        return self.prior
