"""How far a worker's task is, as the worker tells it: a pipe that is never waited for."""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext

# Not at every epoch of a small network: whoever reads looks once a second.
SECONDS = 0.5

_NUMBER = struct.Struct("d")


class Teller:
    """The worker's end."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._due = 0.0
        os.set_blocking(pipe.fileno(), False)

    def __call__(self, done: float) -> None:
        """Tell now and then how much of the task is done, from 0 to 1."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + SECONDS
            with suppress(OSError):  # nobody reads: then nobody need know
                os.write(self._pipe.fileno(), _NUMBER.pack(done))


class Gauge:
    """The other end, for one worker; `pipe` is what it needs to make a Teller."""

    def __init__(self, context: BaseContext) -> None:
        self._reader, self.pipe = context.Pipe(duplex=False)
        os.set_blocking(self._reader.fileno(), False)
        self._done = 0.0

    def read(self) -> float:
        """Return what was told last."""
        with suppress(OSError):  # no more to read; numbers are written and so read whole
            while told := os.read(self._reader.fileno(), _NUMBER.size):
                (self._done,) = _NUMBER.unpack(told)
        return self._done

    def reset(self) -> None:
        """Forget it: a new task begins."""
        self.read()
        self._done = 0.0

    def close(self) -> None:
        """Close both ends here."""
        self._reader.close()
        self.pipe.close()
