"""A real Dask cluster on this machine's loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def cluster(tmp_path):
    """Return a function that starts a scheduler and workers, and returns its address."""
    pytest.importorskip("distributed")
    started = []

    def start(part, *words):
        log = (tmp_path / "dask.log").open("a")
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *words]
        quiet = ["--host", "127.0.0.1", "--no-dashboard"]
        paths = {"PYTHONPATH": str(HERE), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        with log:
            process = subprocess.Popen(
                [*command, *quiet], stdout=log, stderr=log, env=os.environ | paths, cwd=tmp_path
            )
        started.append(process)
        return process

    def begin(workers):
        place = tmp_path / "scheduler.json"
        start("scheduler", "--port", "0", "--scheduler-file", str(place))
        address = address_in(place)
        for _ in range(workers):
            start("worker", address, "--nthreads", "1", "--no-nanny")
        begin.processes = started[1:]
        begin.scheduler = started[0]
        return address

    yield begin
    for process in reversed(started):
        process.kill()
        process.wait()


def address_in(place):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return json.loads(place.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.05)
    raise AssertionError("the scheduler does not start")
