"""Experiments from drawing rows to a verdict: two learners trained by the engine, many times over.

Two kinds of learners are equal in distribution by construction:

- "streams": one network on the same rows, from different initial weights and batch orders. Also
  equal on any given rows: the null of "fixed", whose verdicts speak about "these rows" only.
- "mirrored": the first sees inputs 0 and 1, the second inputs 2 and 3, which are drawn alike. On
  one finite table one of them is better by luck, over all its splits: what "splits" must not take
  for a finding. On given test rows such luck is a true difference, so they are no null of "fixed".

One learner can be made worse by a smaller learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from oracles.assembly import Course, One, Problem, assemble

from overfit_cli.comparison.records import Arm, Resample, Trial, Verdict
from overfit_cli.comparison.verdicts import default_rope, verdicts_of
from overfit_cli.core.answers import Units
from overfit_cli.core.descent import TrainingData
from overfit_cli.core.engine import train as train_replicas
from overfit_cli.core.evaluation import Part, View
from overfit_cli.core.layout import Layout
from overfit_cli.core.metrics import shares
from overfit_cli.core.network import Network
from overfit_cli.data.dataset import FREE, TEST, Dataset
from overfit_cli.data.request import DataRequest
from overfit_cli.data.splits import split

Floats = NDArray[np.floating[Any]]
Rows = tuple[Floats, NDArray[np.intp]]

N_TRAIN, N_GIVEN, EPOCHS, RATE = 60, 60, 8, 0.1
TOGETHER = 50  # experiments in one stack
NETWORK = Network(Layout((2, 6, 1)), "tanh", "bernoulli")


@dataclass(frozen=True)
class Design:
    """Experiments of two learners over some seeds.

    rate: factor on the second learner's learning rate. same_table: all experiments have the same
    table and given test rows, and other seeds. rows: of the table that "splits" and "fixed" split;
    a fifth tests, a fifth is held out, and of the others N_TRAIN train.
    """

    resample: Resample
    learners: Literal["streams", "mirrored"]
    experiments: int
    seeds: int = 10
    rate: float = 1.0
    same_table: bool = False
    rows: int = 100

    @property
    def test_over_train(self) -> float:
        # those that N_TRAIN leaves out count: see comparison/problem.py
        return 0.2 / 0.6 if self.resample == "splits" else 0.0


def scores(design: Design, first: int = 0) -> Floats:
    """Return the test nll of both learners, (experiments, seeds, 2), from number `first` on."""
    numbers = range(first, first + design.experiments)
    blocks = [numbers[k : k + TOGETHER] for k in range(0, len(numbers), TOGETHER)]
    return np.concatenate([_trained(design, block) for block in blocks])


def verdict(design: Design, nll: Floats) -> Verdict:
    """Return the verdict of one experiment with test nll (seeds, 2)."""
    first, second = (_arm(name, nll[:, place]) for place, name in enumerate(["first", "second"]))
    rope = default_rope("nll", nll[:, 0])
    (only,) = verdicts_of(
        [first, second], "first", "nll", design.resample, design.test_over_train, rope, []
    )
    return only


def _arm(name: str, values: Floats) -> Arm:
    trials = [
        Trial(f"{name}-{seed}", seed, {}, None, {"test": {"nll": float(value)}}, 0.0, 0)
        for seed, value in enumerate(values)
    ]
    return Arm(name, tuple(trials), ())


def _trained(design: Design, experiments: range) -> Floats:
    """Train both learners for all seeds of some experiments, in one stack."""
    mirrored = design.learners == "mirrored"
    columns = [slice(0, 2), slice(2, 4) if mirrored else slice(0, 2)]
    pairs = [pair for experiment in experiments for pair in _splits(design, experiment)]
    parts = [(_part(train, seen), _part(test, seen)) for train, test in pairs for seen in columns]
    ones = [
        One(
            seed=experiments.start * design.seeds + place // 2,
            member=0 if mirrored else place % 2,
            lr=RATE * (design.rate if place % 2 else 1.0),
            view=place,
        )
        for place in range(len(parts))
    ]
    data = TrainingData(
        np.concatenate([train.inputs for train, _ in parts]),
        np.concatenate([train.targets for train, _ in parts])[:, None].astype(float),
        None,
    )
    units = Units(np.zeros(1), np.ones(1))
    views = tuple(View(train, test, units) for train, test in parts)
    found = _final_nll(Problem(NETWORK, data, views, N_TRAIN), ones)
    return found.reshape(len(experiments), design.seeds, 2)


def _final_nll(problem: Problem, ones: list[One]) -> Floats:
    course = Course(batch_size=20, epochs=EPOCHS, eval_every=EPOCHS)
    parts = assemble(problem, ones, course)
    found = np.full(len(ones), np.nan)
    steps = train_replicas(
        parts.replicas, parts.hooks, parts.descent, parts.evaluator, EPOCHS, course.eval_every
    )
    for epoch, records in steps:
        if epoch == EPOCHS:
            for run, record in records:
                found[run] = record.val["nll"]
    return found


def _part(rows: Rows, seen: slice) -> Part:
    return Part(rows[0][:, seen], rows[1], None, shares(len(rows[0]), None))


def _splits(design: Design, experiment: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield training and test rows of each seed of one experiment."""
    rng = np.random.default_rng([7, 0 if design.same_table else experiment])
    if design.resample == "draws":
        for _ in range(design.seeds):
            yield _drawn(rng, N_TRAIN), _drawn(rng, N_GIVEN)
        return
    given = N_GIVEN if design.resample == "fixed" else 0
    n_rows = design.rows + given
    inputs, codes = _drawn(rng, n_rows)
    table = _table(inputs, codes, np.where(np.arange(n_rows) < design.rows, FREE, TEST))
    request = DataRequest(resample=design.resample, train_size=N_TRAIN)
    for seed in range(design.seeds):
        rows = split(table, request, experiment * design.seeds + seed)
        yield (inputs[rows.train], codes[rows.train]), (inputs[rows.test], codes[rows.test])


def _drawn(rng: np.random.Generator, n: int) -> Rows:
    codes = rng.integers(0, 2, n)
    centres = np.where(codes[:, None] == 1, 1.0, -1.0) * [1.2, 0.6, 1.2, 0.6]
    return centres + rng.standard_normal((n, 4)), codes


def _table(inputs: Floats, codes: NDArray[np.intp], part: NDArray[np.intp]) -> Dataset:
    return Dataset(
        name="drawn",
        task="classification",
        numeric=inputs,
        numeric_names=("a", "b", "c", "d"),
        codes=np.empty((len(inputs), 0), np.intp),
        categories=(),
        target=codes,
        target_names=("y",),
        classes=("0", "1"),
        row_ids=np.arange(len(inputs)),
        fingerprint="",
        part=part.astype(np.int8) if (part == TEST).any() else None,
    )
