"""`overfit run` as it is met: what it prints, stores and takes."""

import shlex

import pytest
from cli_samples import DIVERGING, TINY, files

from overfit_cli.store import Store

CURVES_AT = [0, 1, 2, 3]


def lines_of(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_one_run_tells_data_network_method_curves_summary_and_what_next(cli):
    ended = cli("run", *TINY)
    first = ended.out.splitlines()[0]
    assert first == (
        "moons:n=60,n_test=40: 48 train, 12 val, 40 test rows, 2 inputs, 2 classes | "
        "2-4-1 relu, 17 parameters | no remedy"
    )
    assert [int(line.split()[0]) for line in ended.out.splitlines() if line[:5].strip().isdigit()]
    for row in ("train (48", "val (12", "test (40", "majority", "linear", "true prob", "next: "):
        assert len(lines_of(ended.out, row)) == 1, row
    assert ended.err == ""
    assert files() == ["overfit.db"]


def test_dropout_is_told_in_words(cli):
    assert (
        "dropout: keep 0.8 (drop 0.2) of hidden units, a fresh mask per example"
        in cli("run", *TINY, "--method", "dropout", "--p", "0.8").out
    )
    assert (
        "keep 0.8 (drop 0.2)" in cli("run", *TINY, "--method", "dropout", "--drop-rate", ".2").out
    )


def test_several_methods_stand_side_by_side(cli):
    ended = cli("run", *TINY, "--method", "none,dropout+l2, max-norm")
    assert len(cli("list", "--json").json["runs"]) == 3
    assert len(lines_of(ended.out, "dropout+l2")) >= 2
    for method in ("none: ", "dropout+l2: ", "max-norm: "):
        assert len(lines_of(ended.out, method)) == 1


def test_several_seeds_are_averaged(cli):
    ended = cli("run", *TINY, "--seeds", 3, "--seed", 5)
    assert "seeds 5 to 7" in ended.out.splitlines()[0]
    assert "±" in ended.out
    assert [run["seed"] for run in cli("list", "--json").json["runs"]] == [5, 6, 7]


def test_every_epoch_and_plot(cli):
    dense = cli("run", *TINY, "--epochs", 40, "--every", 1).out
    sparse = cli("run", *TINY, "--epochs", 40).out
    shown = [int(line[:5]) for line in dense.splitlines() if line[:5].strip().isdigit()]
    assert shown[:41] == list(range(41))
    assert len(sparse.splitlines()) < len(dense.splitlines()) - 20
    plotted = cli("run", *TINY, "--plot").out
    assert len(plotted.splitlines()) > len(cli("run", *TINY).out.splitlines()) + 5


@pytest.mark.parametrize("hidden", ["none", "4,3"])
def test_depth(trained, hidden):
    run = trained(*TINY, "--hidden", hidden)
    assert run["sizes"] == ([2, 1] if hidden == "none" else [2, 4, 3, 1])


def test_csv_with_text_gaps_groups_and_weights(trained, plants):
    roles = ("--target", "kind", "--group-column", "site", "--weight-column", "weight")
    run = trained("--dataset", plants, *roles, "--drop", "part", "--hidden", 4, "--epochs", 2)
    assert sorted(run["classes"]) == ["ash", "elm", "oak"]
    assert run["n_train"] + run["n_val"] + run["n_test"] == 60
    assert run["n_test"] % 5 == 0  # whole groups of five rows


def test_csv_with_a_split_column(trained, plants):
    run = trained("--dataset", plants, "--split-column", "part", "--drop", "site,weight", *SMALL)
    assert (run["n_train"], run["n_val"], run["n_test"]) == (36, 12, 12)


SMALL = ("--target", "kind", "--hidden", "4", "--epochs", "2")


def test_csv_with_files_for_validation_and_test(trained, plants):
    lines = plants.read_text().splitlines()
    for name, rows in (("val.csv", lines[1:11]), ("test.csv", lines[11:26])):
        plants.with_name(name).write_text("\n".join([lines[0], *rows]) + "\n")
    own = ("--val-file", "val.csv", "--test-file", "test.csv", "--drop", "site,part,weight")
    run = trained("--dataset", plants, *own, *SMALL)
    assert (run["n_train"], run["n_val"], run["n_test"]) == (60, 10, 15)


def test_features_and_train_size_and_label_noise(trained, plants):
    run = trained("--dataset", plants, "--features", "height", "--train-size", 20, *SMALL)
    assert (run["sizes"][0], run["n_train"]) == (1, 20)
    noisy = ("--features", "height", "--train-size", 20, "--label-noise", 0.5)
    assert trained("--dataset", plants, *noisy, *SMALL)["final"] != run["final"]


def test_regression(cli, houses):
    ended = cli("run", "--dataset", houses, "--target", "price", "--hidden", 4, "--epochs", 3)
    assert "rmse" in ended.out
    assert "r2" in ended.out
    assert "accuracy" not in ended.out
    assert len(lines_of(ended.out, "mean")) == 1


def test_npz(trained, arrays):
    assert trained("--dataset", arrays, "--hidden", 4, "--epochs", 2)["sizes"] == [3, 4, 1]


def test_early_stopping_restores_the_best_epoch(trained):
    stop = ("--method", "early-stopping", "--patience", "2", "--lr", "1", "--epochs", "60")
    run = trained(*TINY, *stop)
    val = run["curves"]["val_nll"]
    best = min(range(len(val)), key=val.__getitem__)
    assert run["restored_epoch"] == run["best_epoch"] == run["curves"]["epoch"][best]
    assert run["epochs_run"] == run["restored_epoch"] + 2 < 60
    assert run["final"]["val"]["nll"] == pytest.approx(val[best], rel=1e-6)


def test_diverged_run_is_shown_stored_and_exit_3(cli):
    ended = cli("run", *TINY, *DIVERGING, code=3)
    assert "diverged" in ended.out
    assert "the run diverged; it is stored." in ended.err
    assert "--lr 2e+05" in lines_of(ended.out, "next: ")[0]
    assert "diverged" in cli("list").out
    cli("show")


def test_config_gives_options_and_flags_win(cli, empty_folder):
    (empty_folder / "small.toml").write_text(
        'dataset = "moons:n=60,n_test=40"\nhidden = [4, 3]\nepochs = 3\n\n'
        '[[methods]]\nmethod = "none"\n\n[[methods]]\nmethod = "dropout"\np = [0.5, 0.8]\n'
    )
    none, dropout = cli("run", "--config", "small.toml", "--json").runs
    assert (none["method"], dropout["method"]) == ("none", "dropout")
    assert dropout["spec"]["remedies"]["dropout"]["p"] == [0.5, 0.8]
    for run in cli("run", "--config", "small.toml", "--epochs", 2, "--json").runs:
        assert (run["epochs_run"], run["sizes"]) == (2, [2, 4, 3, 1])


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--epochs", "60"),
        ("--method", "none,dropout", "--p", "0.8"),
        ("--method", "bayes", "--members", "2"),
        ("--method", "bayes+early-stopping", "--members", "2", "--folds", "--lr", "0.2"),
        ("--method", "dropout+l2", "--l2", "0.01", "--seeds", "2"),
        ("--val-size", "0"),
        DIVERGING,
    ],
    ids=" ".join,
)
def test_the_next_command_runs(cli, monkeypatch, words):
    """As pasted from a narrow terminal, where it takes several lines."""
    monkeypatch.setenv("COLUMNS", "50")
    out = cli("run", *TINY, *words, code=3 if words is DIVERGING else 0).out
    pasted = out[out.index("next: ") + len("next: ") :].replace("\\\n", " ")
    command, *after = shlex.split(pasted)
    assert command == "overfit"
    assert cli(*after, code=3 if words is DIVERGING else 0).out


def test_one_method_under_two_settings_is_two(cli, empty_folder):
    """They are no seeds of one another: no means over them."""
    (empty_folder / "rates.toml").write_text("[[methods]]\nlr = 0.1\n[[methods]]\nlr = 0.2\n")
    out = cli("run", *TINY, "--config", "rates.toml").out
    assert lines_of(out, "none lr=0.1: ")
    assert lines_of(out, "none lr=0.2: ")
    assert "±" not in out


def test_a_bad_flag_is_not_blamed_on_the_config(cli, empty_folder):
    (empty_folder / "c.toml").write_text("epochs = 3\n")
    assert cli("run", "--config", "c.toml", "--lr=-1", code=2).err.startswith("overfit: --lr: ")


def test_store_option_and_variable(cli, monkeypatch):
    cli("run", *TINY, "--store", "here.db")
    monkeypatch.setenv("OVERFIT_STORE", "there.db")
    cli("run", *TINY)
    assert files() == ["here.db", "there.db"]
    assert cli("list", "--json").runs == cli("list", "--json", "--store", "there.db").runs


def test_resume_takes_what_is_stored(cli):
    before = cli("run", *TINY, "--method", "none,dropout", "--json").runs
    after = cli("run", *TINY, "--method", "none,dropout,l2", "--json", "--resume").runs
    assert after[:2] == before  # the times too, so nothing was trained again
    assert after[2]["method"] == "l2"


def test_notes_are_told_once(cli, plants):
    plants.write_text(plants.read_text() + plants.read_text().splitlines()[1] + "\n")
    ended = cli("run", "--dataset", plants, "--drop", "site,part,weight", *SMALL, "--test-size", 25)
    told = [line for line in (ended.out + ended.err).splitlines() if line.startswith("note: ")]
    assert len(told) == len(set(told))


def test_resume_with_save_model_trains_again_what_was_stored_without(cli, monkeypatch):
    monkeypatch.setattr("overfit_cli.store.record.MODEL_BYTES", 1)
    cli("run", *TINY)
    assert load_last().model is None
    cli("run", *TINY, "--resume", "--save-model")
    assert load_last().model is not None


def load_last():
    with Store.open("overfit.db", "read") as store:
        return store.load("last", blobs=True)
