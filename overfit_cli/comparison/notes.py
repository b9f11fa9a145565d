"""What was said of the data while they were prepared, each thing once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from overfit_cli.comparison.run import Run


def notes_of(runs: Iterable[Run]) -> tuple[str, ...]:
    """Return every note of one data set; one that differs by seed in its numbers only as one."""
    by_seed: dict[int, tuple[str, ...]] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        # what failed before its data were read has none
        by_seed[run.seed] = by_seed.get(run.seed) or run.notes
    alike: dict[str, dict[int, str]] = {}
    for seed, notes in by_seed.items():
        for note in notes:
            alike.setdefault(re.sub(r"\d+", "#", note), {}).setdefault(seed, note)
    return tuple(_told(found, len(by_seed)) for found in alike.values())


def _told(found: dict[int, str], n_seeds: int) -> str:
    """Return the note, with its seed where the others have another one or none."""
    first, note = next(iter(found.items()))
    if len(found) == n_seeds and len(set(found.values())) == 1:
        return note
    have = "has" if len(found) == 1 else "have"
    return f"{note} (seed {first}; {len(found)} of {n_seeds} seeds {have} one like it)"
