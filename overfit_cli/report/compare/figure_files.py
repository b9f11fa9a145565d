"""The report's figures as files, SVG and PNG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from overfit_cli.comparison.records import Comparison
from overfit_cli.errors import StoreError
from overfit_cli.report.files import write_file

LONGEST = 48
"""Characters of a user's name within a file's name."""


def write_figures(comparison: Comparison, folder: str) -> list[str]:
    """Write every figure of the HTML report into `folder`; return the paths.

    Raises:
        StoreError: if the disk or the name refuses; each file is there whole or not at all.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder!r}: {getattr(error, 'strerror', None) or error}.") from None
    paths = []
    for name, content in _files(comparison):
        paths.append(str(Path(folder) / name))
        write_file(paths[-1], content)
    return paths


def _files(comparison: Comparison) -> Iterator[tuple[str, bytes]]:
    from overfit_cli.report.compare.drawing import png, svg
    from overfit_cli.report.compare.drawings import groups

    for place, (problem, found) in enumerate(groups(comparison), 1):
        for drawing in (drawing for group in found for drawing in group.drawings):
            name = f"{place}-{slug(problem.dataset)}-{slug(drawing.name)}"
            yield f"{name}.svg", svg(drawing).encode()
            yield f"{name}.png", png(drawing)


def slug(name: str) -> str:
    """Return letters, digits and hyphens of `name`: what any file system takes as one name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST].strip("-") or "unnamed"
