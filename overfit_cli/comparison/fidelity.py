"""Every method's predictive distributions against one reference's: seed by seed, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from overfit_cli.comparison.distance import agreement, normal_total_variation, total_variation
from overfit_cli.comparison.grouping import ArmRuns
from overfit_cli.comparison.records import Arm, Fidelity
from overfit_cli.records import Predictions, RunResult

Load = Callable[[Sequence[str]], Iterable[RunResult]]

# What the others approximate: every draw has its posterior weight, without a parametric form.
REFERENCE = "hmc"

NOT_STORED = "predictions were not stored"
OTHER_ROWS = "the test rows differ"
NOT_FINITE = "a prediction is not finite"


def reference_names(arms: Sequence[ArmRuns]) -> dict[str, str]:
    """Return arm by each name it may be called: its own, or its inference's if no other has it."""
    inferences = [(_inference(arm), arm.name) for arm in arms]
    alone = {own: name for own, name in inferences if [o for o, _ in inferences].count(own) == 1}
    return {own: name for own, name in alone.items() if own} | {arm.name: arm.name for arm in arms}


def reference_of(arms: Sequence[ArmRuns], asked: str | None) -> str | None:
    """Return the arm that was asked for; without a wish HMC's, None where there is none."""
    return reference_names(arms).get(REFERENCE if asked is None else asked)


def _inference(arm: ArmRuns) -> str:
    """Return the one inference of all runs, "" if there is not one."""
    found = {run.settings.get("inference", "") for run in arm.runs}
    return found.pop() if len(found) == 1 else ""


def fidelities(arms: Sequence[Arm], reference: str | None, load: Load) -> tuple[Fidelity, ...]:
    """Return how near every other arm is to the reference: the chosen runs of each seed they share.

    load: yields stored runs, predictions included, in the order of their ids; two are held at once.
    """
    if reference is None:
        return ()
    named = {arm.name: arm for arm in arms}
    base = named.pop(reference)
    found = {name: _Seeds() for name in named}
    for trial in base.trials:
        rivals = {
            other.run_id: name
            for name, arm in named.items()
            for other in arm.trials
            if other.seed == trial.seed
        }
        results = iter(load([trial.run_id, *rivals]))
        first = next(results).predictions
        for name, result in zip(rivals.values(), results, strict=True):
            found[name].add(trial.seed, result.predictions, first)
    return tuple(each.fidelity(name, reference) for name, each in found.items())


@dataclass
class _Seeds:
    """One method's distances as they come: (agreement or None, total variation) by seed."""

    near: dict[int, tuple[float | None, float]] = field(default_factory=dict)
    unpaired: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, seed: int, own: Predictions | None, reference: Predictions | None) -> None:
        found = _distances(own, reference)
        if isinstance(found, str):
            self.unpaired[found] = (*self.unpaired.get(found, ()), seed)
        else:
            self.near[seed] = found

    def fidelity(self, name: str, reference: str) -> Fidelity:
        return Fidelity(
            arm=name,
            reference=reference,
            seeds=tuple(self.near),
            agreement=tuple(same for same, _ in self.near.values() if same is not None),
            total_variation=tuple(apart for _, apart in self.near.values()),
            unpaired=self.unpaired,
        )


def _distances(
    own: Predictions | None, reference: Predictions | None
) -> tuple[float | None, float] | str:
    """Return agreement and total variation, or why there are none.

    Rows count by their weights, as in every other score. A regression is compared as the Normal of
    its stored mean and standard deviation: what an average over networks keeps of its mixture.
    """
    if own is None or reference is None:
        return NOT_STORED
    at, there = (np.argsort(rows.ids, kind="stable") for rows in (own, reference))
    if not np.array_equal(own.ids[at], reference.ids[there]):
        return OTHER_ROWS
    one, other, same = own.outputs[at], reference.outputs[there], None
    weights = np.ones(len(at)) if own.weights is None else own.weights[at]
    share = weights / weights.sum()
    if own.noise is not None and reference.noise is not None:
        apart = normal_total_variation(one, own.noise[at], other, reference.noise[there], share)
    else:
        same, apart = agreement(one, other, share), total_variation(one, other, share)
    return (same, apart) if np.isfinite(apart) else NOT_FINITE
