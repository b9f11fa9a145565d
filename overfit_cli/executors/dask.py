"""Tasks on a Dask cluster that is running already."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from overfit_cli.errors import RunsFailed, UsageError
from overfit_cli.executors.attempt import Outcome, attempt, reason
from overfit_cli.executors.executor import Finished, Result, Task, Watch, unwatched

PATIENCE = 5.0
"""Seconds for the scheduler to answer, and again for its first worker to be there."""

_LONGEST_GREETING = 2**20


class Dask:
    """Runs tasks on the workers of the scheduler at an address such as tcp://10.0.0.1:8786.

    Dask itself gives a lost worker's tasks to others; when it gives up (its setting
    `distributed.scheduler.allowed-failures`) they finish with an error. Tasks may share a process
    with others, in threads. Leaving the context takes back what has not begun and leaves the
    cluster as it is.
    """

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler

    def __enter__(self) -> Dask:
        """Connect.

        Raises:
            UsageError: without the extra, a scheduler at the address, or workers.
        """
        self._distributed = _distributed()
        self._client = _connect(self._distributed, self._scheduler)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close(timeout=1)

    @property
    def workers(self) -> int:
        """Threads of all workers that are there now: clusters grow and shrink."""
        threads: dict[str, int] = self._client.nthreads()
        return sum(threads.values())

    def run(
        self, work: Callable[[Task], Result], tasks: Iterable[Task], watch: Watch = unwatched
    ) -> Iterator[Finished]:
        """Yield tasks as they finish; two for each thread are with the cluster at a time.

        Raises:
            RunsFailed: if the scheduler is gone.
        """
        del watch
        waiting = iter(tasks)
        given: dict[Any, Task] = {}
        ended = self._distributed.as_completed(loop=self._client.loop)
        finished: list[Finished] = []
        try:
            while True:
                for task in islice(waiting, self._room(len(given))):
                    future = self._client.submit(attempt, work, task, pure=False)
                    given[future] = task
                    ended.add(future)
                yield from finished
                if not given:
                    return
                batch = ended.next_batch()
                finished = [Finished(given.pop(each), *self._outcome(each)) for each in batch]
        finally:
            self._client.cancel(list(given))

    def _room(self, given: int) -> int:
        """Return how many tasks more to hand over, at least one in all, whoever has left."""
        return max(0, max(1, 2 * self.workers) - given)

    def _outcome(self, future: Any) -> Outcome:
        if future.cancelled():
            raise RunsFailed(f"the Dask scheduler at {self._scheduler} is gone.")
        try:
            outcome: Outcome = future.result()
        except Exception as error:  # what became of the task's workers, or of its way there
            return None, reason(error)
        return outcome


def _distributed() -> Any:
    """Import Dask's package, which is typed in part."""
    try:
        return import_module("distributed")
    except ImportError:
        raise UsageError("--executor dask: Dask is missing: pip install 'overfit[dask]'.") from None


def _connect(distributed: Any, scheduler: str) -> Any:
    """Return a connection to a scheduler that has workers."""
    for name in ("distributed", "distributed.client", "tornado", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # we say ourselves what is wrong
    try:
        _greeted(scheduler)
        client = distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError):
        raise UsageError(
            f"--scheduler {scheduler}: no Dask scheduler answers there. Start one with "
            "`dask scheduler`, which prints its address, such as tcp://10.0.0.1:8786."
        ) from None
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close(timeout=1)
        raise UsageError(
            f"--scheduler {scheduler}: it has no workers. Start some with "
            f"`dask worker {scheduler}`."
        ) from None
    return client


def _greeted(scheduler: str) -> None:
    """Raise OSError or ValueError unless a Dask server answers.

    For any other server Dask's client may wait without end. Dask's speak first: the length of
    their greeting, in eight bytes.
    """
    from distributed.comm.addressing import get_address_host_port

    if not scheduler.startswith("tcp://"):
        raise ValueError(f"no address of TCP: {scheduler}")
    place = get_address_host_port(scheduler)
    with socket.create_connection(place, timeout=PATIENCE) as connection:
        greeting = connection.recv(8, socket.MSG_WAITALL)
    if len(greeting) < 8 or int.from_bytes(greeting, "little") > _LONGEST_GREETING:
        raise ConnectionError(f"not Dask's greeting: {greeting!r}")
