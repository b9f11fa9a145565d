"""A worker's end, whatever kind, is its own task's only; the rest finish."""

import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver

import psutil
import pytest
from executor_tasks import (
    HANGS,
    MISFITS,
    POISON,
    big,
    half,
    hungry,
    lively,
    noisy,
    perform,
    process_of,
    signing,
    square,
    surroundings,
)

from overfit_cli.executors import processes
from overfit_cli.executors.processes import Processes
from overfit_cli.executors.worker import OneProcess

# Nothing is timed, but guarded at five times the two seconds of the contract.
PATIENCE = 10


def one(executor, work, task):
    (finished,) = executor.run(work, [task])
    return finished


def workers_of_this_process():
    """Return living workers: all processes below this one that run Python's fork server."""
    below = psutil.Process().children(recursive=True)
    return [each for each in below if "forkserver" in " ".join(each.cmdline())][1:]


@pytest.mark.parametrize("broken", [1, 2])
def test_a_worker_that_cannot_start_is_replaced(monkeypatch, broken):
    """As when the process that workers are forked from is killed while one starts."""
    start, tried = OneProcess.Process, []

    def fails_first(context, **arguments):
        tried.append(context)
        if len(tried) <= broken:
            raise EOFError("the fork server is gone")
        return start(context, **arguments)

    monkeypatch.setattr(OneProcess, "Process", fails_first)
    with Processes(1) as executor:
        assert one(executor, square, 3).result == 9


def test_the_fork_server_may_be_killed():
    with Processes(2) as executor:
        for task in executor.run(square, range(8)):
            assert task.error is None or task.error.startswith("worker")
            # not waited for: that is for multiprocessing, which starts another
            os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        assert one(executor, square, 3).result == 9


def test_poison_among_thirty_tasks():
    tasks = [*range(30 - len(POISON)), *POISON]
    random.Random(1).shuffle(tasks)
    with Processes(2) as executor:
        finished = list(executor.run(perform, tasks))
    assert Counter(each.task for each in finished) == Counter(tasks)
    for each in finished:
        if each.task in POISON:
            assert each.error.startswith(POISON[each.task][1])
            assert each.result is None
        else:
            assert (each.result, each.error) == (each.task**2, None)


def test_the_exit_code_is_read_once_however_many_look():
    for _ in range(8):
        process = OneProcess(multiprocessing.get_context("forkserver")).Process(
            target=os._exit, args=(7,)
        )
        process.start()
        with ThreadPoolExecutor(4) as threads:
            codes = [threads.submit(until_ended, process) for _ in range(4)]
        assert [code.result() for code in codes] == [7] * 4
        assert process.exitcode == 7


def until_ended(process):
    while (code := process.exitcode) is None:
        pass
    return code


@pytest.mark.parametrize("name", MISFITS)
def test_a_result_that_does_not_travel_is_the_tasks_failure(name):
    with Processes(1) as executor:
        assert MISFITS[name][1] in one(executor, perform, name).error
        assert one(executor, square, 3).result == 9


@pytest.mark.parametrize("name", HANGS)
def test_a_hung_worker_is_ended(name):
    with Processes(2, stall=0.5) as executor:
        finished = {each.task: each for each in executor.run(perform, [1, name, 2, 3])}
    assert finished[name].error == "no progress for 0.5 seconds"
    assert [finished[task].result for task in (1, 2, 3)] == [1, 4, 9]


def test_signs_of_life_and_idleness_are_no_hang():
    with Processes(1, stall=0.4) as executor:
        assert one(executor, lively, 0.8).result == 0.8
        worker = one(executor, process_of, 0).result
        time.sleep(0.6)
        assert one(executor, process_of, 0).result == worker


def test_a_limit_of_memory():
    with Processes(1) as executor:
        worker = one(executor, process_of, 0).result
        assert one(executor, hungry, None).error == "out of memory"
        assert one(executor, process_of, 0).result == worker


def test_killed_from_outside(tmp_path):
    with Processes(2) as executor, ThreadPoolExecutor(1) as kills:
        killed = kills.submit(kill_the_first, tmp_path)
        finished = {each.task: each for each in executor.run(start, [tmp_path, 1, 2, 3])}
        killed.result(PATIENCE)
    assert finished[tmp_path].error.startswith("worker killed by signal 9")
    assert [finished[task].result for task in (1, 2, 3)] == [1, 4, 9]


def start(task):
    return square(task) if isinstance(task, int) else signing(task)


def kill_the_first(folder):
    deadline = time.monotonic() + PATIENCE
    while not (signed := list(folder.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(int(signed[0].name), signal.SIGKILL)


def test_a_worker_lost_while_idle_loses_nothing():
    with Processes(1) as executor:
        first = one(executor, process_of, 0).result
        os.kill(first, signal.SIGKILL)
        time.sleep(0.5)  # until it is known
        second = one(executor, process_of, 0)
        assert second.error is None
        assert second.result != first


def test_killed_at_random_while_sending_large_results():
    ended = threading.Event()
    killed = []

    def kill():
        chance = random.Random(0)
        while not ended.wait(chance.uniform(0.02, 0.2)):
            for worker in workers_of_this_process()[:1]:
                worker.kill()
                killed.append(worker.pid)

    killer = threading.Thread(target=kill)
    with Processes(2) as executor:
        killer.start()
        try:
            finished = list(executor.run(big, [8] * 25))
        finally:
            ended.set()
            killer.join()
    assert len(finished) == 25
    errors = [each.error for each in finished if each.error]
    assert all(error.startswith("worker killed by signal 9") for error in errors)
    assert all(each.result.sum() == 8 * 2**17 for each in finished if not each.error)
    assert 0 < len(errors) <= len(killed)


def test_workers_are_reused_and_no_more_than_needed():
    with Processes(2) as executor:
        pids = {each.result for each in executor.run(process_of, [0.05] * 6)}
        assert len(pids) == 2
        assert {each.result for each in executor.run(process_of, [0] * 4)} <= pids
    with Processes(8) as executor:
        list(executor.run(square, [1]))
        assert len(workers_of_this_process()) == 1


def test_how_far_tasks_are_is_told_until_they_end(tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()

    def watch(underway):
        assert 1 <= len(underway) <= 2
        for folder, done in underway:
            assert done in (0, 0.5)
            if done:
                (folder / "seen").touch()

    with Processes(2) as executor:
        ended = {each.result for each in executor.run(half, folders, watch)}
    assert ended == {"a", "b"}


def test_leaving_stops_all():
    with Processes(2) as executor:
        finished = executor.run(perform, [1, "asleep", "busy"])
        assert next(finished).result == 1
        before = workers_of_this_process()
        left = time.monotonic()
    assert time.monotonic() - left < PATIENCE
    assert before
    assert not workers_of_this_process()


def test_workers_are_silent_before_they_are_set_up(capfd):
    """As when they are stopped while they start: Python's own traceback is not for the user."""
    forkserver._forkserver._stop()  # what was begun before may be heard
    with Processes(1, silent=True) as executor:
        one(executor, square, 3)
        child = processes._context(square.__module__, True).Process(target=noisy, args=(1,))
        child.start()
        child.join()
    forkserver._forkserver._stop()
    assert child.exitcode == 0
    assert capfd.readouterr().err == ""


def test_those_of_others_are_heard(capfd):
    """Who imports this package may start processes too, from the same server."""
    with Processes(1) as executor:
        one(executor, square, 3)
        child = multiprocessing.get_context("forkserver").Process(target=noisy, args=(1,))
        child.start()
        child.join()
    assert "from a library" in capfd.readouterr().err


def test_workers_are_silent(capfd):
    with Processes(1) as executor:
        assert one(executor, noisy, 7).result == 7
        one(executor, perform, "segfault")
        one(executor, perform, "value")
    assert capfd.readouterr() == ("", "")


def test_one_thread_each_and_the_parents_environment_stays():
    names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]
    before = dict(os.environ)
    with Processes(1) as executor:
        values, threads, _ = one(executor, surroundings, names).result
    assert values == ["1"] * 3
    assert set(threads) == {1}
    assert dict(os.environ) == before
