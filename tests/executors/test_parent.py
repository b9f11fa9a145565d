"""Workers live as long as their parent: killed, interrupted, or standing in a hostile folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

PATIENCE = 10
HERE = Path(__file__).parent
PARENT = """
import sys
from pathlib import Path
from executor_tasks import {work}
from overfit_cli.executors.processes import Processes

if __name__ == "__main__":
    with Processes(2) as executor:
        for finished in executor.run({work}, [{task}] * 3):
            print(finished.error, finished.result)
"""


@pytest.fixture
def parent(tmp_path):
    """Return a function that starts a process with an executor of two workers."""
    script = tmp_path / "parent.py"
    started = []

    def start(work, task, folder=tmp_path):
        script.write_text(PARENT.format(work=work, task=task))
        process = subprocess.Popen(
            [sys.executable, script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(HERE)},
            start_new_session=True,
            # a test run in the background hands down that SIGINT is ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def hung(parent, tmp_path):
    """Start a parent, and return it and all below it once both workers hang in a task."""
    signed = tmp_path / "signed"
    signed.mkdir()
    process = parent("signing", f"Path({str(signed)!r})")
    deadline = time.monotonic() + 60
    while len(list(signed.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    below = psutil.Process(process.pid).children(recursive=True)
    assert {int(path.name) for path in signed.iterdir()} <= {each.pid for each in below}
    return process, below


def test_killed_parent_leaves_no_orphans(hung):
    process, below = hung
    process.kill()
    _, left = psutil.wait_procs(below, timeout=PATIENCE)
    assert left == []
    assert process.communicate(timeout=PATIENCE) == ("", "")


CHAINED = ("During handling of the above exception", "The above exception was the direct cause")


def tracebacks(said):
    """How many there are, of whatever process: one may be told in several parts."""
    return said.count("Traceback") - sum(said.count(words) for words in CHAINED)


def test_interrupts_are_the_parents(hung):
    process, below = hung
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, said = process.communicate(timeout=PATIENCE)
    assert out == ""
    assert tracebacks(said) == 1
    assert said.endswith("KeyboardInterrupt\n")
    assert psutil.wait_procs(below, timeout=PATIENCE)[1] == []


def test_an_interrupt_while_starting(parent, tmp_path):
    process = parent("signing", f"Path({str(tmp_path)!r})")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        below = psutil.Process(process.pid).children(recursive=True)
        if any("forkserver" in " ".join(each.cmdline()) for each in below):
            break
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert tracebacks(said) == 1
    assert said.endswith("KeyboardInterrupt\n")
    assert psutil.wait_procs(below, timeout=PATIENCE)[1] == []


def test_modules_of_the_working_folder_are_not_taken(parent, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("random", "signal", "struct", "numpy"):
        (folder / f"{name}.py").write_text("raise SystemExit('a module of the user')")
    out, said = parent("surroundings", "()", folder).communicate(timeout=60)
    assert said == ""
    assert out.count("None ([]") == 3
    assert str(folder) not in out
