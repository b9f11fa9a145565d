"""Random streams keyed by what they are for, never by position in a stack or a queue."""

from __future__ import annotations

import numpy as np

# Numbers, not hashes of names, so that a renamed purpose keeps its stream. Never reuse one.
PURPOSES = {
    "split": 1,
    "initial-weights": 2,
    "batch-order": 3,
    "mask": 4,
    "label-noise": 5,
    "generator": 6,
    "evaluation-rows": 7,
    "momentum": 8,
    "precision": 9,
    "mc-mask": 10,
    "trajectory": 11,
    "accept": 12,
    "folds": 13,
    "noise": 14,
    "draw": 15,
    "voters": 16,
    "trials": 17,
}


def stream(seed: int, purpose: str, member: int = 0, part: int = 0) -> np.random.Generator:
    """Return the generator of (seed, purpose, member, part).

    `part` tells apart what one member draws side by side, such as the masks of two layers.
    SFC64 seeded through SeedSequence, which mixes the whole key (O'Neill's hash), so that
    neighbouring keys give independent streams.

    Raises:
        KeyError: if `purpose` is not in PURPOSES.
    """
    key = np.random.SeedSequence([seed, PURPOSES[purpose], member, part])
    return np.random.Generator(np.random.SFC64(key))
