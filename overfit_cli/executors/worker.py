"""One worker process, and what it says when it is gone.

A pebble pool of several workers shares one pipe and its locks among them: a worker killed while
it holds them takes its neighbours with it, one killed while idle breaks the pool, and one that
leaves with code 0 is never missed. So each worker here is a pool of its own with one process,
which is never replaced: when it is gone its pool is broken and thrown away.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import popen_forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import RLock
from typing import Any

from overfit_cli.executors.alive import limit_silence, tell_progress, watched
from overfit_cli.executors.attempt import Outcome, attempt, reason
from overfit_cli.executors.executor import Result, Task
from overfit_cli.executors.gauge import Gauge, Teller

Packed = tuple[bytes | None, str | None]


class Worker:
    """A process that carries out one task at a time, until it is stopped or lost."""

    def __init__(self, context: ForkServerContext, stall: float) -> None:
        from pebble import ProcessPool

        self._stall = stall
        self._gauge = Gauge(context)
        self._context = OneProcess(context)
        # Any: pebble is typed in part
        self._pool: Any = ProcessPool(
            1, initializer=_settle, initargs=(stall, self._gauge.pipe), context=self._context
        )

    def submit(self, work: Callable[[Task], Result], task: Task) -> Future[Packed]:
        """Start a task; the first starts the process.

        Raises:
            RuntimeError: if the process is gone.
        """
        self._gauge.reset()
        future: Future[Packed] = self._pool.schedule(_carry_out, args=(work, task))
        return future

    @property
    def done(self) -> float:
        """How much of its task is done, from 0 to 1, as far as the task tells."""
        return self._gauge.read()

    def ended(self, future: Future[Packed]) -> bool:
        """Whether the task's outcome is there or will never come."""
        return future.done() or not self._pool.active

    def outcome(self, future: Future[Packed]) -> Outcome | None:
        """Return what came of an ended task; None if the process was lost with it."""
        from pebble import ProcessExpired

        if not future.done():
            return None
        error = future.exception()
        if isinstance(error, ProcessExpired | BrokenProcessPool):
            return None
        if error is not None:
            return None, reason(error)
        packed, why = future.result()
        return attempt(pickle.loads, packed) if packed is not None else (None, why)

    def stop(self) -> None:
        """End the process at once, whatever it does; `join` then waits until it is gone."""
        self._pool.stop()
        self._context.kill()

    def join(self) -> None:
        """Wait until a stopped worker is gone."""
        self._pool.join()
        self._gauge.close()

    def epitaph(self) -> str:
        """Say why the process is gone."""
        code = self._context.exit_code
        if code is None:
            return "the worker's answer could not be read"
        if code == -signal.SIGALRM:
            return f"no progress for {self._stall:g} seconds"
        if code == -signal.SIGKILL:
            return "worker killed by signal 9 (by hand, or because the system ran out of memory)"
        if -code in _CRASHES:
            return f"worker crashed ({_CRASHES[-code]})"
        return f"worker killed by signal {-code}" if code < 0 else f"worker exited with code {code}"


_CRASHES = {
    int(signal.SIGSEGV): "segmentation fault",
    int(signal.SIGABRT): "abort",
    int(signal.SIGBUS): "bus error",
    int(signal.SIGILL): "illegal instruction",
    int(signal.SIGFPE): "arithmetic error",
}


class _Popen(popen_forkserver.Popen):
    """A process whose exit code is read once: of two threads at the same time one would read 255.

    They are pebble's, which watches the process, and any that starts another process.
    """

    def __init__(self, process_obj: BaseProcess) -> None:
        self._reading = threading.Lock()
        super().__init__(process_obj)

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        with self._reading:
            return super().poll(flag)


class _Process(ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> _Popen:
        return _Popen(process_obj)


class OneProcess:
    """What a pool needs of a multiprocessing context, but for one process and never another."""

    def __init__(self, context: ForkServerContext) -> None:
        self._context = context
        self._process: BaseProcess | None = None

    def Pipe(self, duplex: bool = True) -> tuple[Connection, Connection]:
        """Make a pipe."""
        return self._context.Pipe(duplex)

    def RLock(self) -> RLock:
        """Make a lock."""
        return self._context.RLock()

    def get_start_method(self) -> str:
        """Return how the process starts."""
        return self._context.get_start_method()

    def Process(self, **arguments: Any) -> BaseProcess:
        """Make the process; an OSError the second time, for which the pool counts as broken."""
        if self._process is not None:
            raise OSError("the worker's process is gone")
        self._process = _Process(**arguments)
        return self._process

    @property
    def exit_code(self) -> int | None:
        """Code of the ended process, a signal's number as a negative one."""
        return self._process.exitcode if self._process is not None else None

    def kill(self) -> None:
        """End the process if it was started."""
        if self._process is not None and self._process.pid is not None:
            self._process.kill()


def _carry_out(work: Callable[[Task], Result], task: Task) -> Packed:
    """Attempt the task, packing included: a result that cannot be packed is its failure."""
    with watched():
        return attempt(lambda given: pickle.dumps(work(given)), task)


def _settle(stall: float, gauge: Connection) -> None:
    """Make this process a worker: silent, ended by any SIGTERM, and gone when its parent is."""
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(silent, stream)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    limit_silence(stall)
    tell_progress(Teller(gauge))
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
