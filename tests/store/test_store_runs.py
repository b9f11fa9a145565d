import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from store_samples import ids_of, make_run, run_id_of, same

from overfit_cli.errors import StoreError, UsageError
from overfit_cli.records import EpochRecord, Model, Predictions
from overfit_cli.store import Store, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a %23?b é.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as store:
        yield store


def test_a_run_comes_back_to_the_bit_after_closing(path: Path) -> None:
    with Store.open(path) as store:
        store.save(make_run())
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with Store.open(path, "read") as store:
        assert same(store.load(run_id_of(0), blobs=True), make_run())


def test_blobs_are_read_only_on_demand(store: Store) -> None:
    store.save(make_run())
    light = store.load("last")
    assert same(light, make_run(predictions=None, model=None))
    (none,) = store.results([run_id_of(0)], parts=())
    assert none.curves == ()
    (some,) = store.results([run_id_of(0)], parts=("predictions",))
    assert some.model is None
    assert same(some.predictions, make_run().predictions)


def test_no_curves_uneven_metrics_and_regression_come_back(store: Store) -> None:
    uneven = (
        EpochRecord(0, {"nll": 1.0}, {}, 0.5),
        EpochRecord(5, {"nll": 2.0, "rmse": 3.0}, {"rmse": 4.0}, 0.25),
    )
    noisy = Predictions(np.arange(2), np.ones((2, 1)), np.ones((2, 1)), np.ones((2, 1)))
    model = Model(np.ones((1, 3)), np.zeros(1), np.ones((1, 1)), {}, {})
    of_two = {"n_test": 2, "classes": (), "target_names": ("y",)}
    for number, run in enumerate(
        [
            make_run(0, curves=()),
            make_run(1, curves=uneven, predictions=noisy, model=model, **of_two),
        ]
    ):
        store.save(run)
        assert same(store.load(run_id_of(number), blobs=True), run)


def test_saving_twice_is_saving_once(store: Store) -> None:
    store.save(make_run(), batch="a")
    store.save(make_run(seconds=9.0), batch="b")
    assert len(store.summaries()) == 1
    assert store.summaries()[0].batches == ("a", "b")
    assert store.load("last").seconds == 9.0
    assert store.check() == []


def test_a_failed_run_is_replaced_and_never_replaces(store: Store) -> None:
    store.save(make_run(status="failed", predictions=None, model=None))
    assert not store.has(run_id_of(0))
    store.save(make_run())
    assert store.has(run_id_of(0))
    store.save(make_run(status="diverged", predictions=None, model=None))
    assert same(store.load("last", blobs=True), make_run())


def test_a_stored_model_is_not_lost_by_training_again(store: Store) -> None:
    store.save(make_run(0))
    store.save(make_run(1))
    store.save(make_run(0, model=None))
    assert store.load("last", blobs=True).model is not None
    assert store.load("last").run_id == run_id_of(0)


def test_large_models_only_when_asked_large_predictions_never(store: Store) -> None:
    large = np.zeros((1, record.MODEL_BYTES // 4), dtype=np.float32)
    model = Model(large, np.zeros(1), None, {}, {})
    many = Predictions(np.zeros(400_000), np.zeros(400_000), np.zeros((400_000, 2)))
    store.save(make_run(model=model, predictions=many))
    loaded = store.load("last", blobs=True)
    assert (loaded.model, loaded.predictions) == (None, None)
    store.save(make_run(model=model), keep_model=True)
    assert same(store.load("last", blobs=True), make_run(model=model))


def test_a_part_beyond_the_limit_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "PART_BYTES", 100)
    with pytest.raises(StoreError, match=r"take [\d,]+ bytes"):
        store.save(make_run())
    assert store.summaries() == []


def test_ids_by_status(store: Store) -> None:
    store.save(make_run(0))
    store.save(make_run(1, status="diverged"))
    assert ids_of(store) == {run_id_of(0)}
    assert ids_of(store, "diverged") == {run_id_of(1)}


def test_removed_runs_are_gone_with_their_bytes(store: Store, path: Path) -> None:
    big = Predictions(np.zeros(9), np.zeros(9), np.random.default_rng(0).random((9, 20_000)))
    store.save(make_run(0))
    store.save(make_run(1, predictions=big))
    assert store.remove([run_id_of(1), run_id_of(1), "unknown"]) == 1
    assert [run.run_id for run in store.summaries()] == [run_id_of(0)]
    assert store.check() == []
    store.close()
    assert path.stat().st_size < big.outputs.nbytes


def test_summaries_hold_what_a_list_shows(store: Store) -> None:
    store.save(make_run(4, final={"test": {"nll": 1.0, "rmse": 2.0}}), batch="b")
    (run,) = store.summaries()
    assert (run.run_id, run.created) == (run_id_of(4), "2026-01-02T03:04:04Z")
    assert (run.method, run.seed, run.status, run.batches) == ("dropout", 1, "done", ("b",))
    assert (run.val_nll, run.val_error, run.test_nll, run.test_error) == (None, None, 1.0, 2.0)


def test_tagging_makes_members_of_what_is_stored(store: Store) -> None:
    for number in range(3):
        store.save(make_run(number), batch="first")
    assert store.last_batch() == "first"
    store.tag("second", [run_id_of(2), run_id_of(0), "unknown"])
    assert {run.run_id for run in store.select("second")} == {run_id_of(0), run_id_of(2)}
    assert store.last_batch() == "second"
    assert len(store.select("first")) == 3
    assert store.check() == []


def test_completion(store: Store) -> None:
    store.save(make_run(0))
    assert store.complete_ids(run_id_of(0)[:3]) == [run_id_of(0)]
    assert store.complete_ids("la") == ["last"]
    assert store.complete_ids("\udcff") == []


def test_loading_says_what_there_is(store: Store) -> None:
    with pytest.raises(UsageError, match="holds none"):
        store.load("last")
    for run_id in ("abcd1", "abcd2", "abcd"):
        store.save(make_run(run_id=run_id))
    assert store.load("abcd1").run_id == "abcd1"
    assert store.load("abcd").run_id == "abcd"
    store.save(make_run(run_id="abcd3x"))
    assert store.load("abcd3").run_id == "abcd3x"
    store.remove(["abcd"])
    with pytest.raises(UsageError, match=r"ambiguous.*abcd1, abcd2"):
        store.load("abcd")
    with pytest.raises(UsageError, match="Did you mean 'abcd1'"):
        store.load("abxd1")
    # a letter or two are sooner the name of a batch that is no more
    for hostile in (
        "abc",
        "../abcd1",
        "a'; DROP TABLE runs;--",
        "\udcff",
        "a\0",
        "%",
        "a" * 300,
        "",
    ):
        with pytest.raises(UsageError):
            store.load(hostile)


def test_a_tunings_winner_that_is_run_again_stays_known_as_such(store: Store) -> None:
    found = {"trials": 4, "tried": {"lr": ["0.1", "0.2"]}, "tuning": "k", "trial_epochs": 9}
    store.save(make_run(diagnostics={"warnings": ["old"]} | found), batch="b")
    store.save(make_run(diagnostics={"warnings": ["new"]}))
    assert store.load("last").diagnostics == {"warnings": ["new"]} | found
    assert store.check() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_reading_a_protected_file_leaves_nothing_behind(path: Path) -> None:
    with Store.open(path) as store:
        store.save(make_run())
    path.chmod(0o400)
    with Store.open(path, "read") as store:
        assert ids_of(store) == {run_id_of(0)}
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    path.chmod(0o600)
    with Store.open(path) as store:
        store.save(make_run(1))
