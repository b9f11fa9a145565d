"""`overfit --help` against a bare Typer application with the same commands and options.

python tests/benchmarks/startup.py [REPEATS]   (whole processes, alternating, medians)
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer

from overfit_cli.cli.app import application


def bare_source() -> str:
    """Return a program that declares the same commands and options, and does nothing."""
    lines = ["import typer", "app = typer.Typer(rich_markup_mode=None)"]
    group = typer.main.get_command(application())
    for number, (name, command) in enumerate(group.commands.items()):  # type: ignore[attr-defined]
        parameters = []
        for place, parameter in enumerate(command.params):
            if parameter.name == "help":
                continue
            option = [o for o in parameter.opts if o.startswith("--")]
            kind = (
                f'typer.Option(None, "{option[0]}", help={parameter.help!r})'
                if option
                else ("typer.Argument(None)")
            )
            parameters.append(f"a{place}: str = {kind}")
        lines.append(f'@app.command("{name}")')
        lines.append(f"def c{number}({', '.join(parameters)}):")
        lines.append(f"    {command.help!r}")
    return "\n".join([*lines, "app()"])


def seconds(command: list[str]) -> float:
    """Return the wall time of one process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main(repeats: int) -> None:
    """Alternate the two and print medians and the median ratio."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(bare_source())
        ours = [sys.executable, "-m", "overfit_cli", "--help"]
        theirs = [sys.executable, str(bare), "--help"]
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(repeats + 1)][1:]
    ratios = [a / b for a, b in pairs]
    print(
        json.dumps(
            {
                "overfit_seconds": round(statistics.median(a for a, _ in pairs), 3),
                "bare_seconds": round(statistics.median(b for _, b in pairs), 3),
                "ratio_median": round(statistics.median(ratios), 3),
                "repeats": repeats,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
