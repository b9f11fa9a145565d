"""Configs: the options' names in TOML, with a table per method."""

from pathlib import Path

import pytest

from overfit_cli.cli.asking import Request, asked_specs, checked
from overfit_cli.errors import UsageError
from overfit_cli.experiment.config import SHIPPED, find_config, read_batch, read_config
from overfit_cli.experiment.plan import Plan
from overfit_cli.experiment.spec import specs_of

SHIPPED_NAMES = sorted({path.stem for folder in SHIPPED for path in folder.glob("*.toml")})


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "c.toml"
        path.write_text(text)
        return str(path)

    return write


def test_one_set_without_tables(config):
    (options,) = read_config(config("epochs = 3\nhidden = [4, 3]\np = 0.5\nmethod = 'dropout'"), {})
    assert (options.epochs, options.hidden, options.p) == (3, (4, 3), 0.5)


def test_a_set_per_table_and_what_they_share(config):
    text = (
        "epochs = 3\nlr = 0.1\n[[methods]]\nmethod = 'none'\n[[methods]]\nmethod = 'l2'\nlr = 0.2\n"
    )
    none, l2 = read_config(config(text), {})
    assert (none.method, none.lr, none.epochs) == (("none",), 0.1, 3)
    assert (l2.method, l2.lr, l2.epochs) == (("l2",), 0.2, 3)


def test_the_command_line_wins(config):
    text = "epochs = 3\n[[methods]]\nlr = 0.1\n[[methods]]\nlr = 0.2\n"
    assert [options.epochs for options in read_config(config(text), {"epochs": 9})] == [9, 9]
    (only,) = read_config(config(text), {"method": "l2"})
    assert only.method == ("l2",)


TABLES = "[[methods]]\nmethod = 'none'\n[[methods]]\nmethod = 'dropout'\n"


@pytest.mark.parametrize(
    ("text", "flags"),
    [(TABLES, {"p": 0.3}), ("p = 0.3\n" + TABLES, {}), ("drop_rate = 0.7\n" + TABLES, {}),
     ("drop_rate = 0.1\n" + TABLES, {"p": 0.3}), ("p = 0.1\n" + TABLES, {"drop_rate": 0.7})],
)  # fmt: skip
def test_what_tables_share_need_not_concern_each(config, text, flags):
    none, dropout = specs_of(*read_config(config(text), flags))
    assert none.remedies == {"none": {}}
    assert dropout.remedies["dropout"]["p"] == 0.3


def test_tables_may_differ_in_their_data_alone(config):
    names = ["moons:n=40", "circles:n=40", "moons:n=40"]
    text = "".join(f"[[methods]]\ndataset = '{name}'\n" for name in names)
    specs = checked(asked_specs(Request({}, config("hidden = [3]\n" + text)))).specs
    assert [spec.data.dataset for spec in specs] == names[:2]


def test_what_no_table_uses_is_refused(config):
    with pytest.raises(UsageError, match=r"--l2 belongs to 'l2', and the method is 'none,dropout'"):
        specs_of(*read_config(config(TABLES), {"l2": 0.1}))
    with pytest.raises(UsageError, match="--mc-samples belongs to --average mc"):
        specs_of(*read_config(config("mc_samples = 9\n" + TABLES), {}))


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_shipped_configs_are_found_by_name_and_are_valid(name):
    assert find_config(name).name == f"{name}.toml"
    plan = Plan(read_batch(name, {}))
    plan.check()
    assert len(plan) == sum(1 for _ in plan)


def test_run_refuses_a_grid(config):
    with pytest.raises(UsageError, match="which is for batches"):
        read_config(config("grid.lr = [0.1, 0.2]"), {})


def test_a_name_nearby():
    assert SHIPPED_NAMES
    with pytest.raises(UsageError, match=f"Did you mean '{SHIPPED_NAMES[0]}'"):
        find_config(SHIPPED_NAMES[0] + "s")


def test_a_file_goes_before_a_shipped_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(SHIPPED_NAMES[0]).write_text("epochs = 7\n")
    (options,) = read_config(SHIPPED_NAMES[0], {})
    assert options.epochs == 7


def test_size_is_bounded(config):
    with pytest.raises(UsageError, match="larger than"):
        read_config(config("#" * 2**21), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs = 3\n\n[[method]]\nmethod = 'l2'\n", r"line 3: unknown tables \[\[method\]\]"),
        ("[[metods]]\nmethod = 'l2'\n", r"line 1: .*; write \[\[methods\]\]"),
        ("epochs = 3\n[methods]\nmethod = 'l2'\n", r"line 2: write each method as a "),
        ("\nmethods = []\n", "line 2: 'methods' is empty"),
        ("[[select]]\nmetric = 'nll'\n", r"line 1: write \[select\]"),
        ("[select]\nmetric = 'accuracy'\n", "line 2: .* Did you mean 'error'"),
    ],
)  # fmt: skip
def test_tables_by_another_name(config, text, said):
    with pytest.raises(UsageError, match=said):
        read_batch(config(text), {})


def test_a_directory_is_no_config_but_hides_none_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("tables", SHIPPED_NAMES[0]):
        Path(name).mkdir()
    with pytest.raises(UsageError, match=r"tables is a directory; .* --dataset"):
        find_config("tables")
    assert find_config(SHIPPED_NAMES[0]).is_file()


@pytest.mark.parametrize(
    ("method", "written"),
    [
        ("laplace", "bayes"),
        ("l2+swag", "l2+bayes"),
        ("bayes+sghmc", "bayes"),
        ("mc-dropout", "bayes"),
    ],
)
def test_an_inference_is_no_method(config, method, written):
    name = method.split("+")[-1]
    said = f"'{name}' is an inference of bayes: --method {written} --inference {name}."
    for text, flags in [(f"method = '{method}'\n", {}), ("", {"method": method})]:
        with pytest.raises(UsageError) as refused:
            specs_of(*read_config(config(text), flags))
        assert str(refused.value) == said
    assert specs_of(*read_config(config(""), {"method": written, "inference": name}))


@pytest.mark.parametrize(
    ("typed", "epochs", "momentum"),
    [
        ({"method": "bayes", "inference": "hmc"}, None, None),
        ({"method": "bayes+l2", "inference": "laplace"}, 7, 0.5),
        ({"method": "none,bayes", "inference": "hmc"}, 7, 0.5),
        ({"method": "dropout", "optimizer": "adam"}, 7, None),
        ({"method": "dropout"}, 7, 0.5),
        ({}, 7, 0.5),
        ({"inference": "hmc"}, 7, 0.5),
    ],
)
def test_methods_typed_in_place_of_a_configs_need_not_use_what_it_shares(
    config, typed, epochs, momentum
):
    batch = read_batch(config("epochs = 7\nmomentum = 0.5\nlr = 0.1\nmethod = 'none'"), typed)
    (table,) = batch.tables
    assert table.options.get("epochs") == epochs
    assert table.options.get("momentum") == momentum
    if "bayes+l2" not in typed.get("method", "") and typed != {"inference": "hmc"}:
        Plan(batch).check()


def test_what_is_typed_must_be_of_use(config):
    typed = {"method": "bayes", "inference": "hmc", "epochs": 3}
    with pytest.raises(UsageError, match="--epochs belongs to --inference"):
        Plan(read_batch(config("epochs = 7"), typed)).check()


SHARED_BAYES = (
    "inference = 'hmc'\nchains = 2\nsamples = 3\nmethod = 'bayes'\ndataset = 'moons:n=40'"
)


@pytest.mark.parametrize(
    ("text", "typed", "kept"),
    [
        ("p = 0.7\nmethod = 'dropout'", {"method": "none"}, set()),
        ("drop_rate = 0.3\nmethod = 'dropout'", {"method": "none"}, set()),
        ("p = 0.7\nmethod = 'dropout'", {"method": "dropout+l2"}, {"p"}),
        (SHARED_BAYES, {"method": "none"}, set()),
        (SHARED_BAYES, {"method": "none,bayes"}, {"inference", "chains", "samples"}),
        (SHARED_BAYES, {"method": "none,bayes", "inference": "ensemble"}, {"inference"}),
        (SHARED_BAYES, {"inference": "ensemble"}, {"inference"}),
    ],
)
def test_options_of_methods_that_a_config_shares_go_with_them(config, text, typed, kept):
    batch = read_batch(config(text), typed)
    (table,) = batch.tables
    told = {"p", "drop_rate", "inference", "chains", "samples"}
    assert told & set(table.options) == kept
    Plan(batch).check()
