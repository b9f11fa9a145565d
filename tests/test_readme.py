"""What the README shows is run: Python in an empty folder, configs checked, commands parsed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from overfit_cli.cli.app import application
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.plan import Plan

README = Path(__file__).parents[1] / "README.md"
MOST_LINES = 10


def blocks(language: str) -> list[Any]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)
    return [pytest.param(text, id=f"{place}") for place, text in enumerate(found, 1)]


def commands() -> list[str]:
    """Every `overfit …` of the shell blocks, without comments, redirections and pipes."""
    lines = [line for block in blocks("sh") for line in block.values[0].splitlines()]
    parts = [part for line in lines for part in re.split(r"&&|\||>", line.partition("  #")[0])]
    words = [part.strip().removeprefix(".venv/bin/") for part in parts]
    return [word.replace("…", "") for word in words if word.startswith("overfit ")]


@pytest.mark.parametrize("text", blocks("python"))
def test_python(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(text.splitlines()) <= MOST_LINES
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "README.md", "exec"), names)
    (shown,) = (check for word, check in SHOWN.items() if word in text)
    shown(names, capsys.readouterr().out)


def scores_are_good(names: dict[str, Any], told: str) -> None:
    scores = [float(word) for word in told.strip(" []\n").split()]
    assert len(scores) == 3
    assert min(scores) > 0.85


def remedies_were_searched(names: dict[str, Any], told: str) -> None:
    search = names["search"]
    assert told.startswith(repr(search.best_params_))
    assert search.cv_results_["params"][1] == {"remedies": "dropout"}
    assert search.best_score_ > 0.9
    assert "'dropout__p': [0.5, 0.8]" in told


def deviations_fit(names: dict[str, Any], told: str) -> None:
    """Standardised by them, the errors of the last rows are about one."""
    z = (names["y"][400:] - names["mean"]) / names["sd"]
    assert 0.8 < np.sqrt(np.mean(z**2)) < 1.25
    epochs, restored = map(int, told.split()[:2])
    assert restored < epochs < names["network"].max_iter


def strength_smooths(names: dict[str, Any], told: str) -> None:
    right = [int(found) for found in re.findall(r"(\d+)% right", told)]
    assert right == sorted(right, reverse=True)
    claimed = re.search(r"\((\d+)% at the smallest, (\d+)% at the largest\)", README.read_text())
    assert claimed is not None
    assert [right[0], right[-1]] == [int(claimed[1]), int(claimed[2])]


def methods_are_compared(names: dict[str, Any], told: str) -> None:
    assert [str(run.method) for run in names["runs"]] == ["none"] * 8 + ["dropout"] * 8
    assert told.splitlines()[-1].startswith("dropout is better than none: test nll lower by ")
    assert Path("differences.png").read_bytes().startswith(b"\x89PNG")


# What each block shows, found by a word of its own.
SHOWN = {
    "cross_val_score": scores_are_good,
    "GridSearchCV": remedies_were_searched,
    "make_friedman1": deviations_fit,
    "make_moons": strength_smooths,
    "api.compare": methods_are_compared,
}


@pytest.mark.parametrize("text", blocks("toml"))
def test_configs(text: str, tmp_path: Path) -> None:
    path = tmp_path / "keep.toml"
    path.write_text(text)
    plan = Plan(read_batch(str(path), {}))
    plan.check()
    assert len(plan) > 1


def test_there_are_commands() -> None:
    assert len(commands()) > 25


@pytest.mark.parametrize("line", commands())
def test_commands_are_understood(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    if name == "--help":
        return
    command = typer.main.get_command(application()).commands[name]
    command.make_context(name, arguments)
