"""What every executor promises, over the registry; a cluster's part is slow."""

import itertools
import os

import pytest
from executor_tasks import FAILURES, perform, square

from overfit_cli.executors import EXECUTORS, executor_of

NAMES = [pytest.param(name, marks=[pytest.mark.slow] * (name == "dask")) for name in EXECUTORS]


@pytest.fixture(params=NAMES)
def executor(request):
    settings = {"processes": {"workers": 2}}.get(request.param, {})
    if request.param == "dask":
        settings = {"scheduler": request.getfixturevalue("cluster")(2)}
    with executor_of(request.param, **settings) as entered:
        yield entered


def test_each_task_finishes_exactly_once(executor):
    finished = list(executor.run(square, range(25)))
    assert sorted(each.task for each in finished) == list(range(25))
    assert all(each.result == each.task**2 and each.error is None for each in finished)


def test_no_tasks(executor):
    assert list(executor.run(square, [])) == []


def test_an_error_belongs_to_its_task(executor):
    tasks = [1, *FAILURES, 2]
    finished = {each.task: each for each in executor.run(perform, tasks)}
    assert {name: finished[name].error for name in FAILURES} == {
        name: said for name, (_, said) in FAILURES.items()
    }
    assert all(finished[name].result is None for name in FAILURES)
    assert [finished[number].result for number in (1, 2)] == [1, 4]


def test_tasks_are_taken_when_workers_are_free(executor):
    taken = itertools.count()
    finished = executor.run(square, taken)
    for _ in range(10):
        assert next(finished).error is None
    finished.close()
    # those yielded, two for each worker, and those that ended together with the tenth
    assert next(taken) <= 10 + 4 * executor.workers


def test_a_plan_that_fails_is_told(executor):
    def plan():
        yield 1
        raise LookupError("no such data set")

    with pytest.raises(LookupError, match="no such data set"):
        list(executor.run(square, plan()))
    assert [each.result for each in executor.run(square, [3])] == [9]


def test_runs_follow_one_another(executor):
    assert [each.result for each in executor.run(square, [2])] == [4]
    started = executor.run(square, itertools.count())
    next(started)
    started.close()
    assert [each.result for each in executor.run(square, [5])] == [25]


def test_workers_are_counted(executor):
    assert 1 <= executor.workers <= max(2, os.cpu_count() or 1)
