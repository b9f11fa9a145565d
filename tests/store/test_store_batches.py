"""What a batch's settings are chosen by: noted, merged, rescued, and never wrong in silence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_samples import make_run, run_id_of
from test_store_schema import first_schema

from overfit_cli.errors import StoreError
from overfit_cli.store import Store, migrations


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def noted(path: Path, **metrics: str) -> Path:
    with Store.open(path) as store:
        for batch, metric in metrics.items():
            store.save_select(batch, metric)
    return path


def select_of(path: Path, batch: str) -> str | None:
    with Store.open(path, "read") as store:
        return store.load_select(batch)


def second_schema(path: Path) -> None:
    """Write a store as the second schema had it: runs and a ledger, nothing noted of batches."""
    first_schema(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrations.upgrade(connection, to=2)


def test_the_last_note_counts(path: Path) -> None:
    noted(path, keep="error", other="nll")
    assert (select_of(path, "keep"), select_of(path, "other")) == ("error", "nll")
    noted(path, keep="brier")
    assert (select_of(path, "keep"), select_of(path, "other")) == ("brier", "nll")
    assert select_of(path, "none") is None


def test_the_planned_number_stays_when_only_the_metric_is_noted_again(path: Path) -> None:
    """As when a batch is tuned under its own name."""
    with Store.open(path) as store:
        store.save_select("keep", "error", planned=12)
        store.save_select("keep", "nll")
        assert (store.load_select("keep"), store.load_planned("keep")) == ("nll", 12)
        store.save_select("keep", "nll", planned=20)
        assert store.load_planned("keep") == 20


def test_an_older_store_knows_nothing_of_its_batches_and_learns(path: Path) -> None:
    second_schema(path)
    with Store.open(path, "read") as store:
        assert store.load_select("old") is None
        assert [run.run_id for run in store.select("old")] == [run_id_of(n) for n in range(3)]
        assert store.check() == []
    with closing(sqlite3.connect(path)) as connection:
        assert migrations.version(connection) == migrations.LATEST
    noted(path, old="error")
    assert select_of(path, "old") == "error"


def test_a_merge_brings_what_is_not_known_here(tmp_path: Path) -> None:
    target = noted(tmp_path / "t.db", mine="error", both="auc")
    source = noted(tmp_path / "s.db", theirs="brier", both="nll")
    with Store.open(target) as store, Store.open(source, "read") as other:
        store.merge(other)
    found = {batch: select_of(target, batch) for batch in ("mine", "both", "theirs")}
    assert found == {"mine": "error", "both": "auc", "theirs": "brier"}


def test_a_rescue_brings_it(tmp_path: Path) -> None:
    source = noted(tmp_path / "s.db", keep="error")
    with Store.open(source) as store:
        store.save(make_run(1), batch="keep")
        assert store.rescue(tmp_path / "new.db") == ([run_id_of(1)], [])
    assert select_of(tmp_path / "new.db", "keep") == "error"


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM batches",
        "UPDATE batches SET record = replace(record, 'error', 'brier')",
        "UPDATE batches SET checksum = x'00'",
        "UPDATE batches SET record = 7",
    ],
)
def test_damage_is_named_and_never_another_metric(tmp_path: Path, harm: str) -> None:
    path = noted(tmp_path / "s.db", keep="error")
    with Store.open(path) as store:
        store.save(make_run(1), batch="keep")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(harm)
        connection.commit()
    with pytest.raises(StoreError, match="what was stored of batches is damaged"):
        select_of(path, "keep")
    with pytest.raises(StoreError, match="damaged"):
        noted(path, keep="error")
    with Store.open(path) as store:
        assert len(store.check()) == 1
        # the runs themselves are whole
        assert store.rescue(tmp_path / "new.db")[0] == [run_id_of(1)]
        assert len(store.select("keep")) == 1
