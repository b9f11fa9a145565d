import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LIGHT = ("page", "terminal_plot", "documents", "markdown", "figure_files", "sentence")
HEAVY = {"matplotlib", "jinja2", "sklearn", "scipy", "polars", "pandas", "typer", "pydantic"}
NEVER = {"sklearn", "scipy", "pandas", "typer", "matplotlib.pyplot"}


def loaded(*names):
    lines = [f"import overfit_cli.report.compare.{name}" for name in names]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, "import sys; print(*sys.modules)"])],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_tables_and_documents_import_nothing_heavy():
    modules = loaded(*LIGHT)
    assert not modules & HEAVY
    own = {name.split(".")[1] for name in modules if name.startswith("overfit_cli.")}
    assert own <= {"report", "comparison", "records", "errors", "words"}


def test_figures_need_no_window_and_no_statistics():
    assert not loaded("html") & NEVER


def test_no_style_that_vanishes_on_a_dark_or_light_background():
    folder = ROOT / "overfit_cli" / "report" / "compare"
    source = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in LIGHT)
    assert not [style for style in ('"dim', '"yellow', '"white', '"black') if style in source]
