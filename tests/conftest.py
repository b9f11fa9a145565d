"""One BLAS thread, as everywhere by default, and no deadline that would time a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

settings.register_profile("untimed", deadline=None, derandomize=True)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def one_blas_thread() -> Iterator[None]:
    import numpy as np

    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=1, user_api="blas"):
        yield
