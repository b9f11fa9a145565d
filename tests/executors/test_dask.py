"""Tasks on a cluster: addresses without one, workers that are lost, a scheduler that goes."""

import itertools
import os
import signal
import socket
import sys
import threading
import time

import pytest
from executor_tasks import perform, process_of, square

from overfit_cli.errors import RunsFailed, UsageError
from overfit_cli.executors import dask
from overfit_cli.executors.dask import Dask

PATIENCE = 30


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'overfit\[dask\]'"), Dask("tcp://x:1"):
        pass


@pytest.mark.parametrize(
    "address",
    ["", "x", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "tls://127.0.0.1:9", "tcp://127.0.0.1:1"],
)
def test_no_scheduler_at_the_address(address, capfd):
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="no Dask scheduler answers there"), Dask(address):
        pass
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-x\r\n"])
def test_another_server_at_the_address(greeting, monkeypatch, capfd):
    pytest.importorskip("distributed")
    monkeypatch.setattr(dask, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: kept.append(greet(server, greeting)))
        kept = []
        thread.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(UsageError, match="no Dask scheduler answers there"), Dask(address):
            pass
        thread.join()
        kept[0].close()
    assert capfd.readouterr() == ("", "")


def greet(server, greeting):
    connection, _ = server.accept()
    connection.sendall(greeting)
    return connection


@pytest.mark.slow
def test_a_cluster_without_workers(cluster, monkeypatch):
    monkeypatch.setattr(dask, "PATIENCE", 2)
    address = cluster(0)
    with pytest.raises(UsageError, match="it has no workers"), Dask(address):
        pass


def both_there(executor, workers):
    deadline = time.monotonic() + PATIENCE
    while executor.workers < workers and time.monotonic() < deadline:
        time.sleep(0.05)
    assert executor.workers == workers


@pytest.mark.slow
def test_one_worker_killed_in_the_middle(cluster, capfd):
    with Dask(cluster(2)) as executor:
        both_there(executor, 2)
        finished = []
        for each in executor.run(process_of, itertools.repeat(0.05, 40)):
            finished.append(each)
            if len(finished) == 10:
                os.kill(cluster.processes[0].pid, signal.SIGKILL)
    assert len(finished) == 40
    assert all(each.error is None for each in finished)
    assert len({each.result for each in finished[:10]}) == 2
    assert {each.result for each in finished[20:]} == {cluster.processes[1].pid}
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_task_that_kills_its_workers(cluster):
    with Dask(cluster(3)) as executor:
        both_there(executor, 3)
        finished = {each.task: each for each in executor.run(perform, [1, "killed", 2, 3])}
    assert "workers died while running it" in finished["killed"].error
    # its neighbours may be blamed for the deaths they stood by, but each has its answer
    assert set(finished) == {1, "killed", 2, 3}


@pytest.mark.slow
def test_the_scheduler_goes(cluster, capfd):
    with Dask(cluster(1)) as executor:
        finished = executor.run(process_of, itertools.repeat(0.05))
        next(finished)
        cluster.scheduler.kill()
        with pytest.raises(RunsFailed, match="is gone"):
            list(finished)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_the_cluster_stays(cluster):
    address = cluster(1)
    for _ in range(2):
        with Dask(address) as executor:
            assert [each.result for each in executor.run(square, [4])] == [16]
            next(executor.run(square, itertools.count()))
    assert all(process.poll() is None for process in cluster.processes)
