"""Which epochs of a curve are printed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

SPREAD = 9
"""How many epochs between the first and the last: about a dozen rows with the marked ones."""


def chosen(epochs: Iterable[int], keep: Collection[int], every: int | None = None) -> list[int]:
    """Return the epochs to print: first, last, those of `keep`, and a spread between them.

    `every` prints each multiple of it; without it about ten, closer together at the start,
    where curves bend.
    """
    known = sorted(epochs)
    if not known:
        return []
    wanted = {known[0], known[-1], *set(keep).intersection(known)}
    if every is not None:
        wanted.update(epoch for epoch in known if epoch % every == 0)
    else:
        wanted.update(_spread(known, wanted))
    return sorted(wanted)


def _spread(known: list[int], kept: Collection[int]) -> set[int]:
    """Return epochs in equal ratios, less those next to one that is kept anyway."""
    if len(known) <= SPREAD + 2:
        return set(known)
    ratio = known[-1] ** (1 / SPREAD)
    targets = [ratio**step for step in range(SPREAD)]
    nearest = {min(known[1:], key=lambda epoch: abs(epoch - target)) for target in targets}
    close = math.sqrt(ratio)
    return {e for e in nearest if not any(k / close < e < k * close for k in kept if k > 0)}
