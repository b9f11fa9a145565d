"""How many processes work deserves, if the user does not say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from overfit_cli.batch.estimate import RUN_OPERATIONS
from overfit_cli.batch.tasks import LOADER
from overfit_cli.data.dataset import Prepared
from overfit_cli.executors import available_cores
from overfit_cli.experiment.loading import size_of
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.work import operations

# Starting worker processes takes longer than this much work in one.
SMALL = 5e10

# What a process takes: the program, half of it a compiler where there is one, and its rows as they
# were read, as they are split, as they are gathered for a stack.
PROCESS_BYTES = 2.5e8
ROW_COPIES = 3

# So many runs like this one, on these data.
Work = tuple[float, RunSpec, Prepared]


def planned(plan: Plan) -> Iterator[Work]:
    """Yield the work of a plan, by one setting of each table."""
    for count, specs in plan.samples(1):
        for spec in specs:
            yield count / len(specs), spec, LOADER.prepared(spec)


def workers_for(work: Iterable[Work]) -> int:
    """Return 0 where processes would take longer to start; else a core each, as memory allows."""
    total = runs = largest = 0.0
    for count, spec, data in work:
        total += count * (operations(spec, data) + RUN_OPERATIONS)
        runs += count
        largest = max(largest, size_of(data))
    if total < SMALL:
        return 0
    room = _memory() / 2 / (PROCESS_BYTES + ROW_COPIES * largest)
    return int(max(1, min(available_cores(), runs, room)))


def _memory() -> float:
    """Return the bytes of memory of this machine."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on every system
        return float("inf")
