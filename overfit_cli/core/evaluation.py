"""Clean evaluation of a stack in training: curves per run, and what stop rules look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.answers import Answer, Units, average, classify, pool, regress
from overfit_cli.core.ballot import Ballot
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


@dataclass(frozen=True)
class _Seen:
    """Rows as a group of replicas sees them.

    inputs: one (n, D) for all, or one each; the others as in Part, or with a leading axis R.
    """

    inputs: Sequence[Array]
    targets: NDArray[Any]
    standardised: Array | None
    share: Array

    @classmethod
    def by(cls, parts: Sequence[Part]) -> _Seen:
        """Return what replicas with these parts, equally many rows each, see."""
        first = parts[0]
        if all(part is first for part in parts):
            return cls([first.inputs], first.targets, first.standardised, first.share)
        standardised = [part.standardised for part in parts if part.standardised is not None]
        return cls(
            [part.inputs for part in parts],
            np.stack([part.targets for part in parts]),
            np.stack(standardised) if standardised else None,
            np.stack([part.share for part in parts]),
        )


@dataclass(frozen=True)
class _Group:
    """Replicas that are evaluated at once: their places in the stack, and what they see.

    units: mean and scale (R, 1, T), for regression.
    """

    places: NDArray[np.intp]
    train: _Seen
    val: _Seen | None
    units: Units

    @classmethod
    def of(cls, places: NDArray[np.intp], views: Sequence[View]) -> _Group:
        """Return the group of replicas with these views, one each."""
        vals = [view.val for view in views if view.val is not None]
        return cls(
            places,
            _Seen.by([view.train for view in views]),
            _Seen.by(vals) if vals else None,
            Units(
                np.stack([view.units.mean for view in views])[:, None],
                np.stack([view.units.scale for view in views])[:, None],
            ),
        )


def residual_variance(outputs: Array, part: Part | _Seen) -> Array:
    """Return the weighted mean squared residual (R, T) of outputs (R, n, T), standardised."""
    if part.standardised is None:
        raise TypeError("only regression targets leave residuals")
    squared = (outputs.astype(np.float64) - part.standardised) ** 2
    return np.asarray((squared * part.share[..., None]).sum(axis=1))


# Of training and validation rows, standardised for regression: (R, n, K).
Outputs = tuple[Array, Array | None]


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
        self._grouped: tuple[NDArray[np.intp], list[_Group]] = np.empty(0, np.intp), []
        self._votes: dict[int, Outputs] = {}
        # by run: how many draws, or the log of what weight, its running average holds
        self._counts: dict[int, int] = {}
        self._log_weights: dict[int, float] = {}
        self._averages: dict[int, tuple[Answer, Answer | None]] = {}

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
        for group in self._groups(replicas.ids):
            here = group.places
            chosen = parameters if len(here) == len(parameters) else parameters[here]
            noise = None if noise_variance is None else noise_variance[here]
            ids, outputs = replicas.ids[here], self._outputs(group, chosen)
            alone = not accumulate and bool(np.all(self.n_members[self.run_of[ids]] == 1))
            if alone or self.hooks.stop is not None:
                scored = _both_scores(group, self._answers(group, outputs, noise))
                for name, values in scored[1].items():
                    stop_metrics.setdefault(name, np.full(len(replicas), np.nan))[here] = values
            if alone:
                records += self._own_records(epoch, ids, scored, running_loss[here])
            else:
                records += self._run_records(
                    epoch, ids, outputs, noise, running_loss[here], accumulate
                )
        if self.held_out is not None:
            stop_metrics = self._held_out_metrics(replicas, parameters)
        return stop_metrics, records

    def tally(
        self, epoch: int, replicas: Replicas, ballots: Sequence[Ballot]
    ) -> list[tuple[int, EpochRecord]]:
        """Add a ballot per replica to its run's running average; return a record per run."""
        records = []
        for replica, ballot in zip(replicas.ids, ballots, strict=True):
            run, group = int(self.run_of[replica]), self._alone(int(replica))
            for part in ballot.parts():
                train, val = self._answers(
                    group, self._outputs(group, part.parameters), part.noise_variance
                )
                latest = (
                    average(train, part.log_weights),
                    None if val is None else average(val, part.log_weights),
                )
                before = self._log_weights.get(run, -np.inf)
                weights = np.array([before, np.logaddexp.reduce(part.log_weights)])
                self._add(run, latest, weights)
                self._log_weights[run] = float(np.logaddexp.reduce(weights))
            scored = _both_scores(group, self._averages[run])
            records.append((run, _record(epoch, scored, None, np.nan)))
        return records

    def _add(
        self, run: int, latest: tuple[Answer, Answer | None], log_weights: Array
    ) -> tuple[Answer, Answer | None]:
        """Return the run's running average with one more answer in it; log_weights (2,)."""
        if run in self._averages:
            train, val = self._averages[run]
            both = None if val is None or latest[1] is None else pool(val, latest[1], log_weights)
            latest = pool(train, latest[0], log_weights), both
        self._averages[run] = latest
        return latest

    def _groups(self, ids: NDArray[np.intp]) -> list[_Group]:
        """Return replicas in groups whose parts have equally many rows each."""
        if not np.array_equal(self._grouped[0], ids):
            places: dict[tuple[int, int], list[int]] = {}
            for place, view in enumerate(self._views_of(ids)):
                shape = (len(view.train), -1 if view.val is None else len(view.val))
                places.setdefault(shape, []).append(place)
            groups = [_Group.of(np.array(own), self._views_of(ids[own])) for own in places.values()]
            self._grouped = ids.copy(), groups
        return self._grouped[1]

    def _views_of(self, ids: NDArray[np.intp]) -> list[View]:
        return [self.views[number] for number in self.view_of[ids]]

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
            scaled = prediction_parameters(self.network.layout, self.hooks, hyper, parameters)
            train, val = self._outputs(self._alone(replica), scaled)
            self._votes[replica] = (train[0], None if val is None else val[0])

    def _alone(self, replica: int) -> _Group:
        return _Group.of(np.zeros(1, np.intp), [self.views[self.view_of[replica]]])

    def _outputs(self, group: _Group, parameters: Array) -> Outputs:
        train = forward(self.network, parameters, group.train.inputs)
        if group.val is None:
            return train, None
        return train, forward(self.network, parameters, group.val.inputs)

    def _answers(
        self, group: _Group, outputs: Outputs, noise_variance: Array | None
    ) -> tuple[Answer, Answer | None]:
        train, val = outputs
        if group.train.standardised is None:
            return (
                classify(self.network.likelihood, train),
                None if val is None else classify(self.network.likelihood, val),
            )
        if noise_variance is None:
            noise_variance = _estimated_noise(group, train, val)
        known = None if group.val is None else group.val.targets
        return (
            regress(train, noise_variance, group.units, group.train.targets),
            None if val is None else regress(val, noise_variance, group.units, known),
        )

    def _own_records(
        self,
        epoch: int,
        ids: NDArray[np.intp],
        scored: Sequence[dict[str, Array]],
        running_loss: Array,
    ) -> list[tuple[int, EpochRecord]]:
        """Return records of runs that are one replica each."""
        return [
            (int(self.run_of[replica]), _record(epoch, scored, place, running_loss[place]))
            for place, replica in enumerate(ids)
        ]

    def _run_records(
        self,
        epoch: int,
        ids: NDArray[np.intp],
        outputs: Outputs,
        noise: Array | None,
        running_loss: Array,
        accumulate: bool,
    ) -> list[tuple[int, EpochRecord]]:
        """Return records of runs whose members, or draws, are averaged."""
        train, val = outputs
        for place, replica in enumerate(ids):
            self._votes[int(replica)] = (train[place], None if val is None else val[place])
        records = []
        for run in np.unique(self.run_of[ids]):
            own = self.run_of[ids] == run
            group = self._alone(int(ids[own][0]))
            own_noise = None if noise is None else noise[own]
            answers = self._averaged(group, int(run), own_noise, accumulate)
            loss = float(running_loss[own].mean())
            records.append((int(run), _record(epoch, _both_scores(group, answers), None, loss)))
        return records

    def _averaged(
        self, group: _Group, run: int, noise: Array | None, accumulate: bool
    ) -> tuple[Answer, Answer | None]:
        votes = [self._votes[int(member)] for member in np.flatnonzero(self.run_of == run)]
        train = np.stack([vote[0] for vote in votes])
        vals = [vote[1] for vote in votes if vote[1] is not None]
        val = np.stack(vals) if vals else None
        if noise is None and group.train.standardised is not None:
            # one noise per run: the residuals of its averaged prediction
            means = (
                train.mean(axis=0, keepdims=True),
                None if val is None else val.mean(axis=0, keepdims=True),
            )
            noise = np.repeat(_estimated_noise(group, *means), len(votes), axis=0)
        equal = np.zeros(len(votes))
        answers = self._answers(group, (train, val), noise)
        now = (
            average(answers[0], equal),
            None if answers[1] is None else average(answers[1], equal),
        )
        if not accumulate:
            return now
        count = self._counts.get(run, 0)
        self._counts[run] = count + 1
        return self._add(run, now, np.log(np.array([max(1, count), 1.0])))

    def _held_out_metrics(self, replicas: Replicas, parameters: Array) -> dict[str, Array]:
        columns: dict[str, list[float]] = {}
        for place, replica in enumerate(replicas.ids):
            part = (self.held_out or [])[replica]
            view = View(part, part, self.views[self.view_of[replica]].units)
            group = _Group.of(np.zeros(1, np.intp), [view])
            outputs = self._outputs(group, parameters[place : place + 1])
            answers = self._answers(group, outputs, None)
            for name, value in _scores(group.val, answers[1]).items():
                columns.setdefault(name, []).append(float(value[0]))
        return {name: np.array(values) for name, values in columns.items()}


def _estimated_noise(group: _Group, train: Array, val: Array | None) -> Array:
    if val is None or group.val is None:
        return residual_variance(train, group.train)
    return residual_variance(val, group.val)


def _both_scores(group: _Group, answers: tuple[Answer, Answer | None]) -> list[dict[str, Array]]:
    return [_scores(group.train, answers[0]), _scores(group.val, answers[1])]


def _scores(seen: _Seen | None, answer: Answer | None) -> dict[str, Array]:
    if seen is None or answer is None:
        return {}
    return curve_scores(answer, seen.targets, seen.share)


def _record(
    epoch: int, scored: Sequence[dict[str, Array]], place: int | None, running_loss: float
) -> EpochRecord:
    train, val = (
        {name: float(value if place is None else value[place]) for name, value in scores.items()}
        for scores in scored
    )
    return EpochRecord(epoch, train, val, float(running_loss))
