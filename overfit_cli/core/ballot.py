"""Networks with weights: who votes for a run, and what a step adds to its running average."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from overfit_cli.core.layout import Array

# Networks evaluated together; more would only need more memory.
TALLIED = 64


@dataclass(frozen=True)
class Ballot:
    """Weighted networks of one run.

    parameters (m, P); log_weights (m,), up to one constant all through the run; noise_variance
    (m, T) of a regression in standardised units.
    """

    parameters: Array
    log_weights: Array
    noise_variance: Array | None = None

    def parts(self) -> Iterator[Ballot]:
        """Yield it in parts of at most TALLIED networks."""
        for start in range(0, len(self.parameters), TALLIED):
            own = slice(start, start + TALLIED)
            noise = None if self.noise_variance is None else self.noise_variance[own]
            yield Ballot(self.parameters[own], self.log_weights[own], noise)
