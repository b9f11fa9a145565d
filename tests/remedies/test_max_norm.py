"""Max-norm: along the incoming axis, after the update, without the bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.assembly import Course, One, assemble, hooks_of, problem, trained

from overfit_cli.core.layout import Array, Layout

LAYOUT = Layout((4, 6, 3))


def limited(limit: float) -> dict[str, dict[str, Any]]:
    return {"max-norm": {"max_norm": limit}}


def shortened(flat: Array, limits: list[float]) -> Array:
    hooks = hooks_of(LAYOUT, [One(settings=limited(limit)) for limit in limits])
    (projection,) = hooks.projections
    out = flat.copy()
    projection.apply(LAYOUT, hooks.hyper, out, np.zeros((len(flat), 1), flat.dtype), None)
    return out


def test_only_longer_vectors_are_scaled_and_only_to_length_c() -> None:
    flat = np.random.default_rng(0).normal(size=(3, LAYOUT.n_parameters)) * 2
    limits = [0.5, 4.0, 1e6]
    out = shortened(flat, limits)
    counts = {"scaled": 0, "untouched": 0}
    for r, limit in enumerate(limits):
        pairs = zip(LAYOUT.weights(flat), LAYOUT.weights(out), strict=True)
        for before, after in pairs:
            for unit in range(before.shape[2]):
                was, now = before[r, :, unit], after[r, :, unit]
                length = np.linalg.norm(was)
                if length > limit:
                    np.testing.assert_allclose(now, was * limit / length, rtol=1e-14)
                    counts["scaled"] += 1
                else:
                    assert now.tobytes() == was.tobytes()
                    counts["untouched"] += 1
    assert min(counts.values()) > 5
    assert np.array_equal(out[:, LAYOUT.n_weights :], flat[:, LAYOUT.n_weights :])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_projecting_twice_is_projecting_once(dtype: Any) -> None:
    flat = np.random.default_rng(1).normal(size=(2, LAYOUT.n_parameters)).astype(dtype) * 3
    once = shortened(flat, [1.0, 2.0])
    np.testing.assert_allclose(shortened(once, [1.0, 2.0]), once, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
def test_the_limit_holds_from_the_initial_weights_on_and_after_every_update(
    dtype: Any, optimizer: str
) -> None:
    given = problem((4, 6, 3), "relu", dtype=dtype)
    one = One(lr=0.3, settings=limited(0.8))
    stack = assemble(given, [one], Course(optimizer))
    stack.descent.init(stack.replicas)
    start = stack.replicas.parameters.copy()
    ends = trained(given, [one], Course(optimizer, epochs=6)).path
    reached = 0
    for flat in [start, *[row[None] for row in ends.values()]]:
        for weights in LAYOUT.weights(flat.astype(np.float64)):
            lengths = np.linalg.norm(weights, axis=1)
            assert lengths.max() <= 0.8 * (1 + 4 * np.finfo(dtype).eps)
            reached += int((lengths > 0.8 * (1 - 1e-6)).sum())
    assert reached > 10


def test_a_vector_of_zeros_stays_one() -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        # beside one that is too long; the second limit's square is too small for a number
        start = np.vstack([np.full(LAYOUT.n_parameters, 9.0), np.zeros((2, LAYOUT.n_parameters))])
        out = shortened(start, [1.0, 1.0, 1e-200])
    assert (out[0] != start[0]).any()
    assert not out[1:].any()
