"""What the tests of executors let workers do: work, and every way not to come back from it."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import sys
import time
import warnings

import numpy as np

from overfit_cli.errors import DataError
from overfit_cli.executors.alive import alive


def square(number):
    return number * number


def process_of(seconds):
    """Sleep, and return who slept."""
    time.sleep(seconds)
    return os.getpid()


def big(megabytes):
    return np.ones(megabytes * 2**17)


def noisy(number):
    """Speak on every channel there is."""
    print("from print")
    os.write(2, b"from a library")
    warnings.warn("from a warning", stacklevel=1)
    return number


def lively(seconds):
    """Work for so long, with signs of life."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        alive()
        time.sleep(0.01)
    return seconds


def half(folder):
    """Be half done until a file tells that this was seen."""
    while not (folder / "seen").exists():
        alive(0.5)
        time.sleep(0.01)
    return folder.name


def signing(folder):
    """Leave this process's number in the folder, then hang."""
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def surroundings(names):
    """Return environment variables, the threads of NumPy's BLAS and a module's place."""
    from threadpoolctl import threadpool_info

    threads = [library["num_threads"] for library in threadpool_info()]
    return [os.environ.get(name) for name in names], threads, sys.modules["random"].__file__


def hungry(_):
    """Ask for more than the system is told to give."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, before[1]))
    try:
        return np.ones(2**30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _raise(error):
    raise error


class Unreadable:
    """Can be packed, but not unpacked."""

    def __reduce__(self):
        return _raise, (ValueError("cannot be read"),)


# a name: what happens, and the reason that is given
POISON = {
    "killed": (lambda: os.kill(os.getpid(), signal.SIGKILL), "worker killed by signal 9"),
    "terminated": (lambda: os.kill(os.getpid(), signal.SIGTERM), "worker killed by signal 15"),
    "segfault": (lambda: ctypes.string_at(0), "worker crashed (segmentation fault)"),
    "abort": (os.abort, "worker crashed (abort)"),
    "exit 0": (lambda: os._exit(0), "worker exited with code 0"),
    "exit 1": (lambda: os._exit(1), "worker exited with code 1"),
}
HANGS = {
    "asleep": lambda: time.sleep(600),
    # one call into C that keeps Python's lock
    "busy": lambda: re.match(r"(a+)+$", "a" * 80 + "b"),
}
FAILURES = {
    "value": (lambda: _raise(ValueError("two\n  lines")), "ValueError: two lines"),
    "bare": (lambda: _raise(KeyError()), "KeyError"),
    "ours": (lambda: _raise(DataError("x.csv: no rows.")), "x.csv: no rows."),
    "memory": (lambda: _raise(MemoryError()), "out of memory"),
    "sys.exit": (lambda: sys.exit(3), "SystemExit: 3"),
}
MISFITS = {
    "unpackable": (lambda: lambda: 0, "Can't pickle local object"),
    "unreadable": (Unreadable, "ValueError: cannot be read"),
}


def perform(name):
    """Do what the name stands for in one of the tables above; numbers are squared."""
    if not isinstance(name, str):
        return square(name)
    if name in HANGS:
        return HANGS[name]()
    return (POISON | FAILURES | MISFITS)[name][0]()
