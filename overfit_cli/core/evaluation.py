"""Clean evaluation of a stack in training: curves per run, and what stop rules look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.answers import Answer, Units, average, classify, pool, regress
from overfit_cli.core.hooks import Hooks, prediction_parameters
from overfit_cli.core.layout import Array
from overfit_cli.core.metrics import curve_scores, shares
from overfit_cli.core.network import Network, forward
from overfit_cli.core.replicas import Replicas
from overfit_cli.records import EpochRecord


@dataclass(frozen=True)
class Part:
    """Rows to evaluate on.

    inputs (n, D); targets: class codes (n,) or floats (n, T) in their own units; standardised
    (n, T) for regression, else None; share (n,) of the weighted mean.
    """

    inputs: Array
    targets: NDArray[Any]
    standardised: Array | None
    share: Array

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.inputs)

    def take(self, rows: NDArray[np.intp]) -> Part:
        """Return the part made of some of these rows, their shares summing to 1 again."""
        standardised = None if self.standardised is None else self.standardised[rows]
        share = shares(len(rows), self.share[rows])
        return Part(self.inputs[rows], self.targets[rows], standardised, share)


@dataclass(frozen=True)
class View:
    """What one split is evaluated on: training rows (a fixed selection), validation rows, units."""

    train: Part
    val: Part | None
    units: Units


def residual_variance(outputs: Array, part: Part) -> Array:
    """Return the weighted mean squared residual (R, T) of outputs (R, n, T), standardised."""
    squared = (outputs.astype(np.float64) - part.standardised) ** 2
    return np.asarray((squared * part.share[:, None]).sum(axis=1))


class Evaluator:
    """Evaluates the replicas of a stack and averages the members of each run.

    views: one per split; view_of, run_of (R,): each replica's split and run; held_out: rows that
    a replica's stop rule looks at instead of the validation rows (an ensemble's folds).
    """

    def __init__(
        self,
        network: Network,
        hooks: Hooks,
        views: Sequence[View],
        view_of: NDArray[np.intp],
        run_of: NDArray[np.intp],
        held_out: Sequence[Part] | None = None,
    ):
        self.network, self.hooks = network, hooks
        self.views, self.view_of, self.run_of = views, view_of, run_of
        self.held_out = held_out
        self.n_members = np.bincount(run_of)
        self._votes: dict[int, tuple[Answer, Answer | None]] = {}
        self._averages: dict[int, tuple[float, Answer, Answer | None]] = {}

    def observe(
        self,
        epoch: int,
        replicas: Replicas,
        running_loss: Array,
        noise_variance: Array | None,
        accumulate: bool,
    ) -> tuple[dict[str, Array], list[tuple[int, EpochRecord]]]:
        """Evaluate every replica; return its stop metrics (R,) and a record per run.

        accumulate: the parameters are one more draw of a running average, not the new answer.
        """
        parameters = prediction_parameters(
            self.network.layout, self.hooks, replicas.hyper, replicas.parameters
        )
        stop_metrics: dict[str, Array] = {}
        records: list[tuple[int, EpochRecord]] = []
        for number, view in enumerate(self.views):
            here = np.flatnonzero(self.view_of[replicas.ids] == number)
            if len(here) == 0:
                continue
            chosen = parameters if len(here) == len(parameters) else parameters[here]
            noise = None if noise_variance is None else noise_variance[here]
            train, val = self._answers(view, chosen, noise)
            metrics = (
                curve_scores(val, view.val.targets, view.val.share) if val and view.val else {}
            )
            for name, values in metrics.items():
                stop_metrics.setdefault(name, np.full(len(replicas), np.nan))[here] = values
            records += self._records(
                epoch, view, replicas.ids[here], (train, val), running_loss[here], accumulate
            )
        if self.held_out is not None:
            stop_metrics = self._held_out_metrics(replicas, parameters)
        return stop_metrics, records

    def diverged(self, epoch: int, ids: NDArray[np.intp]) -> list[tuple[int, EpochRecord]]:
        """Return the last record of runs one of whose members is no longer finite: all NaN."""
        second = "error" if self.views[0].train.standardised is None else "rmse"
        blank = {"nll": np.nan, second: np.nan}
        return [
            (int(run), EpochRecord(epoch, blank, {} if view.val is None else blank, np.nan))
            for run in np.unique(self.run_of[ids])
            for view in [self.views[self.view_of[np.flatnonzero(self.run_of == run)[0]]]]
        ]

    def settle(self, replica: int, hyper: Any, parameters: Array) -> None:
        """Let a member that has stopped keep voting, with its restored parameters (1, P)."""
        if self.n_members[self.run_of[replica]] > 1:
            view = self.views[self.view_of[replica]]
            scaled = prediction_parameters(self.network.layout, self.hooks, hyper, parameters)
            train, val = self._answers(view, scaled, None)
            self._votes[replica] = (_one(train, 0), None if val is None else _one(val, 0))

    def _answers(
        self, view: View, parameters: Array, noise_variance: Array | None
    ) -> tuple[Answer, Answer | None]:
        train = forward(self.network, parameters, view.train.inputs)
        val = None if view.val is None else forward(self.network, parameters, view.val.inputs)
        if view.train.standardised is None:
            return (
                classify(self.network.likelihood, train),
                None if val is None else classify(self.network.likelihood, val),
            )
        if noise_variance is None:
            noise_variance = (
                residual_variance(train, view.train)
                if val is None or view.val is None
                else residual_variance(val, view.val)
            )
        return (
            regress(train, noise_variance, view.units, view.train.targets),
            None
            if val is None or view.val is None
            else regress(val, noise_variance, view.units, view.val.targets),
        )

    def _records(
        self,
        epoch: int,
        view: View,
        ids: NDArray[np.intp],
        answers: tuple[Answer, Answer | None],
        running_loss: Array,
        accumulate: bool,
    ) -> list[tuple[int, EpochRecord]]:
        train, val = answers
        if not accumulate and np.all(self.n_members[self.run_of[ids]] == 1):
            scored = [_scores(view.train, train), _scores(view.val, val)]
            return [
                (int(self.run_of[replica]), _record(epoch, scored, place, running_loss[place]))
                for place, replica in enumerate(ids)
            ]
        for place, replica in enumerate(ids):
            vote = (_one(train, place), None if val is None else _one(val, place))
            self._votes[int(replica)] = vote
        return [
            (int(run), self._averaged_record(epoch, view, int(run), accumulate, loss))
            for run in np.unique(self.run_of[ids])
            for loss in [float(running_loss[self.run_of[ids] == run].mean())]
        ]

    def _averaged_record(
        self, epoch: int, view: View, run: int, accumulate: bool, loss: float
    ) -> EpochRecord:
        members = np.flatnonzero(self.run_of == run)
        votes = [self._votes[int(member)] for member in members]
        train = _average([vote[0] for vote in votes])
        val = None if view.val is None else _average([vote[1] for vote in votes if vote[1]])
        if accumulate:
            count, old_train, old_val = self._averages.get(run, (0.0, None, None))
            train = pool(old_train, count, train, 1)
            val = None if val is None else pool(old_val, count, val, 1)
            self._averages[run] = (count + 1, train, val)
        scored = [_scores(view.train, train), _scores(view.val, val)]
        return _record(epoch, scored, None, loss)

    def _held_out_metrics(self, replicas: Replicas, parameters: Array) -> dict[str, Array]:
        columns: dict[str, list[float]] = {}
        for place, replica in enumerate(replicas.ids):
            part = (self.held_out or [])[replica]
            view = View(part, part, self.views[self.view_of[replica]].units)
            _, answer = self._answers(view, parameters[place : place + 1], None)
            for name, value in _scores(part, answer).items():
                columns.setdefault(name, []).append(float(value[0]))
        return {name: np.array(values) for name, values in columns.items()}


def _one(answer: Answer, place: int) -> Answer:
    return Answer(
        **{
            name: array[place]
            for name in ("log_probabilities", "mean", "sd", "log_density")
            if (array := getattr(answer, name)) is not None
        }
    )


def _average(answers: Sequence[Answer]) -> Answer:
    stacked = {
        name: np.stack([getattr(answer, name) for answer in answers])
        for name in ("log_probabilities", "mean", "sd", "log_density")
        if getattr(answers[0], name) is not None
    }
    return average(Answer(**stacked), np.zeros(len(answers)))


def _scores(part: Part | None, answer: Answer | None) -> dict[str, Array]:
    if part is None or answer is None:
        return {}
    return curve_scores(answer, part.targets, part.share)


def _record(
    epoch: int, scored: Sequence[dict[str, Array]], place: int | None, running_loss: float
) -> EpochRecord:
    train, val = (
        {name: float(value if place is None else value[place]) for name, value in scores.items()}
        for scores in scored
    )
    return EpochRecord(epoch, train, val, float(running_loss))
