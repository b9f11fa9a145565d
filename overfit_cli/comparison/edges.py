"""Settings chosen at the edge of what was tried, where a wider grid may hold better ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from overfit_cli.comparison.grouping import ArmRuns, values_tried
from overfit_cli.comparison.records import Arm

FEWEST = 3
"""Values below which a grid has nothing but edges."""

SHARES = ("p", "p_input", "swag_start")
COUNTS = (
    "hidden", "batch_size", "epochs", "patience", "chains", "samples", "leapfrog", "cycles",
    "thin", "draws", "mc_samples",
)  # fmt: skip
ENDS = dict.fromkeys((*SHARES, *COUNTS), 1) | dict.fromkeys(("members", "rounds", "grid_values"), 2)
"""Values beyond which an option cannot go; besides zero and infinity, beyond which none can."""


def edges_told(groups: Iterable[ArmRuns], arms: Sequence[Arm]) -> Iterator[str]:
    """Yield one sentence about every option that half of a method's seeds chose at its edge."""
    runs = {group.name: group for group in groups}
    # what `tune` drew lies within a range, whose edges are not known here
    found = [edge for arm in arms if not arm.tuned for edge in _edges(runs[arm.name], arm)]
    if found:
        listed = ", ".join([f"{found[0]} seeds)", *(f"{edge})" for edge in found[1:])])
        yield f"chosen at the edge of what was tried: {listed}: a wider grid may find better."


def _edges(group: ArmRuns, arm: Arm) -> Iterator[str]:
    """Yield `l1 l1=0.004 (highest of 4, 10 of 10`, for each option that has such a value."""
    tried = values_tried(group.runs)
    for name in arm.varied:
        values = {value: _number(value) for value in tried[name]}
        if len(values) < FEWEST or any(map(math.isnan, values.values())):
            continue
        chosen = Counter(trial.setting.get(name, "") for trial in arm.trials)
        for word, pick in (("lowest", min), ("highest", max)):
            edge = pick(values, key=values.__getitem__)
            # of settings that are equally good the first was taken, which is an edge by itself
            often = 2 * (chosen[edge] - arm.tied) >= len(arm.trials) > 0
            if often and not _is_end(name, values[edge]):
                of = f"{word} of {len(values)}, {chosen[edge]} of {len(arm.trials)}"
                yield f"{arm.name} {name}={edge} ({of}"


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _is_end(name: str, value: float) -> bool:
    """Whether nothing lies beyond `value`."""
    return value in (0, math.inf, ENDS.get(name))
