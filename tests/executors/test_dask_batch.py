"""Row 16 on a cluster: a real scheduler, two workers, one killed in the middle."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from batch_samples import SIXTY, digest, run_here, start, stored_rows, written


@pytest.mark.slow
def test_a_batch_on_a_cluster_that_loses_a_worker(cluster: Any, tmp_path: Path) -> None:
    longer = SIXTY.replace("epochs = 6", "epochs = 300")
    config, store = written(tmp_path, longer), tmp_path / "dask.db"
    process = start(config, store, "--executor", "dask", "--scheduler", cluster(2))
    deadline = time.monotonic() + 120
    while len(stored_rows(store)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    before = len(stored_rows(store))
    os.kill(cluster.processes[0].pid, signal.SIGKILL)
    assert process.wait(300) == 0
    assert 3 <= before < 60
    assert run_here(config, tmp_path / "serial.db") == 0
    assert digest(store) == digest(tmp_path / "serial.db")
