"""A batch: trains what is left, each run once, the same numbers however it is carried out."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from batch_samples import SIXTY, digest, reports, run_here, start, stored_rows, written

from overfit_cli.batch import estimate as estimating
from overfit_cli.batch.batch import Batch, Tally
from overfit_cli.batch.tasks import Task, work
from overfit_cli.cli.app import execute
from overfit_cli.errors import DataError
from overfit_cli.executors.executor import Finished, Watch, unwatched
from overfit_cli.executors.serial import Serial
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.stack import Stack
from overfit_cli.store import Store

SMALL = SIXTY.replace("sixty", "small").replace("seeds = 5", "seeds = 2")


class Scripted(Serial):
    """An executor that fails for some runs, or shuffles, as a test tells it."""

    def __init__(self, fails: Callable[[int, Any], bool] = lambda n, task: False, order: int = 0):
        self.fails, self.order = fails, order
        self.seen: list[tuple[str, ...]] = []

    def run(
        self, work: Callable[[Any], Any], tasks: Iterable[Any], watch: Watch = unwatched
    ) -> Iterator[Finished]:
        """Carry out tasks, those that are to fail excepted; each is half done for a while."""
        given = list(tasks)
        random.Random(self.order).shuffle(given)
        for task in given:
            watch([(task, 0.5)])
            self.seen.append(tuple(spec.run_id for spec in task.specs))
            if self.fails(len(self.seen), task):
                yield Finished(task, error="worker killed by signal 9")
            else:
                yield Finished(task, work(task))


def batch_of(tmp_path: Path, text: str = SMALL, **changes: Any) -> Batch:
    return replace(Batch(Plan(read_batch(str(written(tmp_path, text)), {}))), **changes)


def carried_out(batch: Batch, path: Path, executor: Serial) -> Tally:
    with Store.open(path) as store:
        *_, last = batch.execute(store, executor)
    return last


def counts(tally: Tally) -> tuple[int, int, int, int, int]:
    return tally.total, tally.stored, tally.done, tally.diverged, tally.failed


def test_resume_trains_what_is_left_and_nothing_twice(tmp_path: Path) -> None:
    batch = batch_of(tmp_path)
    steps = batch.execute(Store.open(tmp_path / "s.db"), Serial())
    assert next(steps).done == 0
    broken = next(steps)
    before, done = stored_rows(tmp_path / "s.db"), broken.done
    assert 0 < done < 24
    steps.close()
    assert counts(carried_out(batch, tmp_path / "s.db", Serial())) == (24, done, 24 - done, 0, 0)
    after = stored_rows(tmp_path / "s.db")
    assert {run: after[run] for run in before} == before
    assert counts(carried_out(batch, tmp_path / "s.db", Serial())) == (24, 24, 0, 0, 0)


def test_a_lost_worker_loses_only_its_own_runs(tmp_path: Path) -> None:
    batch = batch_of(tmp_path)
    poison = next(iter(batch.runs()))[0]
    executor = Scripted(lambda _, task: poison in [spec.run_id for spec in task.specs])
    tally = carried_out(batch, tmp_path / "s.db", executor)
    assert counts(tally) == (24, 0, 23, 0, 1)
    assert tally.reasons == {poison: "worker killed by signal 9"}
    tried = [ids for ids in executor.seen if poison in ids]
    assert [len(ids) == 1 for ids in tried] == [False, True, True]
    with Store.open(tmp_path / "s.db", "read") as store:
        failed = store.load(poison)
    assert (failed.status, failed.diagnostics["reason"]) == ("failed", "worker killed by signal 9")


def test_work_underway_is_told_in_runs(tmp_path: Path) -> None:
    batch, told = batch_of(tmp_path), []

    def watch(tally: Tally) -> None:
        told.append((tally.done, tally.underway))

    with Store.open(tmp_path / "s.db") as store:
        tallies = [
            (tally.done, tally.underway) for tally in batch.execute(store, Scripted(), watch)
        ]
    sizes = [after - before for (before, _), (after, _) in pairwise(tallies)]
    starts = [done for done, _ in tallies[:-2]]
    assert told == [(done, size / 2) for done, size in zip(starts, sizes, strict=False)]
    assert sum(sizes) == 24
    assert {underway for _, underway in tallies} == {0.0}


@pytest.mark.parametrize("committed", [False, True])
def test_an_interrupt_while_a_run_is_stored_is_told_by_the_store(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    committed: bool,
) -> None:
    save, saved = Store.save, []

    def interrupted(store: Store, result: Any, **how: Any) -> None:
        saved.append(result.run_id)
        if len(saved) < 3 or committed:
            save(store, result, **how)
        if len(saved) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "save", interrupted)
    assert run_here(written(tmp_path, SMALL), tmp_path / "s.db") == 130
    said = f"interrupted: {3 if committed else 2} of 24 runs are stored."
    assert said in capsys.readouterr().err
    assert len(stored_rows(tmp_path / "s.db")) == 2 + committed


def test_failed_runs_wait_for_retry_failed(tmp_path: Path) -> None:
    batch, path = batch_of(tmp_path), tmp_path / "s.db"
    poison = next(iter(batch.runs()))[0]
    carried_out(batch, path, Scripted(lambda _, t: poison in [s.run_id for s in t.specs]))
    assert counts(carried_out(batch, path, Serial())) == (24, 24, 0, 0, 0)
    assert counts(carried_out(replace(batch, retry_failed=True), path, Serial())) == (
        24,
        23,
        1,
        0,
        0,
    )
    with Store.open(path, "read") as store:
        assert set(store.statuses().values()) == {"done"}


def test_what_is_stored_is_counted_before_anything_is_trained(tmp_path: Path) -> None:
    batch, path = batch_of(tmp_path), tmp_path / "s.db"
    poison = next(iter(batch.runs()))[0]
    carried_out(batch, path, Scripted(lambda _, t: poison in [s.run_id for s in t.specs]))
    with Store.open(path) as store:
        first = next(batch.execute(store, Serial()))
    assert (first.total, first.stored, first.stored_failed, first.left) == (24, 24, 1, 0)


@pytest.mark.parametrize("order", [1, 2])
def test_order_and_width_change_nothing(tmp_path: Path, order: int) -> None:
    """Row 16: shuffled order, other stacks, resumed or not."""
    batch = batch_of(tmp_path)
    carried_out(batch, tmp_path / "a.db", Serial())
    shuffled = Scripted(order=order)
    shuffled.workers = 5 * order
    first = batch.execute(Store.open(tmp_path / "b.db"), shuffled)
    next(first)
    assert next(first).done
    first.close()
    carried_out(batch, tmp_path / "b.db", shuffled)
    assert len(max(shuffled.seen, key=len)) < 8
    assert digest(tmp_path / "a.db") == digest(tmp_path / "b.db")
    a, b = (reports(tmp_path / f"{name}.db", tmp_path, "small") for name in "ab")
    assert a == b


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_worker_processes_change_nothing(tmp_path: Path, workers: int) -> None:
    """Row 16: any number of workers."""
    config = written(tmp_path, SMALL)
    process = start(config, tmp_path / "p.db", "--executor", "processes", "--workers", str(workers))
    assert process.wait(120) == 0
    assert run_here(config, tmp_path / "s.db") == 0
    assert digest(tmp_path / "p.db") == digest(tmp_path / "s.db")


def test_shards_and_merge_give_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(tmp_path, SMALL)
    for shard in ("1/3", "2/3", "3/3"):
        assert run_here(config, tmp_path / f"{shard[0]}.db", "--shard", shard) == 0
    parts = [str(tmp_path / f"{n}.db") for n in (1, 2, 3)]
    assert execute(["merge", *parts, "--store", str(tmp_path / "all.db")]) == 0
    assert run_here(config, tmp_path / "whole.db") == 0
    assert digest(tmp_path / "all.db") == digest(tmp_path / "whole.db")
    capsys.readouterr()
    assert run_here(config, tmp_path / "all.db", "--json") == 0
    end = json.loads(capsys.readouterr().out)["end"]
    assert (end["stored"], end["done"]) == (24, 0)


def test_diverged_runs_are_told_and_kept_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 9: the neighbours of a diverged run do not notice."""
    wild = SMALL.replace("0.2]", "1e30]")
    config = written(tmp_path, wild)
    assert run_here(config, tmp_path / "s.db") == 3
    assert "0 failed and 2 diverged" in capsys.readouterr().err
    assert run_here(config, tmp_path / "s.db") == 3
    assert "24 stored before (2 diverged)" in capsys.readouterr().out
    assert run_here(config, tmp_path / "s.db", "--json") == 3
    end = json.loads(capsys.readouterr().out)["end"]
    assert (end["stored"], end["stored_diverged"], end["diverged"]) == (24, 2, 0)
    tame = written(tmp_path, SMALL.replace("0.1, 0.2]", "0.1]"))
    assert run_here(tame, tmp_path / "t.db") == 0
    with Store.open(tmp_path / "s.db") as store:
        lost = [run for run, status in store.statuses().items() if status == "diverged"]
        store.remove(lost)
    assert digest(tmp_path / "s.db") == digest(tmp_path / "t.db")


def test_stored_runs_become_members_of_the_batch(tmp_path: Path) -> None:
    config = written(tmp_path, SMALL)
    assert run_here(config, tmp_path / "s.db") == 0
    other = written(tmp_path, SMALL.replace("small", "other"))
    assert run_here(other, tmp_path / "s.db") == 0
    with Store.open(tmp_path / "s.db", "read") as store:
        assert store.last_batch() == "other"
        assert len(store.select("small")) == len(store.select("other")) == 24


def test_the_plan_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, store = written(tmp_path, SMALL), tmp_path / "s.db"
    assert run_here(config, store, "--plan") == 0
    assert not store.exists()
    assert "24 runs: none, dropout, l2" in capsys.readouterr().out
    assert run_here(config, store, "--shard", "1/2") == 0
    capsys.readouterr()
    assert run_here(config, store, "--plan", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["stored"] == len(stored_rows(store)) > 0
    assert document["seconds"] > 0
    assert document["bytes"] > 0


def test_very_many_runs_ask_for_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 13."""
    values = [round(0.001 * i, 3) for i in range(1, 1001)]
    huge = f"dataset='moons'\nseeds=10\n[[methods]]\nmethod='dropout'\ngrid.lr={values}\n"
    config = written(tmp_path, huge + f"grid.p={values[:100]}\n")
    assert run_here(config, tmp_path / "s.db", "--plan") == 0
    assert "1,000,000 runs" in capsys.readouterr().out
    assert run_here(config, tmp_path / "s.db") == 2
    assert "--yes" in capsys.readouterr().err
    assert not (tmp_path / "s.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "3/2"], "is not i/n"),
        (["--shard", "x"], "is not i/n"),
        (["--workers", "0"], "whole number from 1"),
        (["--executor", "procesess"], "Did you mean 'processes'"),
        (["--executor", "procesess", "--plan"], "Did you mean 'processes'"),
        (["--scheduler", "tcp://127.0.0.1:1", "--executor", "processes"], "--executor dask"),
        (["--lr", "-1"], "lr"),
        (["--p", "0.5", "--method", "none"], "belongs to 'dropout'"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    config = written(tmp_path, SMALL)
    assert execute(["batch", str(config), "--store", str(tmp_path / "s.db"), *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s.db").exists()


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ("grid.dataset = ['moons', 'mons']", "Did you mean 'moons'"),
        ("grid.val_size = [0.2, 0]", "early-stopping watches validation rows"),
        ("grid.hidden = [[8], [8, 8]]\ngrid.p = [0.5, [0.5, 0.6]]", "2 values for 1 hidden layer"),
    ],
)
def test_the_last_value_of_an_axis_is_checked_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], axes: str, said: str
) -> None:
    config = written(tmp_path, f"method = 'dropout+early-stopping'\nepochs = 1\n{axes}\n")
    assert run_here(config, tmp_path / "s.db") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s.db").exists()


def test_axes_of_the_data_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axes = "grid.dataset = ['moons', 'xor']\ngrid.train_size = [20, 5000]\n"
    config = written(tmp_path, f"hidden = [3]\nepochs = 1\n{axes}")
    assert run_here(config, tmp_path / "s.db") == 0
    said = capsys.readouterr()
    assert "| moons, xor | 4 runs" in said.out
    assert "training rows of the 5000 asked for" in said.err


def test_a_plan_measures_no_wide_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of tiny networks share a stack; making one to measure it would take seconds."""
    widths: list[int] = []

    def watched(specs: Any, *given: Any) -> Stack:
        widths.append(len(specs))
        return Stack(specs, *given)

    monkeypatch.setattr(estimating, "Stack", watched)
    plan = Plan(read_batch(str(written(tmp_path, "dataset = 'moons'\nhidden = [2]\n")), {}))
    assert estimating.estimate(plan).seconds > 0
    assert widths == [estimating.MEASURED_RUNS]


def test_work_notices_data_that_changed(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = "".join(f"{i % 7},{i % 3},{i % 2}\n" for i in range(60))
    table.write_text("a,b,y\n" + rows)
    text = f"dataset = '{table}'\ntarget = 'y'\nepochs = 1\nhidden = [3]\n"
    batch = batch_of(tmp_path, text)
    ((_, spec),) = batch.runs()
    stale = spec.model_copy(update={"fingerprint": "0" * 64})
    with pytest.raises(DataError, match="changed after the batch was planned"):
        work(Task((stale,)))
