"""Row 18, case by case, in whole commands: exit 65 with the place, or a warning with the count.

How each is told apart stands in tests/data and tests/cli/test_bad_files.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from overfit_cli.cli.app import execute

TINY = ("--hidden", "2", "--epochs", "1")
GOOD = [f"{i}.5,{i % 7},{'ab'[i % 2]}" for i in range(60)]

# name: (rows below the header x,z,y; more options; what the message says)
REFUSED: dict[str, tuple[list[str], list[str], str]] = {
    "no rows": ([], [], "no row below"),
    "a missing target value": ([*GOOD, "1,2,"], [], "line 62"),
    "a target that is infinite": (
        ["1,2,3", *[f"{i},1,{i}.5" for i in range(30)], "1,2,inf"],
        ["--task", "regression"],
        "line 33",
    ),
    "one class": ([f"{i},1,a" for i in range(30)], [], "one class"),
    "fewer rows than classes": (["1,1,a", "2,1,b", "3,1,c", "4,2,d"], [], "class"),
    "an infinite input": ([*GOOD, "inf,1,a"], [], "line 62"),
    "a few cells that are no number": ([*GOOD[:30], "oops,1,a", *GOOD[30:]], [], "line 32"),
    "a value beyond what float32 holds": (
        [
            *[f"{i % 3},{i},{'ab'[i % 2]},{'train' if i < 30 else 'test'}" for i in range(40)],
            "1e300,1,a,test",
        ],
        ["--split-column", "part"],
        "column 'x'",
    ),
    "one group": ([f"{i},7,{'ab'[i % 2]}" for i in range(40)], ["--group-column", "z"], "too few"),
    "ragged": ([*GOOD, "1,2,a,b"], [], "line 62"),
}


def ended(table: list[str], more: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    header = "x,z,y,part" if "part" in more else "x,z,y"
    Path("t.csv").write_text("\n".join([header, *table]) + "\n")
    code = execute(["run", "--dataset", "t.csv", "--target", "y", *TINY, *more])
    return code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_row_18_refused_with_the_place(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    table, more, where = REFUSED[name]
    code, said = ended(table, more, capsys)
    assert code == 65, said
    assert "t.csv" in said
    assert where in said
    assert [path.name for path in Path().iterdir()] == ["t.csv"]


def test_row_18_an_empty_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").touch()
    assert execute(["run", "--dataset", "t.csv", "--target", "y", *TINY]) == 65
    assert "t.csv: the file is empty" in capsys.readouterr().err


def test_row_18_a_class_absent_from_training_rows(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{i},{'train' if i < 40 else 'test'},{'ab'[i % 2]}" for i in range(60)]
    code, said = ended([*rows, "1,test,c"], ["--split-column", "z"], capsys)
    assert (code, "'c'" in said) == (65, True), said


# name: (rows, what the warning says)
WARNED: dict[str, tuple[list[str], str]] = {
    "a constant column": (
        [f"{i}.5,4,{'ab'[i % 2]}" for i in range(60)],
        "constant or empty columns are dropped: 'z'",
    ),
    "a column that is all missing": (
        [f"{i}.5,,{'ab'[i % 2]}" for i in range(60)],
        "columns are dropped: 'z'",
    ),
    "duplicate rows across the splits": (
        [f"1.5,{i % 2},{'ab'[i % 2]}" for i in range(60)],
        "12 of 12 test rows also",
    ),
    "fewer than ten rows of a class": ([*GOOD, *[f"{i},1,c" for i in range(7)]], "'c (7)'"),
}


@pytest.mark.parametrize("name", WARNED)
def test_row_18_warned_of(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    table, what = WARNED[name]
    code, said = ended(table, [], capsys)
    assert code == 0, said
    assert said.startswith("note: ")
    assert what in said
