"""What is recorded beside a run but does not enter its id: host, versions, date."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any


def environment() -> dict[str, Any]:
    """Return host, versions and the date (ISO 8601, UTC, to the second)."""
    return _fixed() | {"date": datetime.now(UTC).isoformat(timespec="seconds")}


@cache
def _fixed() -> dict[str, Any]:
    return {
        "host": platform.node(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "overfit": _version("overfit"),
        "blas": blas(),
        "cpus": os.cpu_count(),
    }


def blas() -> str:
    """Return the name, version and architecture of the BLAS that NumPy loaded."""
    from threadpoolctl import threadpool_info

    libraries = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    return ", ".join(
        f"{entry['internal_api']} {entry['version']} {entry.get('architecture', '')}".strip()
        for entry in libraries
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
