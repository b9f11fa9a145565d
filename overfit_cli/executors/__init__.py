"""Where tasks run: in this process, in local processes, on a Dask cluster.

A new executor is one file and one line here. Nothing heavy is imported before it is chosen.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable

from overfit_cli.errors import UsageError, choose
from overfit_cli.executors.executor import Executor


def _serial(workers: int | None, scheduler: str | None, stall: float, silent: bool) -> Executor:
    from overfit_cli.executors.serial import Serial

    if workers not in (None, 1):
        raise UsageError(f"--workers {workers}: serial has one; choose --executor processes.")
    return Serial()


def _processes(workers: int | None, scheduler: str | None, stall: float, silent: bool) -> Executor:
    from overfit_cli.executors.processes import Processes

    return Processes(workers or available_cores(), stall, silent)


def _dask(workers: int | None, scheduler: str | None, stall: float, silent: bool) -> Executor:
    from overfit_cli.executors.dask import Dask

    if scheduler is None:
        raise UsageError("--executor dask: name the cluster: --scheduler tcp://HOST:8786.")
    if workers is not None:
        raise UsageError(f"--workers {workers}: with --executor dask the cluster says how many.")
    return Dask(scheduler)


EXECUTORS: dict[str, Callable[[int | None, str | None, float, bool], Executor]] = {
    "serial": _serial,
    "processes": _processes,
    "dask": _dask,
}


def executor_of(
    name: str,
    workers: int | None = None,
    scheduler: str | None = None,
    stall: float = 1800.0,
    silent: bool = False,
) -> Executor:
    """Return the executor of that name, not yet entered.

    workers: processes at the same time, else one per core. scheduler: address of a Dask cluster.
    stall: seconds without a sign of life after which a worker process is taken for hung. silent:
    see Processes; for a process that is nothing but this program.

    Raises:
        UsageError: for an unknown name, and for a value that is wrong or of another executor.
    """
    choose(name, EXECUTORS, "executor")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: at least 1.")
    if not (0 < stall < math.inf):
        raise UsageError(f"stall {stall:g}: a number of seconds above 0.")
    if scheduler is not None and name != "dask":
        raise UsageError(f"--scheduler {scheduler}: choose --executor dask with it.")
    return EXECUTORS[name](workers, scheduler, stall, silent)


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
