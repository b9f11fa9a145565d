"""What the README shows is run: Python in an empty folder, configs checked, commands parsed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from overfit_cli.cli.app import app
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
    exec(compile(text, "README.md", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


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
    command = typer.main.get_command(app).commands[name]
    command.make_context(name, arguments)
