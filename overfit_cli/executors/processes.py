"""Several tasks at the same time, each in a process of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, nullcontext
from itertools import islice
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

from overfit_cli.executors.executor import Finished, Result, Task, Watch, unwatched
from overfit_cli.executors.worker import Packed, Worker

# New workers tried for one task before something else must be wrong.
STARTS = 3

_Running = dict[Future[Packed], tuple[Worker, Task]]


class Processes:
    """Runs tasks in worker processes, started when there is work for them.

    A worker that is killed, crashes, exits, runs out of memory or is silent for `stall` seconds
    (see `alive`) loses its own task only, and another takes its place. silent: nobody else starts
    processes from this one, and those begun here need not be heard before they are set up;
    afterwards they never are.
    """

    def __init__(self, workers: int, stall: float = 1800.0, silent: bool = False) -> None:
        self.workers = workers
        self._stall, self._silent = stall, silent
        self._staff: list[Worker] = []
        self._idle: list[Worker] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop(self._staff)

    def run(
        self, work: Callable[[Task], Result], tasks: Iterable[Task], watch: Watch = unwatched
    ) -> Iterator[Finished]:
        """Yield tasks as they finish; a worker has its next one before the last is yielded."""
        waiting = iter(tasks)
        running: _Running = {}
        finished: list[Finished] = []
        try:
            while True:
                for task in islice(waiting, self.workers - len(running)):
                    future, worker = self._start(work, task)
                    running[future] = worker, task
                yield from finished
                if not running:
                    return
                finished = self._collect(running, watch)
        finally:
            self._stop([worker for worker in self._staff if worker not in self._idle])

    def _start(self, work: Callable[[Task], Result], task: Task) -> tuple[Future[Packed], Worker]:
        new = 0
        while True:
            new += not self._idle
            worker = self._idle.pop() if self._idle else self._hired(work)
            try:
                return worker.submit(work, task), worker
            except RuntimeError:
                # lost while it had nothing to do, or while it started, as when the process that
                # workers are forked from is killed
                self._stop([worker])
                if new == STARTS:
                    raise

    def _hired(self, work: Callable[[Task], Result]) -> Worker:
        worker = Worker(_context(work.__module__, self._silent), self._stall)
        self._staff.append(worker)
        return worker

    def _collect(self, running: _Running, watch: Watch) -> list[Finished]:
        """Wait until tasks end, and take them out of `running`."""
        ended: list[Future[Packed]] = []
        while not ended:
            # a second at most: a worker can be lost in such a way that its future never ends
            wait(running, timeout=1, return_when=FIRST_COMPLETED)
            ended = [future for future, (worker, _) in running.items() if worker.ended(future)]
            if not ended:
                watch([(task, worker.done) for worker, task in running.values()])
        return [self._finish(future, *running.pop(future)) for future in ended]

    def _finish(self, future: Future[Packed], worker: Worker, task: Task) -> Finished:
        outcome = worker.outcome(future)
        if outcome is not None:
            self._idle.append(worker)
            return Finished(task, *outcome)
        epitaph = worker.epitaph()
        self._stop([worker])
        return Finished(task, error=epitaph)

    def _stop(self, workers: list[Worker]) -> None:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join()
        self._staff = [worker for worker in self._staff if worker not in workers]
        self._idle = [worker for worker in self._idle if worker not in workers]


# What workers see: one thread for each BLAS; no module of the working folder in the place of the
# standard library's; nothing said about semaphores that a killed parent left.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "ignore",
}


def _context(module: str, silent: bool) -> ForkServerContext:
    """Return the way to start workers: forks of a process that has imported `module` once.

    Never forks of this process, whose BLAS may have threads.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "pebble", Worker.__module__, module])
    with _environment(), _silence() if silent else nullcontext():
        resource_tracker.ensure_running()  # apart, for it would let interrupts through again
        with _no_interrupts():
            forkserver.ensure_running()
    return context


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _silence() -> Iterator[None]:
    """Start processes whose complaints nobody hears: of one that is stopped while it starts."""
    try:
        stderr = os.dup(2)
    except OSError:  # closed: nobody hears anything
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C never reaches: it is for this one, which stops them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
