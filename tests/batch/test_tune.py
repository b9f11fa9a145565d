"""Races: equal budgets, losers out of the stack, winners bit for bit what `batch` trains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from batch_samples import run_here, written

from overfit_cli.batch import race as races
from overfit_cli.batch.halving import ladder
from overfit_cli.batch.tune import tuned, tuning_of
from overfit_cli.core.descent import Descent
from overfit_cli.errors import UsageError
from overfit_cli.executors.serial import Serial
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.plan import Plan
from overfit_cli.store import Store

SHARED = """
name = "small"
dataset = "moons:n=60,n_test=40"
hidden = [5]
epochs = 9
"""
TWO = (
    SHARED
    + """
seeds = 2
[[methods]]
method = "none"
grid.lr = [0.01, 0.05, 0.1]
[[methods]]
method = "dropout"
grid.p = [0.5, 0.8, 0.9]
grid.lr = [0.01, 0.05, 0.1]
"""
)
OWN = ("trials", "tried", "trial_epochs", "budget_epochs", "tuning")


def planned(tmp_path, text, **options):
    return tuning_of(Plan(read_batch(str(written(tmp_path, text)), {})), **options)


def ended(tuning, path):
    with Store.open(path) as store:
        return list(tuned(tuning, store, Serial()))


def numbers(run):
    """Everything that training found, as text and bytes."""
    document = run.to_json()
    found = dict(document["diagnostics"])
    for name in OWN:
        found.pop(name, None)
    document |= {"diagnostics": found, "seconds": 0, "environment": {}}
    parts = [vars(part) for part in (run.predictions, run.model) if part]
    arrays = {k: v.tobytes() for own in parts for k, v in own.items() if hasattr(v, "tobytes")}
    return document, arrays


def test_every_method_has_the_same_budget(tmp_path):
    tuning = planned(tmp_path, TWO)
    # nine settings: 9 epochs, rungs at 1 and 3
    assert tuning.budget == 9 * 1 + 3 * 2 + 1 * 6
    assert {race.budget for race in tuning.races} == {tuning.budget}
    assert [race.method for race in tuning.races] == ["none", "none", "dropout", "dropout"]
    winners = [own.winner for own in ended(tuning, tmp_path / "s.db")]
    assert [run.diagnostics["trials"] for run in winners] == [3, 3, 9, 9]
    spent = [run.diagnostics["trial_epochs"] for run in winners]
    assert spent == [21, 21, 21, 21]
    assert {run.diagnostics["budget_epochs"] for run in winners} == {21}
    assert winners[2].diagnostics["tried"] == {
        "p": ["0.5", "0.8", "0.9"],
        "lr": ["0.01", "0.05", "0.1"],
    }


def test_a_budget_for_the_whole_grid_trains_it_all(tmp_path):
    tuning = planned(tmp_path, TWO, budget=9 * 9)
    ladders = [race.brackets[0].ladder for race in tuning.races]
    assert [own.keeps for own in ladders] == [(3, 3), (3, 3), (9, 9), (9, 9)]


def test_a_grid_too_large_is_sampled_alike_for_every_seed(tmp_path):
    tuning = planned(tmp_path, TWO, budget=14)
    first, second = tuning.races[2:]
    assert first.settings == 9
    assert 1 < len(first.specs) < 9
    assert [spec.settings["lr"] for spec in first.specs] == [
        spec.settings["lr"] for spec in second.specs
    ]
    assert sum(bracket.ladder.cost for bracket in first.brackets) <= 14
    # one setting more would not have fitted
    assert ladder(len(first.specs) + 1, 9, 1, eta=3, depth=2).cost > 14


def test_losers_leave_the_stack(tmp_path, monkeypatch):
    seen, advance = [], Descent.advance

    def counted(self, replicas, epoch):
        seen.append(len(replicas))
        return advance(self, replicas, epoch)

    monkeypatch.setattr(Descent, "advance", counted)
    text = SHARED + 'method = "none"\ngrid.lr = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]\n'
    tuning = planned(tmp_path, text, eta=2)
    assert tuning.races[0].brackets[0].ladder.rungs == (2, 4)
    winner = ended(tuning, tmp_path / "s.db")[0].winner
    # baselines have stacks of their own
    assert seen[:9] == [7] * 2 + [3] * 2 + [1] * 5
    assert winner.diagnostics["trial_epochs"] == sum(seen[:9])


def test_a_planted_learning_rate_wins(tmp_path):
    text = SHARED + 'method = "none"\nseeds = 3\n' + "grid.lr = [1e-7, 1e-6, 1e-5, 0.1, 1e-8]\n"
    found = ended(planned(tmp_path, text), tmp_path / "s.db")
    assert [own.winner.spec["lr"] for own in found] == [0.1] * 3


@pytest.mark.parametrize(
    "method",
    [
        'method = "none"\ngrid.batch_size = [7, 16]',
        'method = "dropout+max-norm"\nscope = "minibatch"\ngrid.p = [0.5, 0.8]',
        'method = "dropout"\naverage = "mc"\nmc_samples = 3\ngrid.p = [0.5, 0.8]',
        'method = "l1"\ngrid.l1 = [0.0001, 0.01]\noptimizer = "adam"',
        'method = "l2+early-stopping"\npatience = 2\neval_every = 2',
        'method = "bayes"\nmembers = 2\neval_every = 2',
        'method = "bayes+early-stopping"\nmembers = 3\nfolds = true\npatience = 2',
        'method = "bayes"\ninference = "swag"\ndraws = 4\neval_every = 2',
        'method = "bayes"\ninference = "laplace"\ndraws = 4\nrounds = 3',
        'method = "none"\ndataset = "sine:n=60,n_test=40"',
    ],
)
def test_winners_are_what_a_batch_trains(tmp_path, method):
    """Every number, the model and the predictions, alone in the store under the batch's name."""
    shared = (
        SHARED.replace('dataset = "moons:n=60,n_test=40"\n', "") if "sine" in method else SHARED
    )
    text = f"{shared}seeds = 2\n{method}\ngrid.lr = [0.001, 0.02, 0.1]\n"
    tuning = planned(tmp_path, text)
    winners = {own.winner.run_id: own.winner for own in ended(tuning, tmp_path / "tuned.db")}
    assert run_here(written(tmp_path, text), tmp_path / "batch.db") == 0
    with Store.open(tmp_path / "batch.db") as whole, Store.open(tmp_path / "tuned.db") as own:
        assert set(own.statuses()) == set(winners)
        assert own.statuses("small") == own.statuses()
        for run_id, winner in winners.items():
            trained = whole.load(run_id, blobs=True)
            assert numbers(winner) == numbers(trained)
            assert numbers(own.load(run_id, blobs=True)) == numbers(trained)


def test_the_winner_of_a_whole_grid_is_the_one_a_comparison_chooses(tmp_path):
    text = TWO.replace("grid.lr", "average = 'mc'\nmc_samples = 3\ngrid.lr").replace(
        "method = \"none\"\naverage = 'mc'\nmc_samples = 3", 'method = "none"'
    )
    tuning = planned(tmp_path, text, budget=81)
    winners = [own.winner for own in ended(tuning, tmp_path / "tuned.db")]
    run_here(written(tmp_path, text), tmp_path / "batch.db")
    with Store.open(tmp_path / "batch.db") as whole:
        runs = list(whole.results(whole.statuses(), ()))
    for winner in winners:
        rivals = [r for r in runs if (r.method, r.seed) == (winner.method, winner.seed)]
        assert winner.final["val"]["nll"] == min(run.final["val"]["nll"] for run in rivals)


def test_test_rows_choose_nothing(tmp_path, monkeypatch):
    tuning = planned(tmp_path, TWO, budget=60)
    loader = races.LOADER

    class Spoilt:
        known = staticmethod(loader.known)

        @staticmethod
        def prepared(spec):
            data = loader.prepared(spec)
            noise = np.random.default_rng(1).normal(size=data.test.inputs.shape)
            test = replace(data.test, inputs=noise.astype(data.test.inputs.dtype))
            return replace(data, test=test)

    before = [own.winner for own in ended(tuning, tmp_path / "a.db")]
    monkeypatch.setattr(races, "LOADER", Spoilt)
    after = [own.winner for own in ended(tuning, tmp_path / "b.db")]
    for one, other in zip(before, after, strict=True):
        assert (one.run_id, one.final["val"]) == (other.run_id, other.final["val"])
        assert one.final["test"] != other.final["test"]


def test_what_is_stored_is_not_trained_again(tmp_path, monkeypatch):
    tuning = planned(tmp_path, TWO)
    with Store.open(tmp_path / "s.db") as store:
        steps = tuned(tuning, store, Serial())
        first = [next(steps), next(steps)]
        steps.close()
        rest = list(tuned(tuning, store, Serial()))
        assert [own.stored for own in rest] == [True, True, False, False]
        assert [own.winner.run_id for own in rest[:2]] == [own.winner.run_id for own in first]
        monkeypatch.setattr(Descent, "advance", None)
        assert all(own.stored for own in tuned(tuning, store, Serial()))
        # another budget is another race
        other = next(tuned(planned(tmp_path, TWO, budget=60), store, Serial()))
        assert not other.stored


def test_diverged_settings_lose_and_one_of_them_is_kept_if_all_do(tmp_path):
    network = SHARED.replace("hidden = [5]", 'hidden = [5, 5]\nactivation = "identity"')
    mixed = network + 'method = "none"\ngrid.lr = [1e6, 0.05, 2e6]\n'
    (own,) = ended(planned(tmp_path, mixed), tmp_path / "a.db")
    assert (own.winner.status, own.winner.spec["lr"]) == ("done", 0.05)
    lost = network + 'method = "none"\ngrid.lr = [1e6, 3e6, 2e6]\n'
    (own,) = ended(planned(tmp_path, lost), tmp_path / "b.db")
    assert own.winner.status == "diverged"
    assert own.winner.diagnostics["trials"] == 3


def test_forms_are_methods_and_data_are_problems(tmp_path):
    text = SHARED + (
        "grid.label_noise = [0.0, 0.1]\n"
        '[[methods]]\nmethod = "dropout"\n'
        '[[methods]]\nmethod = "dropout"\nscope = "minibatch"\ngrid.p = [0.5, 0.8]\n'
    )
    found = planned(tmp_path, text).races
    named = [(race.method, race.specs[0].data.label_noise, race.settings) for race in found]
    assert named == [
        ("dropout (scope example)", 0.0, 1),
        ("dropout (scope example)", 0.1, 1),
        ("dropout (scope minibatch)", 0.0, 2),
        ("dropout (scope minibatch)", 0.1, 2),
    ]


def test_tables_of_one_method_race_together(tmp_path):
    tables = (
        '[[methods]]\nmethod = "l2"\ngrid.lr = [0.01, 0.1]\n[[methods]]\nmethod = "l2"\nl2 = 0.1\n'
    )
    (race,) = planned(tmp_path, SHARED + tables).races
    assert (race.settings, len(race.brackets), set(race.tried)) == (3, 1, {"l2", "lr"})


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ('method = "bayes"\ninference = "hmc"\n', {}, "overfit batch"),
        ('method = "none"\nval_size = 0\n', {}, "--val-size"),
        ('method = "none"\n[select]\nmetric = "rmse"\n', {}, "nll, error, brier, ece, auc"),
        ('method = "none"\ngrid.lr = [0.1, 0.2]\n', {"budget": 8}, "'none' takes 9 epochs"),
        ('method = "none"\nseeds = 10000\ngrid.lr = [0.1, 0.2]\n', {}, "20,000 runs are over"),
    ],
)
def test_refusals(tmp_path, text, options, words):
    with pytest.raises(UsageError, match=words):
        planned(tmp_path, SHARED + text, **options)


def test_an_ensemble_has_the_budget_of_a_single_network(tmp_path):
    text = SHARED + (
        "grid.lr = [0.01, 0.05, 0.1]\n"
        '[[methods]]\nmethod = "none"\n[[methods]]\nmethod = "bayes"\nmembers = 3\n'
    )
    tuning = planned(tmp_path, text)
    none, bayes = (race.brackets[0].ladder for race in tuning.races)
    assert none == bayes
    spent = [own.winner.diagnostics["trial_epochs"] for own in ended(tuning, tmp_path / "s.db")]
    assert spent == [none.cost] * 2


def test_samplers_are_left_out_by_name(tmp_path):
    sampler = '[[methods]]\nmethod = "bayes"\ninference = "hmc"\n'
    tuning = planned(tmp_path, TWO + sampler)
    (told,) = tuning.left_out
    assert "Hamiltonian" in told
    assert {race.method for race in tuning.races} == {"none", "dropout"}


def test_a_race_tells_how_far_it_is(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(races, "alive", told.append)
    ended(planned(tmp_path, TWO.replace("seeds = 2", "seeds = 1")), tmp_path / "s.db")
    first = [spent / 21 for spent in (0, 9, 12, 15, 16, 17, 18, 19, 20, 21)]
    # the last ten are of dropout: nine settings, rungs at 1 and 3
    assert told[-10:] == pytest.approx(first)
    assert told[:-10][-1] == 1
    assert told[:-10] == sorted(told[:-10])


def test_a_race_says_why_it_failed_as_a_run_does(tmp_path):
    text = """
dataset = "sine:n=40"
hidden = [20]
epochs = 6
[[methods]]
method = "bayes"
inference = "laplace"
prior_sd = 1e9
layers = "all"
curvature = "full"
grid.lr = [0.02, 0.05, 0.1]
"""
    (end,) = ended(planned(tmp_path, text), tmp_path / "s.db")
    assert end.winner.status == "failed"
    assert "singular" in end.winner.diagnostics["reason"]
