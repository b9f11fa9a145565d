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
    if part.standardised is None:
        raise TypeError("only regression targets leave residuals")
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
        self._votes: dict[int, tuple[Array, Array | None]] = {}
        self._averages: dict[int, tuple[int, Answer, Answer | None]] = {}

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
            outputs = self._outputs(view, chosen)
            if view.val is not None:
                _, val = self._answers(view, outputs, noise)
                for name, values in _scores(view.val, val).items():
                    stop_metrics.setdefault(name, np.full(len(replicas), np.nan))[here] = values
            records += self._records(
                epoch, view, replicas.ids[here], outputs, noise, running_loss[here], accumulate
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
            train, val = self._outputs(view, scaled)
            self._votes[replica] = (train[0], None if val is None else val[0])

    def _outputs(self, view: View, parameters: Array) -> tuple[Array, Array | None]:
        train = forward(self.network, parameters, view.train.inputs)
        return train, None if view.val is None else forward(
            self.network, parameters, view.val.inputs
        )

    def _answers(
        self, view: View, outputs: tuple[Array, Array | None], noise_variance: Array | None
    ) -> tuple[Answer, Answer | None]:
        train, val = outputs
        if view.train.standardised is None:
            return (
                classify(self.network.likelihood, train),
                None if val is None else classify(self.network.likelihood, val),
            )
        if noise_variance is None:
            noise_variance = _estimated_noise(view, train, val)
        known = None if view.val is None else view.val.targets
        return (
            regress(train, noise_variance, view.units, view.train.targets),
            None if val is None else regress(val, noise_variance, view.units, known),
        )

    def _records(
        self,
        epoch: int,
        view: View,
        ids: NDArray[np.intp],
        outputs: tuple[Array, Array | None],
        noise: Array | None,
        running_loss: Array,
        accumulate: bool,
    ) -> list[tuple[int, EpochRecord]]:
        train, val = outputs
        if not accumulate and np.all(self.n_members[self.run_of[ids]] == 1):
            scored = _both_scores(view, self._answers(view, outputs, noise))
            return [
                (int(self.run_of[replica]), _record(epoch, scored, place, running_loss[place]))
                for place, replica in enumerate(ids)
            ]
        for place, replica in enumerate(ids):
            self._votes[int(replica)] = (train[place], None if val is None else val[place])
        records = []
        for run in np.unique(self.run_of[ids]):
            own = self.run_of[ids] == run
            own_noise = None if noise is None else noise[own]
            answers = self._averaged(view, int(run), own_noise, accumulate)
            loss = float(running_loss[own].mean())
            records.append((int(run), _record(epoch, _both_scores(view, answers), None, loss)))
        return records

    def _averaged(
        self, view: View, run: int, noise: Array | None, accumulate: bool
    ) -> tuple[Answer, Answer | None]:
        votes = [self._votes[int(member)] for member in np.flatnonzero(self.run_of == run)]
        train = np.stack([vote[0] for vote in votes])
        vals = [vote[1] for vote in votes if vote[1] is not None]
        val = np.stack(vals) if vals else None
        if noise is None and view.train.standardised is not None:
            # one noise per run: the residuals of its averaged prediction
            means = (
                train.mean(axis=0, keepdims=True),
                None if val is None else val.mean(axis=0, keepdims=True),
            )
            noise = np.repeat(_estimated_noise(view, *means), len(votes), axis=0)
        equal = np.zeros(len(votes))
        answers = self._answers(view, (train, val), noise)
        now = (
            average(answers[0], equal),
            None if answers[1] is None else average(answers[1], equal),
        )
        if not accumulate:
            return now
        count, old_train, old_val = self._averages.get(run, (0, None, None))
        pooled = (
            pool(old_train, count, now[0]),
            None if now[1] is None else pool(old_val, count, now[1]),
        )
        self._averages[run] = (count + 1, *pooled)
        return pooled

    def _held_out_metrics(self, replicas: Replicas, parameters: Array) -> dict[str, Array]:
        columns: dict[str, list[float]] = {}
        for place, replica in enumerate(replicas.ids):
            part = (self.held_out or [])[replica]
            view = View(part, part, self.views[self.view_of[replica]].units)
            outputs = self._outputs(view, parameters[place : place + 1])
            _, answer = self._answers(view, outputs, None)
            for name, value in _scores(part, answer).items():
                columns.setdefault(name, []).append(float(value[0]))
        return {name: np.array(values) for name, values in columns.items()}


def _estimated_noise(view: View, train: Array, val: Array | None) -> Array:
    if val is None or view.val is None:
        return residual_variance(train, view.train)
    return residual_variance(val, view.val)


def _both_scores(view: View, answers: tuple[Answer, Answer | None]) -> list[dict[str, Array]]:
    return [_scores(view.train, answers[0]), _scores(view.val, answers[1])]


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
