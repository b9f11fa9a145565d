"""Golden transcripts: `pytest tests/report --update-golden` rewrites them; then read the diff."""

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write tests/report/golden anew")


@pytest.fixture
def golden(request):
    """Return a function that compares a text with the transcript of that name."""
    update = request.config.getoption("--update-golden", default=False)

    def check(name, text):
        path = GOLDEN / f"{name}.txt"
        if update:
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no {path.name}: run pytest tests/report --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return check
