"""Several processes at once, and processes killed at random instants."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from store_samples import ids_of, make_run, run_id_of, same

from overfit_cli.errors import StoreError
from overfit_cli.store import Store, transaction

WRITER = """
import sys
sys.path[:0] = sys.argv[4:]
from store_samples import make_run
from overfit_cli.store import Store
first, count = int(sys.argv[2]), int(sys.argv[3])
for number in range(first, first + count):
    if sys.argv[1].endswith("many.db") or number == first:
        store = Store.open(sys.argv[1])
    store.save(make_run(number), batch="b")
    print(number, flush=True)
"""


def writer(path: Path, first: int, count: int) -> subprocess.Popen[bytes]:
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(count), *folders]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


@pytest.mark.parametrize(
    ("processes", "each"), [(4, 25), pytest.param(8, 250, marks=pytest.mark.slow)]
)
def test_processes_write_side_by_side(tmp_path: Path, processes: int, each: int) -> None:
    path = tmp_path / "many.db"  # made by whichever is first, opened again for every run
    started = [writer(path, each * n, each) for n in range(processes)]
    started.append(writer(path, 0, each))  # the same runs once more
    for process in started:
        process.communicate()
    assert {process.returncode for process in started} == {0}
    with Store.open(path, "read") as store:
        runs = store.select("b")
        assert sorted(run.run_id for run in runs) == sorted(map(run_id_of, range(processes * each)))
        assert store.check() == []


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_writer_leaves_whole_runs_only(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "s.db"
    pause = random.Random(0)
    first = 0
    for _ in range(kills):
        process = writer(path, first, 1000)
        assert process.stdout is not None
        said = process.stdout.readline().split()
        time.sleep(pause.uniform(0.0, 0.06))
        process.kill()
        said += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        with Store.open(path) as store:
            assert store.check() == []
            done = ids_of(store)
            assert {run_id_of(int(number)) for number in said} <= done
            # One more may have been committed and not yet told of.
            assert len(done) - first in (len(said), len(said) + 1)
            first = len(done)
            if first:
                assert same(store.load(run_id_of(first - 1), blobs=True), make_run(first - 1))
    assert first > 0


def test_a_transaction_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        with transaction.transaction(connection):
            connection.execute("DELETE FROM runs")
            raise KeyboardInterrupt

    with Store.open(tmp_path / "s.db") as store:
        store.save(make_run(0))
        with pytest.raises(KeyboardInterrupt):
            fail(store._connection)
        assert same(store.load("last", blobs=True), make_run(0))


def test_a_store_held_by_another_is_waited_for_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "PATIENCE_SECONDS", 0.0)
    path = tmp_path / "s.db"
    with Store.open(path) as one, Store.open(path) as other:
        with transaction.transaction(one._connection):
            with pytest.raises(StoreError, match="Another process held it"):
                other.save(make_run(1))
            assert other.select() == []  # readers do not wait
        other.save(make_run(1))
        assert len(one.select()) == 1
