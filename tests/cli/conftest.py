"""Commands run in an empty folder: in this process where that is enough, else in their own.

Golden transcripts: `pytest tests/cli --update-transcripts` rewrites them; then read the diff.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_samples import (
    COMMAND,
    TERMINAL,
    TINY,
    Ended,
    environment,
    write_arrays,
    write_houses,
    write_plants,
)

from overfit_cli.cli.app import execute

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption(
        "--update-transcripts", action="store_true", help="write tests/cli/golden anew"
    )


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Stand in an empty folder, with nothing in the environment that steers the output."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in TERMINAL:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def cli(capsys, monkeypatch):
    """Return a function that runs a command in this process: quick."""

    def run(*arguments, code=0):
        words = [str(word) for word in arguments]
        monkeypatch.setattr(sys, "argv", ["overfit", *words])
        capsys.readouterr()
        ended = Ended(execute(words), *capsys.readouterr())
        assert "Traceback" not in ended.err
        assert "internal error" not in ended.err
        assert ended.code == code, ended.err or ended.out[:500]
        return ended

    return run


@pytest.fixture
def trained(cli):
    """Return a function that trains something tiny and returns its only run as JSON."""

    def train(*arguments, code=0):
        (run,) = cli("run", "--json", *(arguments or TINY), code=code).runs
        return run

    return train


@pytest.fixture
def process():
    """Return a function that runs the installed command in a process of its own."""

    def run(*arguments, code=0, command=(COMMAND,), **changes):
        done = subprocess.run(
            [*map(str, command), *map(str, arguments)],
            capture_output=True,
            env=environment(**changes),
            timeout=120,
            check=False,
        )
        encoding = changes.get("PYTHONIOENCODING", "utf-8")
        ended = Ended(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))
        assert "Traceback" not in ended.err
        assert ended.code == code, ended.err
        return ended

    return run


@pytest.fixture
def golden(request):
    """Return a function that compares a text with the transcript of that name."""
    update = request.config.getoption("--update-transcripts", default=False)

    def check(name, text):
        path = GOLDEN / f"{name}.txt"
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no {path.name}: run pytest tests/cli --update-transcripts"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def plants(empty_folder):
    return write_plants()


@pytest.fixture
def houses(empty_folder):
    return write_houses()


@pytest.fixture
def arrays(empty_folder):
    return write_arrays()
