"""A stack assembled from runs: rows of all their splits, hyperparameters as columns, members."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.compiled import kernels_for
from overfit_cli.core.answers import Units
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.evaluation import Evaluator, Part, View
from overfit_cli.core.hooks import Hooks, column, compose
from overfit_cli.core.kernels import NUMPY, Kernels
from overfit_cli.core.layout import Array, Layout
from overfit_cli.core.metrics import shares
from overfit_cli.core.network import Network, initial_parameters
from overfit_cli.core.replicas import Replicas
from overfit_cli.data.dataset import Prepared, Rows
from overfit_cli.errors import UsageError
from overfit_cli.experiment.folds import Fold, folds_of
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.remedies import REGISTRY
from overfit_cli.rng import stream

# Training curves are drawn on at most this many fixed training rows.
CURVE_ROWS = 10_000


def network_of(spec: RunSpec, data: Prepared) -> Network:
    """Return the network a spec trains on these data."""
    sizes = (data.train.inputs.shape[1], *spec.hidden, data.n_outputs)
    return Network(Layout(sizes), spec.activation, data.likelihood)


def hooks_of(specs: Sequence[RunSpec], layout: Layout) -> Hooks:
    """Return the composed hooks of replicas with these specs (one per replica), registry order."""
    names = [name for name in REGISTRY if name in specs[0].remedies]
    parts = {
        name: REGISTRY[name].build(layout, [spec.remedies[name] for spec in specs])
        for name in names
    }
    return compose(parts)


def alike(spec: RunSpec) -> Hashable:
    """Return what specs must agree on to share a stack; numeric hyperparameters may differ."""
    structure = tuple(
        (name, option.name, str(spec.remedies[name].get(option.name)))
        for name in spec.remedies
        for option in REGISTRY[name].options
        if option.structural
    )
    return (
        tuple(spec.remedies),
        structure,
        spec.hidden,
        spec.activation,
        spec.optimizer,
        spec.lr_schedule,
        spec.batch_size,
        spec.epochs,
        spec.eval_every,
        spec.dtype,
        spec.threads,
    )


def stack_key(spec: RunSpec, data: Prepared) -> Hashable:
    """Return what runs and their data must agree on to share a stack."""
    return (
        alike(spec),
        network_of(spec, data),
        len(data.train),
        _rows_trained_on(spec, data),
        data.train.weights is None,
    )


def part_of(rows: Rows, likelihood: str, units: Units) -> Part:
    """Return rows as the evaluator wants them, targets in their own units."""
    share = shares(len(rows), rows.weights)
    if likelihood == "gaussian":
        own = rows.own
        if own is None:
            own = rows.targets.astype(np.float64) * units.scale + units.mean
        return Part(rows.inputs, own, rows.targets, share)
    return Part(rows.inputs, rows.targets.reshape(-1).astype(np.intp), None, share)


def units_of(data: Prepared) -> Units:
    """Return how the targets were standardised."""
    return Units(np.asarray(data.target_mean, float), np.asarray(data.target_scale, float))


def full_train_part(data: Prepared) -> Part:
    """Return all training rows, as final metrics want them; curves look at `view_of`'s."""
    return part_of(data.train, data.likelihood, units_of(data))


@dataclass(frozen=True)
class Stack:
    """R replicas: the members of every run, run by run."""

    specs: tuple[RunSpec, ...]
    data: tuple[Prepared, ...]
    kernels: Kernels = NUMPY

    @property
    def spec(self) -> RunSpec:
        """The first run's spec: what all agree on can be read off it."""
        return self.specs[0]

    @cached_property
    def network(self) -> Network:
        """The shared network."""
        return replace(network_of(self.spec, self.data[0]), kernels=self.kernels)

    @cached_property
    def n_members(self) -> int:
        """Replicas per run."""
        return members_of(self.spec)

    @cached_property
    def run_of(self) -> NDArray[np.intp]:
        """Each replica's run, (R,)."""
        return np.repeat(np.arange(len(self.specs)), self.n_members)

    @cached_property
    def hooks(self) -> Hooks:
        """The remedies of all replicas."""
        return hooks_of([self.specs[run] for run in self.run_of], self.network.layout)

    @cached_property
    def splits(self) -> list[Prepared]:
        """The distinct data sets among the runs."""
        return list({id(data): data for data in self.data}.values())

    @cached_property
    def split_of(self) -> NDArray[np.intp]:
        """Each run's place in `splits`."""
        places = {id(data): place for place, data in enumerate(self.splits)}
        return np.array([places[id(data)] for data in self.data])

    @cached_property
    def views(self) -> list[View]:
        """What each split is evaluated on."""
        return [view_of(data) for data in self.splits]

    def training_data(self) -> TrainingData:
        """Return the training rows of all splits, one after another."""
        rows = [data.train for data in self.splits]
        targets = [_targets(part, self.network) for part in rows]
        weights = [part.weights for part in rows if part.weights is not None]
        return TrainingData(
            inputs=_joined([part.inputs for part in rows]),
            targets=_joined(targets),
            weights=_joined(weights) if weights else None,
        )

    def replicas(self) -> Replicas:
        """Return all replicas with their initial parameters and training rows."""
        runs = [self.specs[run] for run in self.run_of]
        keys = [
            (self.specs[run].seed, member)
            for run in range(len(self.specs))
            for member in range(self.n_members)
        ]
        hyper = dict(self.hooks.hyper) | {
            "lr": column([spec.lr for spec in runs]),
            "momentum": column([spec.momentum for spec in runs]),
        }
        dtype = np.dtype(self.spec.dtype)
        return Replicas(
            ids=np.arange(len(runs)),
            keys=keys,
            hyper=hyper,
            rows=self._rows(),
            parameters=initial_parameters(self.network, keys, dtype),
        )

    def check(self) -> None:
        """Check what needs both the specs and the data.

        Raises:
            UsageError: early stopping without validation rows or with a metric of the other task,
                folds larger than the data, dropout with the wrong number of probabilities; kernels
                that cannot be had.
            DataError: a fold whose rows all have weight 0.
        """
        self.announcements()
        kernels_for(0)
        if self.hooks.stop is None:
            return
        metric = self.spec.remedies["early-stopping"]["stop_metric"]
        known = ("nll", "rmse" if self.network.likelihood == "gaussian" else "error")
        if metric not in known:
            raise UsageError(f"--stop-metric {metric}: for these data use {' or '.join(known)}.")
        if _has_folds(self.spec):
            self._rows()
        elif any(len(data.val) == 0 for data in self.data):
            raise UsageError(
                "early-stopping watches validation rows, and there are none: give --val-size or "
                "--val-file (or, for an ensemble, --folds)."
            )

    def announcements(self) -> tuple[str, ...]:
        """Return what an inference has to say before the first step.

        Raises:
            UsageError: it cannot be done with this network and these settings.
        """
        inference = self.spec.inference
        if inference is None or inference.notes is None:
            return ()
        return inference.notes(self.network, self.spec.remedies["bayes"])

    def evaluator(self) -> Evaluator:
        """Return the evaluator of this stack."""
        held_out = None
        if _has_folds(self.spec):
            held_out = [
                full_train_part(data).take(fold.held_out)
                for data, spec in zip(self.data, self.specs, strict=True)
                for fold in _folds(spec, data)
            ]
        return Evaluator(
            self.network, self.hooks, self.views, self.split_of[self.run_of], self.run_of, held_out
        )

    def _rows(self) -> NDArray[np.intp]:
        starts = np.cumsum([0] + [len(data.train) for data in self.splits])
        rows = []
        for run, (spec, data) in enumerate(zip(self.specs, self.data, strict=True)):
            everything = starts[self.split_of[run]] + np.arange(len(data.train))
            if _has_folds(spec):
                rows += [everything[fold.train] for fold in _folds(spec, data)]
            else:
                rows += [everything] * self.n_members
        return np.array(rows)


def members_of(spec: RunSpec) -> int:
    """Return the replicas of one run."""
    return 1 if spec.inference is None else spec.inference.members(spec.remedies["bayes"])


def _has_folds(spec: RunSpec) -> bool:
    return bool(spec.remedies.get("bayes", {}).get("folds", False))


def _folds(spec: RunSpec, data: Prepared) -> list[Fold]:
    return folds_of(data.train, members_of(spec), spec.seed)


def _rows_trained_on(spec: RunSpec, data: Prepared) -> int:
    """Return how many training rows each member has: of whole groups it depends on the seed."""
    return len(_folds(spec, data)[0].train) if _has_folds(spec) else len(data.train)


def view_of(data: Prepared) -> View:
    """Return what curves are drawn on: at most CURVE_ROWS training rows of
    positive weight, all validation rows."""
    units = units_of(data)
    train = full_train_part(data)
    counted = np.flatnonzero(train.share)
    if len(train) > CURVE_ROWS:
        chosen = stream(0, "evaluation-rows").permutation(len(counted))[:CURVE_ROWS]
        train = train.take(counted[np.sort(chosen)])
    val = part_of(data.val, data.likelihood, units) if len(data.val) else None
    return View(train, val, units)


def _targets(rows: Rows, network: Network) -> Array:
    """Return targets as core.losses wants them: one-hot rows for three classes and more."""
    if network.likelihood != "categorical":
        return np.asarray(rows.targets)
    one_hot = np.zeros((len(rows), network.layout.sizes[-1]), rows.inputs.dtype)
    one_hot[np.arange(len(rows)), rows.targets] = 1
    return one_hot


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate, but do not copy a single large array."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
