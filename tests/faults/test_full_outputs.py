"""Row 6 for what is printed: a report that does not arrive whole is told, and never exit 0."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from overfit_cli.report.files import write_file

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
LIMIT = 2000
RUN = ["run", "--dataset", "moons:n=40,n_test=20", "--hidden", "2", "--epochs", "30"]


def overfit(
    *words: str, out: int, unbuffered: bool, limited: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Run a command whose stdout is the descriptor `out`, if `limited` in files of LIMIT bytes."""
    return subprocess.run(
        [sys.executable, "-m", "overfit_cli", *words],
        stdout=out,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1" if unbuffered else ""},
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)))
        if limited
        else None,
        check=False,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("full") / "s.db"
    done = overfit(*RUN, "--store", str(path), out=subprocess.DEVNULL, unbuffered=False)
    assert done.returncode == 0
    return str(path)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("words", [["list"], ["--help"]])
def test_row_6_stdout_on_a_full_disk(store: str, words: list[str], unbuffered: bool) -> None:
    more = [] if "--help" in words else ["--store", store]
    with FULL.open("wb") as out:
        done = overfit(*words, *more, out=out.fileno(), unbuffered=unbuffered)
    said = done.stderr.decode()
    assert (done.returncode, said) == (
        74,
        "overfit: standard output: No space left on device. The output is not complete.\n",
    )


@pytest.mark.parametrize(
    ("words", "unbuffered"),
    [
        (["show", "--json"], False),
        (["show", "--json"], True),
        (["compare", "--format", "json", "--output", "/dev/stdout"], False),
    ],
)
def test_row_6_a_disk_that_fills_up_under_stdout(
    tmp_path: Path, store: str, words: list[str], unbuffered: bool
) -> None:
    path = tmp_path / "out"
    with path.open("wb") as out:
        done = overfit(
            *words, "--store", store, out=out.fileno(), unbuffered=unbuffered, limited=True
        )
    assert done.returncode == 74, done.stderr
    assert b"File too large" in done.stderr
    assert path.stat().st_size <= LIMIT


WRITER = """
from overfit_cli.report.files import write_file
print("printed")
for name in ("/dev/stdout", "/dev/fd/1", "/dev/../dev/stdout"):
    write_file(name, name + chr(10))
"""


def test_an_output_on_a_stream_follows_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"before\n")
    with path.open("ab") as out:
        subprocess.run([sys.executable, "-c", WRITER], stdout=out, check=True)
    wanted = ["before", "printed", "/dev/stdout", "/dev/fd/1", "/dev/../dev/stdout"]
    assert path.read_text().splitlines() == wanted


def test_an_output_is_readable_by_whom_the_user_says(tmp_path: Path) -> None:
    def mode(name: str) -> int:
        write_file(str(tmp_path / name), "report")
        return (tmp_path / name).stat().st_mode & 0o777

    before = os.umask(0o027)
    try:
        assert mode("new") == 0o640
        (tmp_path / "secret").touch(0o600)
        (tmp_path / "shared").touch()
        (tmp_path / "shared").chmod(0o664)
        (tmp_path / "link").symlink_to("secret")
        found = {name: mode(name) for name in ("secret", "shared", "link")}
    finally:
        os.umask(before)
    assert found == {"secret": 0o600, "shared": 0o664, "link": 0o640}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_row_7_a_signal_while_it_is_imported(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "typer.py").write_text("import time\nopen('begun', 'w').close()\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "overfit_cli", "list"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path) + os.pathsep + str(ROOT)},
        stderr=subprocess.PIPE,
        # a test run in the background hands down that SIGINT is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"overfit: interrupted.\n")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["overfit"] == "overfit_cli.cli.entry:main"
