"""`>&-` and `2>&-`: streams that were closed before the program started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from overfit_cli.store import Store

RUN = ["run", "--dataset", "moons:n=40,n_test=20", "--hidden", "2", "--epochs", "3"]
REFUSED = "overfit: standard output: Bad file descriptor. The output is not complete.\n"


def overfit(*words: str, closed: tuple[int, ...]) -> subprocess.CompletedProcess[str]:
    """Run a command of which these descriptors are closed."""
    return subprocess.run(
        [sys.executable, "-m", "overfit_cli", *words],
        capture_output=True,
        text=True,
        preexec_fn=lambda: [os.close(number) for number in closed],
        check=False,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("closed") / "s.db"
    assert overfit(*RUN, "--seeds", "2", "--store", str(path), closed=()).returncode == 0
    return path


def whole(store: Path) -> int:
    """Return how many runs there are; all must be as they were written."""
    with Store.open(store, "read") as opened:
        assert opened.check() == []
        return len(opened.select())


def rest(*cases: object) -> list[object]:
    """Return cases for the full suite: each is a process or two."""
    return [pytest.param(case, marks=pytest.mark.slow) for case in cases]


OTHERS = rest(["list", "--json"], ["show"], ["show", "--json"], ["compare", "--no-times"])


@pytest.mark.parametrize("words", [["--help"], ["list"], *rest(["--version"]), *OTHERS])
def test_without_stdout_it_says_so(store: Path, words: list[str]) -> None:
    more = [] if words[0].startswith("-") else ["--store", str(store)]
    done = overfit(*words, *more, closed=(1,))
    assert (done.returncode, done.stderr) == (74, REFUSED)
    assert whole(store) == 2


@pytest.mark.parametrize("closed", [(0, 1, 2), *rest((1,), (0, 1))])
@pytest.mark.parametrize("json_", [True, False])
def test_without_stdout_a_run_is_stored_or_not_begun(
    tmp_path: Path, closed: tuple[int, ...], json_: bool
) -> None:
    path = tmp_path / "s.db"
    done = overfit(*RUN, *["--json"] * json_, "--store", str(path), closed=closed)
    assert (done.returncode, done.stderr) == (74, "" if 2 in closed else REFUSED)
    assert not path.exists() or whole(path) == 1
    assert json_ == path.exists()


def test_what_goes_into_a_file_needs_no_stdout(tmp_path: Path, store: Path) -> None:
    output = tmp_path / "report.json"
    words = ["compare", "--format", "json", "--output", str(output), "--store", str(store)]
    done = overfit(*words, closed=(1,))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(output.read_text())["schema"].startswith("overfit.compare/")


@pytest.mark.parametrize("closed", [(2,), *rest((0, 2))])
@pytest.mark.parametrize("words", [["list"], *rest(["--help"]), *OTHERS, *rest(RUN)])
def test_without_stderr_all_is_as_ever(
    tmp_path: Path, store: Path, words: list[str], closed: tuple[int, ...]
) -> None:
    own = tmp_path / "own.db" if words == RUN else store
    more = [] if words[0].startswith("-") else ["--store", str(own)]
    done = overfit(*words, *more, closed=closed)
    assert (done.returncode, done.stderr) == (0, "")
    if words != RUN:
        assert done.stdout == overfit(*words, *more, closed=()).stdout
    assert whole(own) == (1 if words == RUN else 2)


@pytest.mark.parametrize("closed", [(2,), *rest((0, 1, 2))])
def test_without_stderr_the_exit_code_tells(store: Path, closed: tuple[int, ...]) -> None:
    assert overfit("show", "nothing", "--store", str(store), closed=closed).returncode == 2
    assert overfit(closed=closed).returncode == 2


BATCH = """
name = "two"
dataset = "moons:n=40,n_test=20"
hidden = [2]
epochs = 2
seeds = 2
[[methods]]
method = "none"
"""


@pytest.mark.parametrize("closed", [(0, 2), *rest((2,), (0, 1, 2))])
def test_workers_of_a_batch_without_streams(tmp_path: Path, closed: tuple[int, ...]) -> None:
    config, path = tmp_path / "two.toml", tmp_path / "s.db"
    config.write_text(BATCH)
    words = ["batch", str(config), "--store", str(path), "--workers", "2"]
    done = overfit(*words, "--executor", "processes", closed=closed)
    assert (done.returncode, done.stderr) == (74 if 1 in closed else 0, "")
    assert not path.exists() or whole(path) == (0 if 1 in closed else 2)
