import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "overfit_cli" / "report"
HEAVY = {"sklearn", "scipy", "polars", "pandas", "typer", "pydantic"}


def test_reports_import_nothing_heavy_and_nothing_to_their_left():
    names = [f"overfit_cli.report.{path.stem}" for path in PACKAGE.glob("[!_]*.py")]
    lines = [f"import {name}" for name in names] + ["import sys; print(*sys.modules)"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=PACKAGE.parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert len(names) >= 15
    assert not loaded & HEAVY
    own = {name.split(".")[1] for name in loaded if name.startswith("overfit_cli.")}
    assert own <= {"report", "records", "errors", "words"}


def test_no_style_that_vanishes_on_a_dark_or_light_background():
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    assert not [style for style in ('"dim', '"yellow', '"white', '"black') if style in source]
