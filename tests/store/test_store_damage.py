"""Bits flipped and files cut short: named, or the same numbers, never others."""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store_samples import ids_of, make_run, run_id_of, same

from overfit_cli.errors import OverfitError, StoreError
from overfit_cli.store import Store

RUNS = {run_id_of(number): make_run(number) for number in range(8)}
PLACES = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "s.db"
    with Store.open(path) as store:
        for run in RUNS.values():
            store.save(run, batch="b")
    return path.read_bytes()


def damaged(data: bytes, count: int) -> Iterator[bytes]:
    """Yield copies: cut short, a bit flipped anywhere, a bit flipped in a page's header."""
    random_ = random.Random(3)
    for number in range(count):
        copy = bytearray(data)
        if number % 3 == 0:
            yield bytes(copy[: random_.randrange(1, len(copy))])
            continue
        place = random_.randrange(len(copy))
        if number % 3 == 1:
            place = place // 4096 * 4096 + random_.randrange(40)
        copy[place] ^= 1 << random_.randrange(8)
        yield bytes(copy)


def wrong(path: Path, good: Any) -> list[str]:
    """Return the numbers that the store gives and that were never saved."""
    found: list[str] = []
    with contextlib.suppress(StoreError), Store.open(path, "read") as store:
        with contextlib.suppress(StoreError):
            found += [] if store.select() == good else ["summaries"]
        for run_id, run in RUNS.items():
            with contextlib.suppress(OverfitError):
                found += [] if same(store.load(run_id, blobs=True), run) else [run_id]
        with contextlib.suppress(StoreError):
            found += sorted(ids_of(store) - set(RUNS))
    return found


@pytest.mark.parametrize("count", [PLACES, pytest.param(1000, marks=pytest.mark.slow)])
def test_damage_never_gives_a_wrong_number(whole: bytes, tmp_path: Path, count: int) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(whole)
    with Store.open(path, "read") as store:
        good = store.select()
        assert len(good) == len(RUNS)
    for data in damaged(whole, count):
        path.write_bytes(data)
        assert wrong(path, good) == []
        with contextlib.suppress(StoreError):
            train_again(path)
            assert wrong(path, sorted(good, key=lambda run: run.run_id)) in ([], ["summaries"])
        for side in tmp_path.glob("s.db-*"):
            side.unlink()


def train_again(path: Path) -> None:
    with Store.open(path) as store:
        done = ids_of(store)
        for run_id, run in RUNS.items():
            if run_id not in done:
                store.save(run, batch="b")


def damage_value(path: Path, whole: bytes, value: bytes) -> None:
    assert whole.count(value) == 1
    path.write_bytes(whole.replace(value, bytes([value[0] ^ 1]) + value[1:]))


def test_a_damaged_run_is_named_counted_missing_and_replaced(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    damage_value(path, whole, b'"seconds":3.1')
    with Store.open(path) as store:
        assert ids_of(store) == set(RUNS) - {run_id_of(3)}
        assert not store.has(run_id_of(3))
        for ask in (store.select, lambda: store.load(run_id_of(3))):
            with pytest.raises(StoreError, match=rf"damaged.*{run_id_of(3)}.*overfit rm"):
                ask()
        assert any(run_id_of(3) in problem for problem in store.check())
        assert store.resolve(run_id_of(3)) == [run_id_of(3)]
    train_again(path)
    with Store.open(path, "read") as store:
        assert len(store.select("b")) == len(RUNS)
        assert store.check() == []


def test_a_damaged_part_is_named(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    model = make_run(5).model
    assert model is not None
    damage_value(path, whole, model.parameters.tobytes()[:64])
    with Store.open(path, "read") as store:
        assert same(store.load(run_id_of(5)), make_run(5, predictions=None, model=None))
        with pytest.raises(StoreError, match=f"{run_id_of(5)}.*model"):
            store.load(run_id_of(5), blobs=True)
        (problem,) = store.check()
        assert "model" in problem


def test_what_is_intact_is_rescued(whole: bytes, tmp_path: Path) -> None:
    path, fresh = tmp_path / "s.db", tmp_path / "fresh.db"
    damage_value(path, whole, b'"seconds":3.1')
    with Store.open(path, "read") as store:
        kept, lost = store.rescue(fresh)
        assert (set(kept), lost) == (set(RUNS) - {run_id_of(3)}, [run_id_of(3)])
        with pytest.raises(StoreError, match="exists"):
            store.rescue(fresh)
    with Store.open(fresh, "read") as store:
        assert store.check() == []
        assert len(store.select("b")) == len(RUNS) - 1
        assert same(store.load(run_id_of(7), blobs=True), make_run(7))


def test_a_run_that_vanished_whole_is_missed(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(whole)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id_of(1),))
        connection.commit()
    with Store.open(path, "read") as store:
        with pytest.raises(StoreError, match="8 runs were saved, 7 are found"):
            store.select()
        assert any("8 runs" in problem for problem in store.check())


def without_indexes(path: Path, whole: bytes, *names: str) -> None:
    """Empty these indexes: their pages say that they have no cells."""
    path.write_bytes(whole)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        pages = [connection.execute(query, (name,)).fetchone()[0] for name in names]
    content = bytearray(whole)
    for page in pages:
        content[(page - 1) * 4096] = 10  # a leaf
        content[(page - 1) * 4096 + 3 : (page - 1) * 4096 + 5] = bytes(2)
    path.write_bytes(content)


def test_a_run_hidden_by_a_damaged_index_is_named(whole: bytes, tmp_path: Path) -> None:
    path, run_id = tmp_path / "s.db", run_id_of(1)
    without_indexes(path, whole, "sqlite_autoindex_runs_1")
    with Store.open(path) as store:
        with pytest.raises(StoreError, match=f"index of runs is damaged: run {run_id}"):
            next(store.results([run_id]))
        with pytest.raises(StoreError):
            store.save(RUNS[run_id], batch="b")
        assert store.check() != []
        kept, lost = store.rescue(tmp_path / "fresh.db")
    assert (sorted(kept), lost) == (sorted(RUNS), [])


def test_a_run_hidden_and_saved_again_is_never_counted_twice(whole: bytes, tmp_path: Path) -> None:
    path, run_id = tmp_path / "s.db", run_id_of(1)
    without_indexes(path, whole, "sqlite_autoindex_runs_1", "sqlite_autoindex_parts_1")
    with Store.open(path) as store:
        store.save(RUNS[run_id], batch="b")
        with pytest.raises(StoreError, match=f"damaged: run {run_id}"):
            store.select()
        kept, lost = store.rescue(tmp_path / "fresh.db")
    assert (sorted(kept), lost) == (sorted(RUNS), [])
    with Store.open(tmp_path / "fresh.db", "read") as store:
        assert len(store.select()) == len(RUNS)
