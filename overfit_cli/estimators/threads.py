"""BLAS threads: finding its libraries takes milliseconds, so they are looked for once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def blas_threads(limit: int) -> AbstractContextManager[object]:
    """Return a context in which BLAS uses at most `limit` threads."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=limit, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
