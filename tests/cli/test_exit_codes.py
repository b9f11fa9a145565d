"""Every command's mistakes end with the code that its contract says, told on stderr only.

2: usage, an unknown name, nothing selected, a bad config. 65: data. 74: store or disk. Nothing is
printed on stdout that a program could take for an answer.
"""

import shutil
from pathlib import Path

import pytest
from cli_samples import TINY, files

from overfit_cli.cli.app import COMMANDS

STORES = {
    "none.db": b"",
    "junk.db": b"not a store",
    "cut.db": None,
}
MADE = {"good.db", "good.db.lock", *STORES, "f.csv", "b.toml"}
READ = [
    ("list",), ("show", "last"), ("compare",), ("rm", "last"), ("export",), ("verify", "last"),
    ("predict", "last", "f.csv"),
]  # fmt: skip
WRITE = [
    ("run", *TINY), ("batch", *TINY, "--plan"), ("tune", *TINY, "--method", "none"),
    ("refit", "none", *TINY),
]  # fmt: skip

# words, code, what is said
MISTAKES = [
    (("run", "--method", "zz"), 2, "unknown method 'zz'"),
    (("run", "--config", "no.toml"), 2, "no.toml"),
    (("run", "--config", "b.toml"), 2, "b.toml"),
    (("run", "--dataset", "no.csv"), 65, "no such file"),
    (("run", "--dataset", "f.csv", "--target", "y"), 2, "no column 'y'"),
    (("run", "--seeds", "0"), 2, "--seeds"),
    (("batch", "zz"), 2, "'zz'"),
    (("batch", "--method", "zz"), 2, "unknown method 'zz'"),
    (("batch", "b.toml"), 2, "b.toml"),
    (("batch", "--dataset", "no.csv"), 65, "no such file"),
    (("batch", "--workers", "0"), 2, "--workers"),
    (("batch", "--shard", "3/2"), 2, "--shard"),
    (("batch", "--executor", "zz"), 2, "unknown executor 'zz'"),
    (("tune", "zz"), 2, "'zz'"),
    (("tune", "--dataset", "no.csv"), 65, "no such file"),
    (("tune", "--eta", "1"), 2, "--eta"),
    (("tune", "--budget", "x"), 2, "--budget"),
    (("refit", "zz"), 2, "'zz'"),
    (("refit", "none", "--dataset", "no.csv"), 65, "no such file"),
    (("refit",), 2, "METHOD"),
    (("list", "zz"), 2, "no run or batch 'zz'"),
    (("list", "method=zz"), 2, "'zz'"),
    (("list", "zz=1"), 2, "unknown key of a selection 'zz'"),
    (("list", "method="), 2, "key=value"),
    (("show", "zz"), 2, "no run or batch 'zz'"),
    (("show", "--every", "0"), 2, "--every"),
    (("compare", "zz"), 2, "no run or batch 'zz'"),
    (("compare", "method=zz"), 2, "'zz'"),
    (("compare", "--metric", "zz"), 2, "unknown metric 'zz'"),
    (("compare", "--metric", "rmse"), 2, "have no rmse"),
    (("compare", "--baseline", "zz"), 2, "unknown baseline 'zz'"),
    (("compare", "--reference", "zz"), 2, "unknown reference 'zz'"),
    (("compare", "--format", "zz"), 2, "unknown --format 'zz'"),
    (("compare", "--rope", "x"), 2, "--rope"),
    (("compare", "--rope", "-1"), 2, "--rope"),
    (("compare", "--fail-if", "zz"), 2, "--fail-if"),
    (("compare", "--output", "no/a.html"), 74, "no/a.html"),
    (("compare", "--output", "."), 74, "directory"),
    (("rm", "zz"), 2, "no run or batch 'zz'"),
    (("rm", ""), 2, "would remove every run"),
    (("rm",), 2, "SELECTION"),
    (("export", "zz"), 2, "no run or batch 'zz'"),
    (("export", "--format", "zz"), 2, "unknown --format 'zz'"),
    (("export", "--output", "f.csv"), 74, "f.csv"),
    (("verify", "zz"), 2, "no run or batch 'zz'"),
    (("verify", "--tolerance", "x"), 2, "--tolerance"),
    (("predict", "zz", "f.csv"), 2, "no run or batch 'zz'"),
    (("predict", "last", "no.csv"), 65, "no such file"),
    (("predict", "last", "f.csv"), 65, "missing 2 columns"),
    (("predict", "last"), 2, "FILE"),
    (("merge", "no.db"), 74, "there is none"),
    (("merge", "junk.db"), 74, "not a store"),
    (("merge", "good.db"), 2, "the store to copy into"),
    (("merge",), 2, "STORE"),
    (("methods", "zz"), 2, "unknown method 'zz'"),
    (("datasets", "zz"), 2, "unknown data set 'zz'"),
    (("schema", "zz"), 2, "unexpected"),
    (("bench", "--zz"), 2, "No such option"),
    (("doctor", "--zz"), 2, "No such option"),
    (("doctor", "--store", "junk.db"), 74, "not a store"),
    (("zz",), 2, "No such command"),
]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store of two runs, made once."""
    return tmp_path_factory.mktemp("trained") / "good.db"


@pytest.fixture
def around(cli, trained, monkeypatch):
    """Lay out a good store, broken ones, a table and a config that is none."""
    if not trained.exists():
        cli("run", *TINY, "--method", "none,l2", "--store", trained)
    shutil.copy(trained, "good.db")
    for name, content in STORES.items():
        Path(name).write_bytes(Path("good.db").read_bytes()[:3000] if content is None else content)
    Path("f.csv").write_text("a,b\n1,2\n3,4\n")
    Path("b.toml").write_text("seeds = \n")
    monkeypatch.setenv("OVERFIT_STORE", "good.db")


def told(ended):
    """Check that one message stands on stderr, and nothing on stdout."""
    assert ended.out == ""
    assert ended.err.startswith("overfit: ")
    assert set(files()) <= MADE


@pytest.mark.parametrize(("words", "code", "said"), MISTAKES, ids=lambda each: str(each)[:40])
def test_a_mistake_ends_with_its_code(cli, around, words, code, said):
    ended = cli(*words, code=code)
    assert said in " ".join(ended.err.split())
    if words[0] != "doctor":  # which tells of the rest of the machine first
        told(ended)


@pytest.mark.parametrize("store", [*STORES, "."])
@pytest.mark.parametrize("words", READ, ids=lambda words: words[0])
def test_a_store_that_cannot_be_read_is_74(cli, around, words, store):
    told(cli(*words, "--store", store, code=74))


@pytest.mark.parametrize("store", ["junk.db", "cut.db", "."])
@pytest.mark.parametrize("words", WRITE, ids=lambda words: words[0])
def test_a_store_that_cannot_be_written_is_74(cli, around, words, store):
    ended = cli(*words, "--store", store, code=74)
    assert f"store {store}: " in " ".join(ended.err.split())
    assert "stored" not in ended.out


def test_every_command_is_among_them():
    tried = {words[0] for words, _, _ in MISTAKES}
    assert set(COMMANDS) <= tried
