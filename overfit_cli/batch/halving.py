"""Successive halving: how many settings train on after each rung, and the rule that ends the rest.

Source: Jamieson & Talwalkar 2016, algorithm 1; the names are those of Li et al. 2018 (Hyperband).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.hooks import Hyper, Stop
from overfit_cli.core.layout import Array

# The hyperparameter that tells each replica's run.
RUN = "halving.run"


@dataclass(frozen=True)
class Ladder:
    """Settings that race side by side.

    rungs: epochs after which some leave, ascending, all before `epochs`; keeps: how many settings
    train on after each.
    """

    settings: int
    epochs: int
    rungs: tuple[int, ...] = ()
    keeps: tuple[int, ...] = ()

    @property
    def cost(self) -> int:
        """Epochs of all settings, if nothing stops before its time."""
        ends = (*self.rungs, self.epochs)
        counts = (self.settings, *self.keeps)
        lengths = (end - start for start, end in zip((0, *self.rungs), ends, strict=True))
        return sum(n * own for n, own in zip(counts, lengths, strict=True))

    @property
    def whole(self) -> int:
        """Epochs of the whole grid."""
        return self.settings * self.epochs

    def widened(self) -> list[Ladder]:
        """Return the ladders that keep one setting more after one rung, the last rung first."""
        before = (self.settings, *self.keeps)
        return [
            replace(self, keeps=(*self.keeps[:rung], keep + 1, *self.keeps[rung + 1 :]))
            for rung, keep in reversed(list(enumerate(self.keeps)))
            if keep < before[rung]
        ]


def depth_of(settings: int, eta: int) -> int:
    """Return the rungs after which one of so many settings is left: floor(log_eta n)."""
    depth = 0
    while eta ** (depth + 1) <= settings:
        depth += 1
    return depth


def ladder(settings: int, epochs: int, eval_every: int, eta: int, depth: int) -> Ladder:
    """Return the ladder on which one of eta settings, one at least, survives each rung.

    Rung k of `depth` lies at epochs * eta^(k - 1 - depth), rounded down to an epoch that is
    evaluated; rungs that fall together are one.
    """
    keeps: dict[int, int] = {}
    for number in range(1, depth + 1):
        rung = epochs // eta ** (depth + 1 - number) // eval_every * eval_every
        if rung:
            keeps[rung] = max(1, settings // eta**number)
    return Ladder(settings, epochs, tuple(keeps), tuple(keeps.values()))


def filled(ladders: Sequence[Ladder], budget: int) -> list[Ladder]:
    """Return ladders that keep more settings, the finalists first, as far as the budget reaches."""
    found, changed = list(ladders), True
    while changed:
        changed = False
        for place, own in enumerate(found):
            spare = budget - sum(each.cost for each in found)
            wider = [each for each in own.widened() if each.cost - own.cost <= spare]
            if wider:
                found[place], changed = wider[0], True
    return found


def halving(keep: Mapping[int, int], metric: str, inner: Stop | None) -> Stop:
    """Return the stop rule that ends the worse settings of a stack at its rungs.

    keep: how many settings train on after each rung's epoch. Settings still in training are ranked
    by the mean over their members of the validation `metric`, at the epoch that would be restored
    where `inner`, a stop rule of the method's own, restores one; among equals the first stays.
    Whatever `inner` has ended costs nothing more and is not ranked. Without `inner` every epoch
    counts as improved, so that the last one is restored. Needs the column RUN; state "lost" (R,)
    tells who was ended here.
    """

    def init(hyper: Hyper) -> dict[str, NDArray[Any]]:
        n_replicas = len(hyper[RUN])
        own = {"score": np.full(n_replicas, np.nan), "lost": np.zeros(n_replicas, np.bool_)}
        return own if inner is None else own | inner.init(hyper)

    def observe(
        hyper: Hyper, state: dict[str, NDArray[Any]], epoch: int, metrics: Mapping[str, Array]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        improved, stop = np.ones(len(hyper[RUN]), np.bool_), np.zeros(len(hyper[RUN]), np.bool_)
        if inner is not None:
            improved, stop = inner.observe(hyper, state, epoch, metrics)
        state["score"] = np.where(improved, metrics[metric], state["score"])
        if epoch in keep:
            racing = ~stop
            lost = losers(hyper[RUN][racing], state["score"][racing], keep[epoch])
            state["lost"] = racing & np.isin(hyper[RUN], lost)
        return improved, stop | state["lost"]

    return Stop(init, observe)


def losers(runs: NDArray[np.intp], scores: Array, keep: int) -> NDArray[np.intp]:
    """Return the runs beyond the `keep` best; runs, scores (R,): one per member, lower is better.

    What is not a number comes last.
    """
    found, place = np.unique(runs, return_inverse=True)
    means = np.bincount(place, scores) / np.bincount(place)
    return found[np.argsort(means, kind="stable")[keep:]]
