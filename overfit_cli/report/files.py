"""Writing a named output: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from overfit_cli.errors import StoreError


def write_file(path: str, content: str | bytes) -> None:
    """Write `content` (text as UTF-8) to `path`, through a temporary file beside it and a rename.

    Raises:
        StoreError: if the disk or the name refuses; what was at `path` is as it was.
    """
    try:
        target = Path(path)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".overfit-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise StoreError(f"{path!r}: {getattr(error, 'strerror', None) or error}.") from None
