"""Named sources, their options, and what `load` says of names it cannot use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overfit_cli.data import SOURCES, DataRequest, load, prepare, transform
from overfit_cli.data.dataset import Dataset
from overfit_cli.data.fingerprint import Part, fingerprint
from overfit_cli.data.source import all_options, full_name, said_options
from overfit_cli.errors import DataError, UsageError

ROOT = Path(__file__).parents[2]
GENERATORS = [name for name, source in SOURCES.items() if source.resample == "draws"]


def named(dataset: str, seed: int = 0) -> Dataset:
    return load(DataRequest(dataset=dataset), seed)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("digits", "load_digits"),
        ("iris", "load_iris"),
        ("wine", "load_wine"),
        ("breast-cancer", "load_breast_cancer"),
    ],
)
def test_a_classification_set_is_scikit_learns_own(name: str, theirs: str) -> None:
    from sklearn import datasets

    expected = getattr(datasets, theirs)()
    ours = named(name)
    np.testing.assert_array_equal(ours.numeric, expected.data)
    np.testing.assert_array_equal(ours.target, expected.target)
    assert list(ours.classes) == [str(c) for c in expected.target_names]
    assert len(ours.numeric_names) == ours.numeric.shape[1] == len(set(ours.numeric_names))


def test_diabetes_is_scikit_learns_unscaled() -> None:
    from sklearn.datasets import load_diabetes

    expected = load_diabetes(scaled=False)
    ours = named("diabetes")
    np.testing.assert_array_equal(ours.numeric, expected.data)
    np.testing.assert_array_equal(ours.target[:, 0], expected.target)
    assert list(ours.numeric_names) == list(expected.feature_names)


def test_linnerud_is_scikit_learns_with_three_targets() -> None:
    from sklearn.datasets import load_linnerud

    expected = load_linnerud()
    ours = named("linnerud")
    np.testing.assert_array_equal(ours.numeric, expected.data)
    np.testing.assert_array_equal(ours.target, expected.target)
    assert list(ours.numeric_names) == expected.feature_names
    assert list(ours.target_names) == expected.target_names
    assert (ours.task, ours.classes) == ("regression", ())


def test_light_sources_import_neither_scikit_learn_nor_scipy_nor_polars() -> None:
    names = [name for name in SOURCES if name != "mnist"]
    script = (
        "import sys, numpy as np\n"
        "from overfit_cli.data import DataRequest, load, prepare\n"
        f"for name in {names!r}:\n"
        "    request = DataRequest(dataset=name)\n"
        "    prepare(load(request, 0), request, 0, np.dtype('float32'))\n"
        "heavy = {m.split('.')[0] for m in sys.modules} & {'sklearn', 'scipy', 'polars'}\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=ROOT, timeout=60)


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_describes_itself(name: str) -> None:
    source = SOURCES[name]
    assert source.name == name
    assert all([source.summary, source.citation])
    example, _, text = source.example.partition(":")
    assert example == name
    values = all_options(said_options(text, source), source)
    assert list(values) == list(source.options)
    for key, option in source.options.items():
        assert option.low <= option.default <= option.high, key
        assert option.help


@pytest.mark.parametrize("name", GENERATORS)
def test_examples_of_generators_load(name: str) -> None:
    assert len(named(SOURCES[name].example).target) > 0


@given(st.data())
def test_full_name_is_one_spelling_and_reads_back(data: st.DataObject) -> None:
    source = SOURCES["spirals"]
    said = {
        "n": data.draw(st.integers(2, 10**7)),
        "noise": data.draw(st.floats(0.01, 100.0)),
        "turns": data.draw(st.floats(0.1, 5.0)),
    }
    values = all_options(said, source)
    text = full_name(source, values).partition(":")[2]
    assert all_options(said_options(text, source), source) == values
    shuffled = ",".join(f"{key}={said[key]!r}" for key in data.draw(st.permutations(list(said))))
    assert all_options(said_options(shuffled, source), source) == values


def test_the_name_leaves_defaults_out() -> None:
    assert named("moons:noise=0.30, n=250").name == "moons"
    assert named("moons:noise=0.20,n=100").name == "moons:n=100,noise=0.2"


@pytest.mark.parametrize(
    ("dataset", "needle"),
    [
        ("digit", "Did you mean 'digits'?"),
        ("openlm:adult", "data set"),
        ("moons:nosie=1", "Did you mean 'noise'?"),
        ("moons:n=many", "a whole number"),
        ("moons:n=2.5", "a whole number"),
        ("moons:noise=loud", "a number"),
        ("moons:noise=nan", "must be from 0.01 to 100"),
        ("moons:n=1", "must be from 2 to 10000000"),
        ("moons:n", "write for example moons:n=200,noise=0.3"),
        ("moons:n=10,n=20", "given twice"),
        ("digits:n=5", "has no options"),
        ("friedman1:n=10000000,features=10000", "at most 100,000,000 numbers"),
    ],
)
def test_a_wrong_name_or_option_is_a_usage_error(dataset: str, needle: str) -> None:
    with pytest.raises(UsageError) as error:
        named(dataset)
    assert needle in str(error.value)


def test_a_missing_file_is_a_data_error_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("a,y\n1,0\n")
    with pytest.raises(DataError, match=r"no such file.*Did you mean 'customers.csv'"):
        named(str(tmp_path / "custmers.csv"))


@pytest.mark.parametrize(
    "name", ["no\0such.csv", "x" * 5000 + ".csv", "a/" * 3000 + "b", "/none/b"]
)
def test_hostile_names_are_just_missing_files(name: str) -> None:
    with pytest.raises(DataError, match="no such file"):
        named(name)


def test_files_go_to_their_parsers(tmp_path: Path) -> None:
    rows = [f"{i},{i % 3},{'ab'[i % 2]}" for i in range(30)]
    for suffix, comma in ((".csv", ","), (".tsv", "\t")):
        path = tmp_path / f"t{suffix}"
        path.write_text("\n".join(["u,v,y", *rows]).replace(",", comma))
        found = named(str(path))
        assert (found.numeric.shape, found.classes) == ((30, 2), ("a", "b"))
    npz = tmp_path / "t.npz"
    table = np.random.default_rng(0).random((30, 4))
    np.savez(npz, X=table[:, :2], pictures=table, y=np.arange(30) % 2)
    assert named(str(npz)).numeric.shape == (30, 2)
    assert named(f"{npz}:x=pictures").numeric.shape == (30, 4)
    for wrong in (":x=", ":z=pictures", "x=pictures"):
        with pytest.raises(UsageError, match=":x=NAME"):
            named(f"{npz}{wrong}")
    with pytest.raises(DataError):
        named(str(tmp_path))
    with pytest.raises(UsageError, match="openml:NAME"):
        named("openml:")


def test_a_table_is_prepared_and_new_rows_follow(tmp_path: Path) -> None:
    """The whole way: a file with gaps and words, a split, and the same file as new rows."""
    from overfit_cli.data.new_rows import read_new_rows

    path = tmp_path / "t.csv"
    cells = [("" if i % 7 == 0 else str(i * 1.5), "rgb"[i % 3], i % 2) for i in range(60)]
    path.write_text("u,colour,y\n" + "".join(f"{u},{c},{y}\n" for u, c, y in cells))
    request = DataRequest(dataset=str(path))
    data = prepare(load(request, 0), request, 0, np.dtype("float64"))
    new = read_new_rows(str(path), data.preprocessing.schema)
    inputs = transform(data.preprocessing, new.numeric, new.codes)
    assert inputs.shape == (60, 5)
    for rows in (data.train, data.val, data.test):
        np.testing.assert_array_equal(inputs[rows.ids], rows.inputs)


def test_a_file_of_another_kind_names_the_allowed_suffixes(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"")
    with pytest.raises(UsageError, match=r"\.csv, \.tsv, \.txt, \.parquet, \.npz"):
        named(str(path))


@pytest.mark.parametrize(
    "request_",
    [
        DataRequest(dataset="iris", target="y"),
        DataRequest(dataset="iris", features=("a",)),
        DataRequest(dataset="moons", test_file="t.csv"),
        DataRequest(dataset="moons", task="regression"),
        DataRequest(dataset="iris", resample="draws"),
        DataRequest(dataset="moons:n_test=5", resample="splits"),
    ],
)
def test_options_a_source_cannot_use_are_refused(request_: DataRequest) -> None:
    with pytest.raises(UsageError):
        load(request_, 0)


def test_fingerprints_tell_data_apart_and_generators_seeds_alike() -> None:
    prints = {name: named(name).fingerprint for name in SOURCES if name != "mnist"}
    assert len(set(prints.values())) == len(prints)
    assert named("moons", seed=1).fingerprint == prints["moons"]
    assert named("moons:noise=0.31").fingerprint != prints["moons"]
    splits = load(DataRequest(dataset="moons", resample="splits"), 0)
    assert splits.fingerprint != prints["moons"]


def test_a_fingerprint_knows_kind_shape_and_borders() -> None:
    parts: list[tuple[Part, ...]] = [
        ("ab", "c"),
        ("a", "bc"),
        (b"ab", b"c"),
        (np.arange(6),),
        (np.arange(6).reshape(2, 3),),
        (np.arange(6).reshape(3, 2),),
        (np.arange(6.0),),
        (None,),
        (),
    ]
    assert len({fingerprint(*some) for some in parts}) == len(parts)
    table = np.arange(6).reshape(2, 3)
    assert fingerprint(np.asfortranarray(table)) == fingerprint(table)
    assert fingerprint(table.astype(">i8")) == fingerprint(table.astype("<i8"))
    with pytest.raises(TypeError):
        fingerprint(np.array([{}]))


def test_the_default_is_digits_in_three_parts() -> None:
    request = DataRequest()
    data = prepare(load(request, 0), request, 0, np.dtype("float32"))
    assert (len(data.train), len(data.val), len(data.test)) == (1079, 359, 359)
    assert (data.likelihood, data.n_outputs, data.notes) == ("categorical", 10, ())
    assert data.train.inputs.min() == 0.0
    assert data.train.inputs.max() == 1.0
