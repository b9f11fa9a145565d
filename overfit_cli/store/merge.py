"""Bringing the runs of another store here: each once, whole, the better of two records kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from overfit_cli.store import rows
from overfit_cli.store.rows import Row
from overfit_cli.store.transaction import transaction

Fate = Literal["new", "replaced", "known"]

# What trained to the end is worth more than what did not; a worker's death says least.
_RANK = {"done": 2, "diverged": 1, "failed": 0}


@dataclass
class Merged:
    """What became of a source's runs, by id.

    new: were not here. replaced: were here damaged, unfinished, or without the model. known: were
    here as good. damaged: in the source, and left there. missing: runs that the source should
    hold, and of which nothing is left. disputed: the metric by which a batch chooses its settings,
    here and in the source, where they differ.
    """

    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    missing: int = 0
    disputed: dict[str, tuple[str, str]] = field(default_factory=dict)


def put(target: sqlite3.Connection, row: Row, packed: Mapping[str, bytes]) -> Fate:
    """Store an intact row of another store in one transaction, and tell what became of it.

    It takes the place of a damaged record, of one that came less far, or of one without the model
    that it has; either way the run is a member of the batches of both.
    """
    with transaction(target):
        old = rows.find(target, row.run_id)
        if old is None or not old.is_whole():
            return _insert(target, row, packed, row.batch_names(), old)
        earlier = old.batch_names()
        batches = (*earlier, *(name for name in row.batch_names() if name not in earlier))
        if _is_better(row, packed, old):
            return _insert(target, row, packed, batches, old)
        # what is known already stays where it is in the order of runs, unless it joins a batch
        if batches != earlier:
            rows.rebatch(target, old, batches)
        return "known"


def _insert(
    target: sqlite3.Connection,
    row: Row,
    packed: Mapping[str, bytes],
    batches: tuple[str, ...],
    old: Row | None,
) -> Fate:
    rows.delete(target, [row.run_id])
    rows.insert(target, Row.sealed(row.run_id, row.status, batches, row.record), packed)
    return "new" if old is None else "replaced"


def _is_better(new: Row, packed: Mapping[str, bytes], old: Row) -> bool:
    ranks = _RANK.get(new.status, 0), _RANK.get(old.status, 0)
    if ranks[0] != ranks[1]:
        return ranks[0] > ranks[1]
    return "model" in packed and "model" not in old.decoded()["parts"]
