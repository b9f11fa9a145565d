"""Plans: every combination once, lazily, the same split and weights for every method."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest

from overfit_cli.errors import UsageError
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.loading import Loader
from overfit_cli.experiment.plan import Plan, Shard, known

GRID = """
name = "small"
dataset = "moons:n=60"
hidden = [4]
epochs = 2
seeds = 3
seed = 5
[[methods]]
method = "none"
grid.lr = [0.1, 0.2]
[[methods]]
method = ["dropout", "dropout+l2"]
grid.p = [0.5, 0.8, 0.9]
grid.lr = [0.1, 0.3]
"""


@pytest.fixture
def plan(tmp_path):
    def read(text, **overrides):
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return Plan(read_batch(str(path), overrides))

    return read


def test_every_combination_once(plan):
    found = [
        (spec.method, spec.remedies.get("dropout", {}).get("p"), spec.lr, spec.seed)
        for spec in plan(GRID)
    ]
    expected = [("none", None, lr, seed) for lr in (0.1, 0.2) for seed in (5, 6, 7)]
    expected += [
        (method, p, lr, seed)
        for p, lr, method, seed in itertools.product(
            (0.5, 0.8, 0.9), (0.1, 0.3), ("dropout", "dropout+l2"), (5, 6, 7)
        )
    ]
    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert len(plan(GRID)) == len(found)
    assert plan(GRID).methods() == ("none", "dropout", "dropout+l2")


def test_a_flag_replaces_an_axis_and_a_method_the_tables(plan):
    assert {spec.lr for spec in plan(GRID, lr=0.7)} == {0.7}
    only = plan(GRID, method="l2", seeds=1)
    assert [spec.method for spec in only] == ["l2"]


def test_p_and_drop_rate_are_one_axis(plan):
    text = "p = 0.3\n[[methods]]\nmethod = 'dropout'\ngrid.drop_rate = [0.1, 0.2]\n"
    assert [spec.remedies["dropout"]["p"] for spec in plan(text)] == [0.9, 0.8]


def test_what_tables_repeat_is_one_run(plan):
    doubled = GRID + "[[methods]]\nmethod = 'none'\ngrid.lr = [0.2, 0.4]\n"
    runs = list(known(plan(doubled), Loader()))
    assert len(plan(doubled)) == len(runs) + 3
    assert len({run_id for run_id, _ in runs}) == len(runs)
    assert all(run_id == spec.run_id for run_id, spec in runs)


def test_shards_deal_out_every_run_once(plan):
    ids = [run_id for run_id, _ in known(plan(GRID), Loader())]
    parts = [[run_id for run_id in ids if run_id in Shard(i, 3)] for i in (1, 2, 3)]
    assert sorted(itertools.chain(*parts)) == sorted(ids)
    assert all(parts)


def test_a_million_runs_are_planned_without_holding_them(plan):
    values = [round(i / 1000, 3) for i in range(1, 1001)]
    text = f"[[methods]]\nmethod='dropout'\nseeds=10\ngrid.p={values[:100]}\ngrid.lr={values}\n"
    tracemalloc.start()
    large = plan(text)
    large.check()
    assert len(large) == 1_000_000
    assert len(next(large.samples(12))[1]) <= 13
    assert len(list(itertools.islice(large, 1000))) == 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * 2**20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grid.lrr = [1]", "line 1: unknown axis 'lrr'. Did you mean 'lr'?"),
        ("epochs = 2\ngrid.lr = 0.1", "line 2: grid.lr must be a list"),
        ("grid.lr = []", "grid.lr must be a list"),
        ("grid.lr = [0.1, -1]", "lr: must be greater than 0"),
        ("lr = 0.1\ngrid.lr = [0.1]", "'lr' is given once as a value and once as an axis"),
        ("grid.seeds = [1]", "unknown axis 'seeds'"),
        ("grid = 3", "'grid' holds axes"),
        ("name = 'last'", "the name 'last' must be a word"),
        ("name = '../x'", "the name '../x' must be a word"),
        ("[select]\nmetrik = 'nll'", "line 2: unknown key of [select] 'metrik'"),
        ("[select]\nmetric = 'loss'", "line 2: unknown metric 'loss'"),
        ("select = 'nll'", "write [select]"),
        ("methods = []", "'methods' is empty"),
        ("[[methods]]\nmethod = 'none'\ngrid.p = [0.5]", "belongs to 'dropout'"),
        ("[[methods]]\nmethod='dropout'\ngrid.mask=['exact','bernouli']", "bernoulli"),
        ("[[methods]]\nmethod='dropout'\ngrid.lr=[0.1]\ngrid.p=[0.5, 2]", "2"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(plan, text, said):
    with pytest.raises(UsageError) as caught:
        plan(text + "\n").check()
    assert said in str(caught.value)
