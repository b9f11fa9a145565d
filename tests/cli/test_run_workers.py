"""`run` in several processes: the same numbers, and what becomes of runs whose worker is lost."""

import pytest
from cli_samples import TINY

from overfit_cli.batch import workers
from overfit_cli.cli import training
from overfit_cli.executors.executor import Finished
from overfit_cli.executors.serial import Serial

SEVERAL = ("--method", "none,dropout", "--seeds", "3", *TINY)
LOST = "worker killed by signal 9"


class Losing(Serial):
    """Loses the worker of every dropout run, and says that each task was half done."""

    def run(self, work, tasks, watch):
        for task in tasks:
            watch([(task, 0.5)])
            lost = "dropout" in task.specs[0].remedies
            yield Finished(task, error=LOST) if lost else Finished(task, work(task))


@pytest.fixture
def losing(monkeypatch):
    asked = []

    def executor_of(*given, silent):
        assert silent
        asked.append(given)
        return Losing()

    monkeypatch.setattr(training, "executor_of", executor_of)
    return asked


def figures(runs):
    """What must not depend on who trained: all but durations and dates."""
    return [run | {"seconds": 0, "environment": {}} for run in runs]


def test_processes_change_no_number(cli):
    here = cli("run", *SEVERAL, "--workers", 1, "--store", "a.db", "--json").runs
    there = cli("run", *SEVERAL, "--workers", 2, "--store", "b.db", "--json").runs
    assert len(here) == 6
    assert figures(here) == figures(there)


def test_a_lost_worker_loses_its_own_runs_and_resume_trains_them(cli, losing):
    runs = cli("run", *SEVERAL, "--workers", 4, "--json", code=3).runs
    assert losing == [("processes", 4)]
    assert [run["status"] for run in runs] == ["done"] * 3 + ["failed"] * 3
    assert {run["diagnostics"].get("reason") for run in runs} == {None, LOST}
    told = cli("run", *SEVERAL, "--workers", 4, code=3)
    assert f"dropout: 3 of 3 runs (seeds 0, 1, 2) failed: {LOST}" in told.out
    stored = {run["run_id"]: run["seconds"] for run in cli("list", "--json").runs}
    again = cli("run", *SEVERAL, "--resume", "--json").runs
    assert [run["status"] for run in again] == ["done"] * 6
    assert [run["seconds"] for run in again[:3]] == [stored[run["run_id"]] for run in again[:3]]


def test_little_work_and_a_single_run_stay_here(cli, losing, monkeypatch):
    cli("run", *SEVERAL)
    monkeypatch.setattr(workers, "SMALL", 0)
    cli("run", "--method", "dropout", *TINY)
    cli("run", "--method", "dropout", *TINY, "--workers", 4)
    assert losing == []


def test_much_work_has_a_core_for_each_run(cli, losing, monkeypatch):
    monkeypatch.setattr(workers, "SMALL", 0)
    monkeypatch.setattr(workers, "available_cores", lambda: 64)
    cli("run", "--method", "none", "--seeds", 3, *TINY)
    assert losing == [("processes", 3)]


def test_memory_bounds_the_processes(cli, losing, monkeypatch):
    monkeypatch.setattr(workers, "SMALL", 0)
    monkeypatch.setattr(workers, "available_cores", lambda: 64)
    monkeypatch.setattr(workers, "_memory", lambda: 4.2 * workers.PROCESS_BYTES)
    cli("run", "--method", "none", "--seeds", 3, *TINY)
    assert losing == [("processes", 2)]
