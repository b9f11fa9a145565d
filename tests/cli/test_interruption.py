"""Ctrl-C and SIGTERM: told at once, what is done is kept, the command that resumes is printed."""

import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_samples import COMMAND, TINY, environment, files

from overfit_cli.cli import training
from overfit_cli.errors import OverfitError
from overfit_cli.experiment import loading
from overfit_cli.store import Store

# The contract says two seconds; tests time nothing but guard five times that.
PATIENCE = 10
LONG, SHORT = 10**8, 3


def write_config(epochs):
    """Write a config of one short run, and one of so many epochs."""
    Path("c.toml").write_text(
        'dataset = "moons:n=60,n_test=40"\nhidden = [4]\n'
        f"[[methods]]\nepochs = {SHORT}\n[[methods]]\nepochs = {epochs}\n"
    )


@pytest.fixture(params=["1", "2"])
def workers(request):
    return request.param


@pytest.fixture
def training_long(workers):
    """Start two runs and wait until the first is stored and the second is training."""
    write_config(LONG)
    process = subprocess.Popen(
        [COMMAND, "run", "--config", "c.toml", "--workers", workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        # a test run in the background hands down that SIGINT is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while stored() < 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None
    yield process
    process.kill()
    process.communicate()


def stored():
    try:
        with Store.open("overfit.db", "read") as store:
            return len(store.summaries())
    except OverfitError:
        return 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_kept_and_resumed(training_long, workers, cli, number):
    training_long.send_signal(number)
    out, err = training_long.communicate(timeout=PATIENCE)
    assert training_long.returncode == 130
    told = "overfit: interrupted: 1 of 2 runs are stored. To go on:\n"
    assert err.startswith(told)
    assert "Traceback" not in err
    assert len(out.splitlines()) <= 2  # the headline; no figures of half a training
    assert stored() == 1
    (kept,) = cli("list", "--json").json["runs"]

    write_config(SHORT + 1)  # so that the second run ends soon
    command = shlex.split(err.removeprefix(told))
    asked = ["run", "--config", "c.toml", "--workers", workers]
    assert command == ["overfit", *asked, "--resume"]
    resumed = cli(*command[1:], "--json").runs
    assert [run["epochs_run"] for run in resumed] == [SHORT, SHORT + 1]
    assert resumed[0]["seconds"] == kept["seconds"]  # taken from the store


def test_a_second_signal_stops_at_once(training_long):
    training_long.send_signal(signal.SIGINT)
    training_long.send_signal(signal.SIGINT)
    _, err = training_long.communicate(timeout=PATIENCE)
    assert training_long.returncode == 130
    assert "Traceback" not in err
    assert stored() == 1


def test_interrupted_before_training(cli, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load", interrupted)
    assert cli("run", *TINY, code=130).err == "overfit: interrupted.\n"
    assert files() == []


def test_interrupted_refit_promises_no_resume(cli, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(training, "train", interrupted)
    assert "--resume" not in cli("refit", "none", *TINY, code=130).err


def test_out_of_memory_is_said_in_words(cli, monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr(loading, "load", exhausted)
    assert "out of memory" in cli("run", *TINY, code=1).err
