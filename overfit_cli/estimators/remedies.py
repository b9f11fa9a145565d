"""The remedies as an estimator takes them: small frozen records, one for each of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from overfit_cli.errors import UsageError, choose
from overfit_cli.remedies import REGISTRY

PerLayer = float | Sequence[float]


@dataclass(frozen=True)
class Dropout:
    """Train on randomly thinned networks; p is the probability that a hidden unit is kept.

    p: one value, or one per hidden layer. p_input: the same for inputs. scope: "example" or
    "minibatch". mask: "bernoulli", "exact" or "gaussian". average: "weights" or "mc", the mean
    over mc_samples thinned networks. Srivastava et al. 2014.
    """

    p: PerLayer = 0.5
    p_input: float = 1.0
    scope: str = "example"
    mask: str = "bernoulli"
    average: str = "weights"
    mc_samples: int = 50

    method: ClassVar[str] = "dropout"


@dataclass(frozen=True)
class L1:
    """Add l1 sum |w| to the mean loss, by a proximal step: many weights become exactly zero."""

    l1: float = 1e-4

    method: ClassVar[str] = "l1"


@dataclass(frozen=True)
class L2:
    """Add (l2 / 2) sum w^2 to the mean loss; scikit-learn's `alpha` is l2 times the batch size."""

    l2: float = 1e-3

    method: ClassVar[str] = "l2"


@dataclass(frozen=True)
class MaxNorm:
    """Keep each unit's incoming weight vector at most max_norm long."""

    max_norm: float = 3.0

    method: ClassVar[str] = "max-norm"


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` epochs without a better validation metric, and restore the best.

    stop_metric: "nll", "error" (classifier) or "rmse" (regressor).
    """

    patience: int = 10
    min_delta: float = 0.0
    stop_metric: str = "nll"

    method: ClassVar[str] = "early-stopping"


@dataclass(frozen=True, repr=False)
class Bayes:
    """Average over settings of the parameters; `overfit methods bayes` explains each option.

    inference: "ensemble", "hmc", "sghmc", "exact", "laplace", "swag" or "mc-dropout". Every other
    option belongs to some of them; None is its default. folds, with EarlyStopping: each member is
    stopped by a share of X of its own, and neither validation_fraction nor X_val stops any.
    """

    inference: str = "ensemble"
    members: int | None = None
    folds: bool | None = None
    chains: int | None = None
    warmup: int | None = None
    samples: int | None = None
    leapfrog: int | None = None
    cycles: int | None = None
    thin: int | None = None
    step_size: float | None = None
    grid_values: int | None = None
    grid_width: float | None = None
    curvature: str | None = None
    layers: str | None = None
    predictive: str | None = None
    temperature: float | None = None
    rounds: int | None = None
    draws: int | None = None
    swag_start: float | None = None
    swag_rank: int | None = None
    swag_lr: float | None = None
    prior_width: float | None = None
    prior_sd: float | None = None

    method: ClassVar[str] = "bayes"

    def __repr__(self) -> str:
        said = (f"{key}={value!r}" for key, value in vars(self).items() if value is not None)
        return f"Bayes({', '.join(said)})"


Setting = Dropout | L1 | L2 | MaxNorm | EarlyStopping | Bayes
Remedies = None | str | Setting | Sequence[str | Setting]

KINDS: dict[str, type[Setting]] = {
    kind.method: kind for kind in (Dropout, L1, L2, MaxNorm, EarlyStopping, Bayes)
}


def listed(remedies: Remedies) -> tuple[Setting, ...]:
    """Return remedies as records: "dropout+l2" and names in a list or tuple have their defaults.

    Raises:
        UsageError: an unknown name, with the nearest; something that is no remedy; one given twice.
    """
    if remedies is None:
        return ()
    if isinstance(remedies, str):
        names = [choose(name.strip(), REGISTRY, "remedy") for name in remedies.split("+")]
        found = tuple(KINDS[name]() for name in names if name != "none")
    elif isinstance(remedies, Setting):
        found = (remedies,)
    elif isinstance(remedies, list | tuple):
        found = tuple(one for item in remedies for one in listed(item))
    else:
        raise UsageError(f"remedies: {remedies!r} is none; write Dropout(p=0.5), or 'dropout+l2'.")
    for one in found:
        if sum(other.method == one.method for other in found) > 1:
            raise UsageError(f"remedies: '{one.method}' is given twice.")
    return found


def method_of(remedies: Sequence[Setting]) -> str:
    """Return the method's name as everywhere else: `dropout+l2`, or `none`."""
    return "+".join(one.method for one in remedies) or "none"


def settings_of(remedies: Sequence[Setting]) -> dict[str, Any]:
    """Return every option that is not None, by its name."""
    return {key: value for one in remedies for key, value in vars(one).items() if value is not None}


def holds_out(remedies: Sequence[Setting]) -> bool:
    """Whether validation rows are needed: to stop early, unless an ensemble holds out folds."""
    folds = any(isinstance(one, Bayes) and one.folds for one in remedies)
    return not folds and any(isinstance(one, EarlyStopping) for one in remedies)


def descends_on(remedies: Sequence[Setting]) -> bool:
    """Whether training may go on for ever: minibatch descent and nothing that ends it."""
    endless = ("ensemble", "mc-dropout")
    return not any(
        isinstance(one, EarlyStopping) or (isinstance(one, Bayes) and one.inference not in endless)
        for one in remedies
    )


def nested(remedies: Remedies) -> dict[str, Any]:
    """Return each option under `remedy__option`, as a pipeline names its steps' parameters."""
    return {
        f"{_prefix(one)}__{field.name}": getattr(one, field.name)
        for one in listed(remedies)
        for field in fields(one)
    }


def with_nested(remedies: Remedies, given: Mapping[str, Any]) -> list[Setting]:
    """Return the remedies with options replaced that are given as `remedy__option`."""
    return [
        replace(one, **{k.partition("__")[2]: v for k, v in given.items() if _owns(one, k)})
        for one in listed(remedies)
    ]


def _owns(remedy: Setting, key: str) -> bool:
    return key.partition("__")[0] == _prefix(remedy)


def _prefix(remedy: Setting) -> str:
    return remedy.method.replace("-", "_")
