"""Small problems, and the stack of replicas that trains on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.answers import Units
from overfit_cli.core.descent import Descent, TrainingData
from overfit_cli.core.engine import Outcome, Stepper, train
from overfit_cli.core.evaluation import Evaluator, Part, View
from overfit_cli.core.hooks import Hooks, column, compose
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.metrics import shares
from overfit_cli.core.network import Network, initial_parameters
from overfit_cli.core.optimizers import OPTIMIZERS
from overfit_cli.core.replicas import Replicas
from overfit_cli.core.schedules import schedule
from overfit_cli.records import Axis, EpochRecord
from overfit_cli.remedies import REGISTRY

LIKELIHOODS = {"categorical": 3, "bernoulli": 1, "gaussian": 2}


@dataclass(frozen=True)
class Problem:
    """A network, training rows of one or more splits one after another, and their views."""

    network: Network
    data: TrainingData
    views: tuple[View, ...]
    n_train: int


@dataclass(frozen=True)
class One:
    """What tells one replica of a stack from another."""

    seed: int = 0
    member: int = 0
    lr: float = 0.1
    momentum: float = 0.9
    view: int = 0
    run: int | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """What all replicas of a stack share."""

    optimizer: str = "sgd"
    batch_size: int = 13
    epochs: int = 3
    eval_every: int = 1
    schedule: str = "constant"


@dataclass
class Assembly:
    """Everything `train` wants."""

    replicas: Replicas
    hooks: Hooks
    descent: Descent
    evaluator: Evaluator
    course: Course


@dataclass
class Remembering:
    """A stepper that keeps the parameters after every epoch."""

    stepper: Stepper
    path: dict[tuple[int, int], Array]
    axis: Axis = "epoch"
    warmup: int = 0

    def init(self, replicas: Replicas) -> None:
        self.stepper.init(replicas)

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        loss = self.stepper.advance(replicas, epoch)
        for replica, row in zip(replicas.ids, replicas.parameters, strict=True):
            self.path[epoch, int(replica)] = row.copy()
        return loss

    def noise_variance(self, replicas: Replicas) -> Array | None:
        return self.stepper.noise_variance(replicas)


@dataclass(frozen=True)
class Trained:
    """curves: each run's records; path: (epoch, replica) -> parameters after that epoch."""

    outcome: Outcome
    curves: dict[int, list[EpochRecord]]
    path: dict[tuple[int, int], Array]

    def digest(self, replica: int, run: int | None = None) -> tuple[Any, ...]:
        """Every bit that training says about one replica; NaN equals NaN."""
        out = self.outcome
        records = self.curves[replica if run is None else run]
        return (
            out.parameters[replica].tobytes(),
            int(out.epochs[replica]),
            int(out.restored[replica]),
            bool(out.diverged[replica]),
            repr(records),
            [bits.tobytes() for (_, who), bits in sorted(self.path.items()) if who == replica],
        )


def problem(
    sizes: tuple[int, ...] = (5, 11, 3),
    activation: str = "tanh",
    likelihood: str = "categorical",
    n_train: int = 29,
    n_val: int = 17,
    dtype: Any = np.float64,
    weighted: bool = False,
    n_views: int = 1,
) -> Problem:
    """Random rows: classes and targets depend on the inputs through a random linear map."""
    rng = np.random.default_rng(len(sizes) * 1000 + n_train)
    network = Network(Layout(sizes), activation, likelihood)
    n_all = n_views * n_train + n_val
    inputs = rng.normal(size=(n_all, sizes[0])).astype(dtype)
    scores = inputs @ rng.normal(size=(sizes[0], sizes[-1])) + rng.normal(size=(n_all, sizes[-1]))
    targets, own, standardised, units = _targets(likelihood, scores)
    weights = rng.uniform(0.5, 2, n_all) if weighted else None

    def part(rows: slice) -> Part:
        share = shares(len(inputs[rows]), None if weights is None else weights[rows])
        flat = None if standardised is None else standardised[rows]
        return Part(inputs[rows], own[rows], flat, share)

    starts = [number * n_train for number in range(n_views)]
    val = part(slice(n_all - n_val, n_all)) if n_val else None
    views = tuple(View(part(slice(start, start + n_train)), val, units) for start in starts)
    data = TrainingData(inputs, targets.astype(dtype), weights)
    return Problem(network, data, views, n_train)


def _targets(likelihood: str, scores: Array) -> tuple[Array, NDArray[Any], Array | None, Units]:
    width = scores.shape[1]
    units = Units(np.full(width, 3.0), np.full(width, 2.5))
    if likelihood == "gaussian":
        return scores, units.mean + units.scale * scores, scores, units
    if likelihood == "bernoulli":
        codes = (scores[:, 0] > 0).astype(np.intp)
        return codes[:, None].astype(float), codes, None, units
    codes = scores.argmax(axis=1)
    return np.eye(width)[codes], codes, None, units


def hooks_of(layout: Layout, ones: Sequence[One]) -> Hooks:
    """Build and compose the remedies that the replicas name, in the registry's order."""
    names = [name for name in REGISTRY if name in ones[0].settings]
    return compose(
        {
            name: REGISTRY[name].build(
                layout, [REGISTRY[name].settings(one.settings[name]) for one in ones]
            )
            for name in names
        }
    )


def assemble(
    given: Problem,
    ones: Sequence[One],
    course: Course | None = None,
    parameters: Array | None = None,
) -> Assembly:
    """Return the stack of `ones`; parameters (R, P) replace the initial ones."""
    course = course or Course()
    network, data = given.network, given.data
    hooks = hooks_of(network.layout, ones)
    keys = [(one.seed, one.member) for one in ones]
    if parameters is None:
        parameters = initial_parameters(network, keys, data.inputs.dtype)
    replicas = Replicas(
        ids=np.arange(len(ones)),
        keys=keys,
        hyper={
            "lr": column([one.lr for one in ones]),
            "momentum": column([one.momentum for one in ones]),
            **hooks.hyper,
        },
        rows=np.stack([one.view * given.n_train + np.arange(given.n_train) for one in ones]),
        parameters=parameters.copy(),
    )
    descent = Descent(
        network,
        hooks,
        data,
        OPTIMIZERS[course.optimizer],
        schedule(course.schedule),
        course.batch_size,
        course.epochs,
    )
    runs = np.array([number if one.run is None else one.run for number, one in enumerate(ones)])
    views = np.array([one.view for one in ones])
    evaluator = Evaluator(network, hooks, given.views, views, runs)
    return Assembly(replicas, hooks, descent, evaluator, course)


def run(assembly: Assembly) -> Trained:
    """Train to the end, and keep what was seen on the way."""
    replicas, course = assembly.replicas, assembly.course
    path: dict[tuple[int, int], Array] = {}
    curves: dict[int, list[EpochRecord]] = {}
    steps = train(
        replicas,
        assembly.hooks,
        Remembering(assembly.descent, path),
        assembly.evaluator,
        course.epochs,
        course.eval_every,
    )
    while True:
        try:
            _, records = next(steps)
        except StopIteration as end:
            return Trained(end.value, curves, path)
        for number, record in records:
            curves.setdefault(number, []).append(record)


def trained(
    given: Problem,
    ones: Sequence[One],
    course: Course | None = None,
    parameters: Array | None = None,
) -> Trained:
    """Assemble and run."""
    return run(assemble(given, ones, course, parameters))


def alone(one: One) -> One:
    """The same replica as run number 0 of a stack of its own."""
    return replace(one, run=None)
