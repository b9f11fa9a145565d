"""What users see, character by character, at 80 and 140 columns.

Figures are of float64 networks trained for a few steps, so that any machine prints them. Clock,
host and hashes are made the same everywhere.
"""

import re
from itertools import count
from types import SimpleNamespace

import pytest
from cli_samples import DIVERGING, TINY

from overfit_cli.experiment import results, train

EXACT = (*TINY, "--dtype", "float64")
STOP = ("--patience", "2", "--lr", "0.5", "--epochs", "30")
HMC = ("--inference", "hmc", "--chains", "2", "--warmup", "2", "--samples", "4", "--leapfrog", "2")
HERE = {
    "host": "here", "platform": "Linux", "machine": "x86_64", "python": "3.11.0", "numpy": "2.0.0",
    "overfit": "0.1.0", "blas": "openblas", "cpus": 2, "date": "2026-01-02T03:04:05+00:00",
}  # fmt: skip

# name: the commands; the last one's output is compared, and its exit code if it is not 0
TRANSCRIPTS = {
    "run": [("run", *EXACT)],
    "run-plot": [("run", *EXACT, "--epochs", "20", "--plot")],
    "run-dropout": [("run", *EXACT, "--method", "dropout+l1", "--p", "0.8")],
    "run-stopped": [("run", *EXACT, "--method", "early-stopping", *STOP)],
    "run-methods": [("run", *EXACT, "--method", "none,dropout,l2,max-norm")],
    "run-seeds": [("run", *EXACT, "--seeds", "3")],
    "run-methods-seeds": [("run", *EXACT, "--method", "none,l2", "--seeds", "3")],
    "run-regression": [("run", "--dataset", "friedman1:n=60,n_test=40", *EXACT[2:])],
    "run-ensemble": [("run", *EXACT, "--method", "bayes", "--members", "2")],
    "run-diverged": [("run", *EXACT, *DIVERGING), 3],
    "show": [("run", *EXACT, "--method", "dropout"), ("show",)],
    "list": [("run", *EXACT, "--method", "none,l2"), ("run", *EXACT, *DIVERGING), 3, ("list",)],
    "verify": [("run", *EXACT), ("verify",)],
    "methods": [("methods",)],
    "methods-dropout": [("methods", "dropout")],
    "methods-bayes": [("methods", "bayes")],
    "datasets": [("datasets",)],
    "datasets-moons": [("datasets", "moons")],
}  # fmt: skip


@pytest.fixture
def same_everywhere(monkeypatch):
    """Half a second passes between two looks at the clock, and every machine is the same."""
    clock = count(step=0.5)
    monkeypatch.setattr(train, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(results, "environment", lambda: HERE)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript(cli, golden, monkeypatch, same_everywhere, name, width):
    monkeypatch.setenv("COLUMNS", str(width))
    steps = TRANSCRIPTS[name]
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if step != 3:
            ended = cli(*step, code=3 if after == 3 else 0)
    assert all(len(line) <= width for line in ended.out.splitlines())
    lines = (line.rstrip() for line in (ended.out + ended.err).splitlines())
    golden(f"{name}-{width}", "".join(f"{_without_hashes(line)}\n" for line in lines))


HASH = re.compile(
    r"^(run |fingerprint +| +)?([0-9a-f]{16}|[0-9a-f]{8}|(?=\S*[a-f])[0-9a-f]{13,64})\b"
)


def _without_hashes(line):
    """Replace run ids and fingerprints, which follow from the last bits of the data."""
    return HASH.sub(lambda found: (found[1] or "") + "#" * len(found[2]), line)
