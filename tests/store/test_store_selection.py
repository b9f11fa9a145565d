from collections.abc import Iterator
from pathlib import Path

import pytest
from store_samples import make_run, run_id_of

from overfit_cli.errors import UsageError
from overfit_cli.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("store") / "s.db") as store:
        for number in range(6):
            store.save(make_run(number), batch="even" if number % 2 == 0 else None)
        store.save(make_run(6, status="diverged", spec={"lr": 1e-3, "hidden": [4]}))
        yield store


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", range(7)),
        ("last", [6]),
        ("even", [0, 2, 4]),
        (run_id_of(3), [3]),
        (f"{run_id_of(1)[:6]},{run_id_of(2)[:6]} last", [1, 2, 6]),
        ("method=dropout", [1, 4]),
        ("method=dropout+l2,dropout", [1, 2, 4, 5]),
        ("method=dropout seed=0", [1]),
        ("even seed=1", [4]),
        ("batch=even status=done", [0, 2, 4]),
        ("status=diverged", [6]),
        ("hidden=8,8", range(6)),
        ("dataset=moons:n=200,noise=0.3", range(7)),
        ("lr=.05", range(6)),
        ("lr=0.001", [6]),
        ("remedies.dropout.p=.5", range(6)),
        ("nesterov=false", range(6)),
    ],
)
def test_selections(store: Store, text: str, numbers: list[int]) -> None:
    assert [run.run_id for run in store.select(text)] == [run_id_of(n) for n in numbers]
    assert sorted(store.resolve(text)) == sorted(run_id_of(n) for n in numbers)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metod=none", "unknown key.*Did you mean 'method'.*remedies.dropout"),
        ("method=dropuot", "Did you mean 'dropout'"),
        ("method=", "key=value"),
        ("=x", "key=value"),
        ("evem", "no run or batch 'evem'"),
        ("seed=0 seed=1", "unknown seed"),
        ("..", "no run or batch"),
        ("status=diverged batch=zz", "no batch 'zz'"),
        ("batch=zz", "unknown batch.*'zz'.*even"),
    ],
)
def test_wrong_selections_are_named(store: Store, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        store.select(text)


def test_an_empty_store_selects_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        assert store.select("method=none") == []
        assert store.last_batch() is None


def test_where_no_batch_is_stored_none_is_suggested(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        store.save(make_run(0))
        with pytest.raises(
            UsageError, match=r"^no batch 'zz': none of the selected runs has a bat"
        ):
            store.select("batch=zz")
