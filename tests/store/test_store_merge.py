"""Merging stores: each run once and whole, the better record kept, damage counted."""

import contextlib
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from store_samples import ids_of, make_run, run_id_of, same

from overfit_cli.errors import StoreError
from overfit_cli.records import RunResult
from overfit_cli.store import Store
from overfit_cli.store.merge import Merged

MERGER = """
import sys
from overfit_cli.store import Store
with Store.open(sys.argv[1]) as store, Store.open(sys.argv[2], "read") as source:
    print("begun", flush=True)
    store.merge(source)
"""


def saved(path: Path, *runs: RunResult, batch: str | None = "b") -> Path:
    with Store.open(path) as store:
        for run in runs:
            store.save(run, batch=batch)
    return path


def merged(target: Path, source: Path) -> Merged:
    with Store.open(target) as store, Store.open(source, "read") as other:
        found = store.merge(other)
        assert store.check() == []
    return found


def loaded(path: Path, number: int) -> RunResult:
    with Store.open(path, "read") as store:
        return store.load(run_id_of(number), blobs=True)


def batches(path: Path) -> dict[str, tuple[str, ...]]:
    with Store.open(path, "read") as store:
        return {run.run_id: run.batches for run in store.select()}


def test_shards_become_one_store(tmp_path: Path) -> None:
    target = tmp_path / "all.db"
    for shard in range(3):
        source = saved(tmp_path / f"{shard}.db", *map(make_run, range(shard, 12, 3)))
        assert merged(target, source).new == [run_id_of(n) for n in range(shard, 12, 3)]
    assert batches(target) == {run_id_of(n): ("b",) for n in range(12)}
    assert all(same(loaded(target, n), make_run(n)) for n in range(12))
    with Store.open(target, "read") as store:
        assert store.last_batch() == "b"


def test_once_more_changes_no_byte_of_any_run(tmp_path: Path) -> None:
    source = saved(tmp_path / "s.db", *map(make_run, range(4)))
    target = saved(tmp_path / "t.db", make_run(9))
    merged(target, source)
    with contextlib.closing(sqlite3.connect(target)) as connection:
        before = connection.execute("SELECT * FROM runs ORDER BY sequence").fetchall()
    again = merged(target, source)
    assert (again.new, again.replaced, len(again.known)) == ([], [], 4)
    with contextlib.closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT * FROM runs ORDER BY sequence").fetchall() == before


@pytest.mark.parametrize(
    ("here", "there", "kept"),
    [
        ("done", "failed", "done"),
        ("done", "diverged", "done"),
        ("failed", "done", "done"),
        ("diverged", "done", "done"),
        ("failed", "diverged", "diverged"),
        ("diverged", "failed", "diverged"),
    ],
)
def test_what_came_further_stays(tmp_path: Path, here: str, there: str, kept: str) -> None:
    target = saved(tmp_path / "t.db", make_run(1, status=here, seconds=1.0), batch="mine")
    source = saved(tmp_path / "s.db", make_run(1, status=there, seconds=2.0), batch="theirs")
    found = merged(target, source)
    result = loaded(target, 1)
    assert (result.status, result.seconds) == (kept, 1.0 if kept == here else 2.0)
    assert found == Merged(
        replaced=[] if kept == here else [run_id_of(1)],
        known=[run_id_of(1)] if kept == here else [],
    )
    assert batches(target) == {run_id_of(1): ("mine", "theirs")}


def test_a_model_is_not_lost_and_one_that_lacked_is_gained(tmp_path: Path) -> None:
    target = saved(tmp_path / "t.db", make_run(1), make_run(2, model=None))
    source = saved(tmp_path / "s.db", make_run(1, model=None), make_run(2))
    found = merged(target, source)
    assert (found.known, found.replaced) == ([run_id_of(1)], [run_id_of(2)])
    assert same(loaded(target, 1), make_run(1))
    assert same(loaded(target, 2), make_run(2))


def test_damaged_runs_are_counted_and_left(tmp_path: Path) -> None:
    source = saved(tmp_path / "s.db", *map(make_run, range(6)))
    model = make_run(5).model
    assert model is not None
    whole = source.read_bytes()
    for value in (b'"seconds":3.1', model.parameters.tobytes()[:64]):
        assert whole.count(value) == 1
        whole = whole.replace(value, bytes([value[0] ^ 1]) + value[1:])
    source.write_bytes(whole)
    target = tmp_path / "t.db"
    found = merged(target, source)
    assert sorted(found.damaged) == sorted([run_id_of(3), run_id_of(5)])
    assert set(batches(target)) == {run_id_of(n) for n in (0, 1, 2, 4)}


def test_a_damaged_record_here_is_replaced(tmp_path: Path) -> None:
    target = saved(tmp_path / "t.db", *map(make_run, range(4)))
    whole = target.read_bytes()
    assert whole.count(b'"seconds":3.1') == 1
    target.write_bytes(whole.replace(b'"seconds":3.1', b'"seconds":9.9'))
    source = saved(tmp_path / "s.db", make_run(3))
    assert merged(target, source).replaced == [run_id_of(3)]
    assert same(loaded(target, 3), make_run(3))


def test_runs_that_vanished_whole_are_missed(tmp_path: Path) -> None:
    source = saved(tmp_path / "s.db", *map(make_run, range(4)))
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id_of(1),))
        connection.commit()
    found = merged(tmp_path / "t.db", source)
    assert (len(found.new), found.missing) == (3, 1)


def test_a_killed_merge_leaves_whole_runs_and_goes_on(tmp_path: Path) -> None:
    source = saved(tmp_path / "s.db", *map(make_run, range(60)))
    pause = random.Random(0)
    for number in range(4):
        target = tmp_path / f"{number}.db"
        command = [sys.executable, "-c", MERGER, str(target), str(source)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(pause.uniform(0, 0.05))
            process.kill()
        with Store.open(target, "read") as store:
            assert store.check() == []
            halfway = ids_of(store)
        found = merged(target, source)
        assert set(found.known) == halfway
        assert len(found.new) == 60 - len(halfway)


def test_a_scan_yields_what_is_asked_for_and_tells_of_damage(tmp_path: Path) -> None:
    path = saved(tmp_path / "s.db", *map(make_run, range(6)))
    wanted = {run_id_of(n) for n in (4, 1, 77)}
    with Store.open(path, "read") as store:
        for found, number in zip(store.scan(wanted), (1, 4), strict=True):
            run = make_run(number, curves=(), predictions=None, model=None)
            assert same(found, run)
    path.write_bytes(path.read_bytes().replace(b'"seconds":3.1', b'"seconds":9.9'))
    with Store.open(path, "read") as store, pytest.raises(StoreError, match=run_id_of(3)):
        list(store.scan(wanted))


def test_stores_that_disagree_on_how_a_batch_chooses_are_told(tmp_path: Path) -> None:
    for name, metric in (("a.db", "nll"), ("b.db", "error"), ("c.db", "nll")):
        saved(tmp_path / name, make_run())
        with Store.open(tmp_path / name) as store:
            store.save_select("b", metric)
    assert merged(tmp_path / "a.db", tmp_path / "b.db").disputed == {"b": ("nll", "error")}
    assert merged(tmp_path / "a.db", tmp_path / "c.db").disputed == {}
    with Store.open(tmp_path / "a.db", "read") as store:
        assert store.load_select("b") == "nll"
