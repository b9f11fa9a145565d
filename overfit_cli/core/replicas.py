"""Everything that leads with R while a stack trains, and the only place where replicas leave it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.layout import Array
from overfit_cli.rng import stream


@dataclass
class Replicas:
    """The replicas still in training.

    ids (R,): their numbers in the whole stack. keys: (seed, member) of each, from which every
    random stream is made. hyper: hyperparameters, arrays that lead with R. rows (R, n): each
    one's training rows. parameters (R, P). state: what the stepper and the stop rule carry along.
    """

    ids: NDArray[np.intp]
    keys: list[tuple[int, int]]
    hyper: dict[str, NDArray[Any]]
    rows: NDArray[np.intp]
    parameters: Array
    state: dict[str, NDArray[Any]] = field(default_factory=dict)
    _streams: dict[tuple[str, int], list[np.random.Generator]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return R."""
        return len(self.ids)

    def streams(self, purpose: str, part: int = 0) -> list[np.random.Generator]:
        """Return one generator per replica, made when first asked for and carried on from there."""
        name = (purpose, part)
        if name not in self._streams:
            self._streams[name] = [
                stream(seed, purpose, member, part) for seed, member in self.keys
            ]
        return self._streams[name]

    def keep(self, stay: NDArray[np.bool_]) -> None:
        """Drop the replicas where `stay` (R,) is false."""
        chosen = np.flatnonzero(stay)
        self.ids, self.rows = self.ids[chosen], self.rows[chosen]
        self.parameters = self.parameters[chosen]
        self.keys = [self.keys[index] for index in chosen]
        self.hyper = {name: array[chosen] for name, array in self.hyper.items()}
        self.state = {name: array[chosen] for name, array in self.state.items()}
        self._streams = {
            name: [generators[index] for index in chosen]
            for name, generators in self._streams.items()
        }
