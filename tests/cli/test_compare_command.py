"""`compare` and `merge`: which runs, every format, gates, and stores that cannot be written."""

import csv
import io
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from cli_samples import DIVERGING, SHAPE, TINY, files

from overfit_cli.store import Store

FORMATS = ("table", "json", "csv", "markdown", "html")


@pytest.fixture
def three(cli):
    """Three methods, two seeds, and two learning rates of `none`."""
    cli("run", *TINY, "--method", "none,l2,dropout", "--seeds", 2)
    cli("run", *TINY, "--seeds", 2, "--lr", 0.5)


def compared(cli, *arguments):
    return cli("compare", "--json", *arguments).json


def arms(document):
    (problem,) = document["problems"]
    return {arm["name"]: arm for arm in problem["arms"]}


def ids_in(document):
    return {t["run_id"] for each in document["problems"] for a in each["arms"] for t in a["trials"]}


def listed(cli, *selection):
    return {run["run_id"] for run in cli("list", "--json", *selection).json["runs"]}


def tag(batch, run_ids):
    with Store.open("overfit.db") as store:
        store.tag(batch, run_ids)


def test_it_says_what_was_found(cli, three):
    out = cli("compare").out
    assert "dropout against none: cannot decide with 2 seeds" in out
    assert "the methods tried unequally many settings (none: 2, dropout: 1, l2: 1)" in out
    assert "true probabilities" in out


def test_settings_are_chosen_by_validation_rows(cli, three):
    runs = cli("list", "--json").json["runs"]
    none = arms(compared(cli))["none"]
    for trial in none["trials"]:
        rivals = [r for r in runs if (r["method"], r["seed"]) == ("none", trial["seed"])]
        assert len(rivals) == 2
        best = min(rivals, key=lambda run: run["val_nll"])
        assert trial["run_id"] == best["run_id"]
        assert trial["selected_by"] == best["val_nll"]
    assert sum(setting["chosen"] for setting in none["settings"]) == 2


def test_without_a_batch_it_takes_the_runs_like_the_last(cli, three):
    like = compared(cli)
    assert like["n_runs"] == 8
    cli("run", *SHAPE[:2], "--hidden", "5", "--epochs", 1)
    assert compared(cli)["n_runs"] == 1
    cli("run", "--dataset", "moons:n=80,n_test=40", "--hidden", "4", "--epochs", 1)
    cli("run", *TINY, "--label-noise", 0.25)
    assert compared(cli)["n_runs"] == 1
    cli("run", *TINY, "--method", "max-norm")
    found = compared(cli)
    assert found["n_runs"] == 9
    assert set(arms(found)) == {"none", "l2", "dropout", "max-norm"}


def test_the_last_batch_is_the_default(cli, three):
    for batch, method in (("one", "none"), ("two", "l2")):
        tag(batch, listed(cli, f"method={method}"))
    cli("run", *TINY, "--method", "max-norm")
    assert (compared(cli)["title"], compared(cli)["n_runs"]) == ("two", 2)
    assert compared(cli, "one")["n_runs"] == 4


def test_a_selection(cli, three):
    found = compared(cli, "method=none,l2", "seed=0")
    assert (found["title"], found["n_runs"]) == ("method=none,l2 seed=0", 3)
    assert set(arms(found)) == {"none", "l2"}
    assert compared(cli, "last")["n_runs"] == 1


def test_two_problems_are_told_apart(cli, three):
    cli("run", *TINY, "--method", "none,l2", "--train-size", 20)
    found = compared(cli, "epochs=3")
    name = "moons:n=60,n_test=40"
    assert [each["dataset"] for each in found["problems"]] == [name, f"{name} (train_size 20)"]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_to_stdout_and_to_a_file(cli, three, form):
    out = cli("compare", "--format", form, "--no-times").out
    said = cli("compare", "--format", form, "--no-times", "--output", "report.txt")
    assert (said.out, said.err) == ("", "")
    written = Path("report.txt").read_text(encoding="utf-8")
    # trailing blanks of a table are cut in a file
    assert [line.rstrip() for line in written.splitlines()] == [
        line.rstrip() for line in out.splitlines()
    ]
    assert cli("compare", "--format", form, "--no-times").out == out
    assert "dropout" in out


def test_json_and_csv_agree(cli, three):
    document = compared(cli)
    assert document["schema"] == "overfit.compare/1"
    assert document["date"]
    rows = list(csv.DictReader(io.StringIO(cli("compare", "--format", "csv").out)))
    assert {row["run_id"] for row in rows} == ids_in(document)


def test_no_times(cli, three):
    document = compared(cli, "--no-times")
    assert document["date"] is None
    assert {t["seconds"] for arm in arms(document).values() for t in arm["trials"]} == {None}
    assert "seconds" not in cli("compare", "--no-times").out


def test_more_to_see(cli, three):
    plain = cli("compare").out
    for option in ("--every-seed", "--all-columns", "--plot", "--settings"):
        assert len(cli("compare", option).out) > len(plain), option


def test_figures(cli, three):
    said = cli("compare", "--figures", "pictures").err
    names = files()
    assert any(name.endswith(".svg") for name in names)
    assert any(name.endswith(".png") for name in names)
    assert "figures in pictures" in said


def test_metric_baseline_and_rope(cli, three):
    options = ("--metric", "error", "--baseline", "l2", "--rope", "0.125", "--select", "brier")
    (problem,) = compared(cli, *options)["problems"]
    assert (problem["metric"], problem["baseline"]) == ("error", "l2")
    assert problem["select"] == "brier"
    assert {verdict["rope"] for verdict in problem["verdicts"]} == {0.125}
    assert {verdict["interval"]["metric"] for verdict in problem["verdicts"]} == {"error"}


BATCH = """
name = "{name}"
dataset = "moons:n=60,n_test=40"
hidden = [4]
epochs = 3
seeds = 2
method = "none"
[[methods]]
grid.lr = [0.05, 0.5]
[select]
metric = "{metric}"
"""


def batch(cli, name, metric, *options):
    """Run a batch of one method and two learning rates, whose config selects by `metric`."""
    Path(f"{name}.toml").write_text(BATCH.format(name=name, metric=metric), encoding="utf-8")
    cli("batch", f"{name}.toml", "--executor", "serial", *options)


def selected_by(document):
    """Return the metric that a report says it selected by, once it is seen to have done so."""
    (problem,) = document["problems"]
    runs = {t["run_id"]: t for a in problem["arms"] for t in a["trials"]}
    for trial in runs.values():
        assert trial["selected_by"] == trial["scores"]["val"][problem["select"]]
    return problem["select"]


def test_a_batch_selects_by_the_metric_of_its_config(cli):
    batch(cli, "keep", "error")
    for words in ((), ("keep",), ("batch=keep",), ("keep", "seed=0"), ("keep", "--metric", "auc")):
        assert selected_by(compared(cli, *words)) == "error", words
    assert "chosen per method and seed by val error" in cli("compare").out
    assert selected_by(compared(cli, "--select", "brier")) == "brier"
    assert "by val brier" in cli("compare", "--select", "brier").out
    # runs that are not asked for as that batch are nobody's
    assert selected_by(compared(cli, "method=none")) == "nll"


def test_the_config_as_it_was_run_last_counts(cli):
    batch(cli, "keep", "error")
    batch(cli, "keep", "brier")
    assert selected_by(compared(cli)) == "brier"
    batch(cli, "other", "nll")
    assert selected_by(compared(cli)) == "nll"
    assert selected_by(compared(cli, "keep")) == "brier"
    said = cli("compare", "keep,other", code=2).err
    assert "select by different metrics (keep by brier, other by nll): say --select" in said
    assert selected_by(compared(cli, "keep,other", "--select", "auc")) == "auc"


def test_shards_bring_their_metric(cli):
    for shard in ("1/2", "2/2"):
        batch(cli, "keep", "error", "--shard", shard, "--store", f"{shard[0]}.db")
    cli("merge", "1.db", "2.db", "--store", "all.db")
    found = compared(cli, "--store", "all.db")
    assert (found["n_runs"], selected_by(found)) == (4, "error")


def test_a_batch_of_an_older_store_is_selected_by_nll(cli):
    batch(cli, "keep", "error")
    with closing(sqlite3.connect("overfit.db")) as connection:
        connection.execute("DROP TABLE batches")
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    found = compared(cli)
    assert (found["title"], found["n_runs"], selected_by(found)) == ("keep", 4, "nll")
    batch(cli, "keep", "error")
    assert selected_by(compared(cli)) == "error"


SAMPLER = ("--inference", "hmc", "--chains", "2", "--warmup", "2", "--samples", "4")


@pytest.fixture
def chains(cli):
    """Two seeds of HMC and of three other methods."""
    cli("run", *TINY, "--method", "none,l2,bayes", "--members", 2, "--seeds", 2)
    cli("run", *SHAPE, "--method", "bayes", *SAMPLER, "--leapfrog", 2, "--seeds", 2)


def test_every_method_is_held_against_hmc(cli, chains):
    (problem,) = compared(cli, "dataset=moons:n=60,n_test=40")["problems"]
    hmc = "bayes (inference hmc)"
    assert problem["reference"] == hmc
    ids = {(a["name"], t["seed"]): t["run_id"] for a in problem["arms"] for t in a["trials"]}
    with Store.open("overfit.db", "read") as store:
        rows = {key: store.load(run_id, blobs=True).predictions for key, run_id in ids.items()}
    assert len(problem["fidelity"]) == 3
    for told in problem["fidelity"]:
        assert told["seeds"] == [0, 1]
        for seed, same, apart in zip(
            told["seeds"], told["agreement"], told["total_variation"], strict=True
        ):
            one, other = rows[told["arm"], seed], rows[hmc, seed]
            p, q = (dict(zip(r.ids.tolist(), r.outputs[:, 1], strict=True)) for r in (one, other))
            assert apart == pytest.approx(sum(abs(p[i] - q[i]) for i in p) / 40)
            alike = sum((p[i] > 0.5) == (q[i] > 0.5) for i in p)
            assert same == pytest.approx(alike / 40, rel=1e-12)


def test_another_reference(cli, chains):
    where = "dataset=moons:n=60,n_test=40"
    for asked, name in (("none", "none"), ("ensemble", "bayes (inference ensemble)")):
        out = cli("compare", where, "--reference", asked, "--every-seed").out
        assert f"against {name}" in out
        assert f"total variation from {name} by seed" in out
    assert "total variation" not in cli("compare", where, "method=none,l2").out


def test_gates(cli, three):
    quiet = cli("compare", "--fail-if", "dropout worse none", "--fail-if", "l2 better none")
    assert quiet.err == ""
    gates = ("--fail-if", "dropout too few none", "--fail-if", "l2 worse none")
    tripped = cli("compare", "--json", *gates, "--output", "r.json", code=4)
    assert "--fail-if 'dropout too few none' holds on moons" in tripped.err
    assert "l2" not in tripped.err
    assert Path("r.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail-if", "dropuot worse none"], "Did you mean 'dropout'?"),
        (["--fail-if", "dropout worse"], "METHOD FINDING BASELINE"),
        (["--fail-if", "none worse l2"], "use --baseline 'l2'"),
        (["--format", "htm"], "Did you mean 'html'?"),
        (["--format", "csv", "--json"], "--json is --format json"),
        (["--format", "csv", "--plot"], "--plot draws in the terminal"),
        (["--metric", "nlll"], "Did you mean 'nll'?"),
        (["--select", "nlll"], "to select by 'nlll'. Did you mean 'nll'?"),
        (["--baseline", "nome"], "Did you mean 'none'?"),
        (["--reference", "dropuot"], "unknown reference 'dropuot'. Did you mean 'dropout'?"),
        (["--rope", "-1"], "--rope"),
        (["methd=none"], "Did you mean 'method'?"),
        (["nothing-like-it"], "no run or batch"),
    ],
)
def test_usage_errors_before_anything_is_told(cli, three, arguments, said):
    ended = cli("compare", *arguments, code=2)
    assert said in ended.err
    assert ended.out == ""


def test_nothing_to_compare(cli):
    assert "there is none. `overfit run` makes one" in cli("compare", code=74).err
    assert files() == []
    with Store.open("overfit.db"):
        pass
    said = cli("compare", code=2).err
    assert "holds no runs to compare" in said
    assert said.splitlines()[-1].startswith("overfit run --method none,")


def test_several_settings_without_validation_rows(cli):
    for lr in (0.1, 0.2):
        cli("run", *TINY, "--val-size", 0, "--lr", lr)
    said = cli("compare", code=2).err
    assert "2 settings (lr differ) and without validation rows" in said
    assert compared(cli, "lr=0.1")["n_runs"] == 1


def test_diverged_runs_are_counted(cli):
    cli("run", *TINY, *DIVERGING, "--method", "none", "--seeds", 2, code=3)
    cli("run", *TINY, *DIVERGING, "--lr", 0.01, "--method", "l2", "--seeds", 2)
    found = arms(compared(cli))
    assert (found["none"]["diverged"], found["none"]["trials"]) == (2, [])
    assert "'none': no run finished" in cli("compare").out
    assert "cannot be checked" in cli("compare", "--fail-if", "l2 worse none", code=4).err


def test_a_disk_that_cannot_be_written(cli, three, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a filesystem cannot be mounted here (needs root)")
    try:
        shutil.copyfile("overfit.db", folder / "s.db")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        wanted = cli("compare", "--no-times").out
        said = cli("compare", "--no-times", "--store", folder / "s.db").out
        # the next command names the store
        assert said.split("next:")[0] == wanted.split("next:")[0]
        assert "read-only" in cli("compare", "--output", folder / "r.txt", code=74).err.lower()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_hostile_outputs(cli, three):
    for name in ("no/such/folder/r.txt", ".", "a\0b"):
        assert cli("compare", "--output", name, code=74).out == ""
    assert files() == ["overfit.db"]


def test_merged_shards_compare_as_one_store(cli):
    options = (*TINY, "--method", "none,l2")
    cli("run", *options, "--seeds", 2, "--store", "one.db")
    cli("run", *options, "--seed", 1, "--seeds", 2, "--store", "two.db")
    said = cli("merge", "one.db", "two.db", "--store", "all.db").out
    assert said == "one.db: 4 new, 0 already there.\ntwo.db: 2 new, 2 already there.\n"
    cli("run", *options, "--seeds", 3, "--store", "whole.db")
    reports = [
        cli("compare", "--json", "--no-times", "--store", store).out
        for store in ("all.db", "whole.db")
    ]
    assert reports[0] == reports[1]


def test_merge_refuses_before_it_writes(cli, three):
    assert "none.db: there is none" in cli("merge", "none.db", "--store", "all.db", code=74).err
    Path("notes.txt").write_text("not a store", encoding="utf-8")
    said = cli("merge", "overfit.db", "notes.txt", "--store", "all.db", code=74).err
    assert "not a store" in said
    Path("linked.db").symlink_to("overfit.db")
    for name in ("overfit.db", "./overfit.db", "linked.db"):
        assert "is the store to copy into" in cli("merge", name, code=2).err
    assert "all.db" not in files()


def test_merge_tells_of_damage(cli, three):
    data = Path("overfit.db").read_bytes()
    (first, *_) = listed(cli)
    record = f'{{"run_id":"{first}","status":"done"'.encode()
    assert data.count(record) == 1
    Path("hurt.db").write_bytes(data.replace(record, record.replace(b"done", b"dome")))
    ended = cli("merge", "hurt.db", "--store", "all.db", code=74)
    assert ended.out == f"hurt.db: 7 new, 0 already there; damaged: '{first}'.\n"
    assert "damaged runs were left out of hurt.db" in ended.err
    assert len(listed(cli, "--store", "all.db")) == 7
