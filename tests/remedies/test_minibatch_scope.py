"""Identity 9: a deleted unit comes out of the step bit for bit as it went in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import thinned_step
from oracles.assembly import Assembly, Course, One, assemble, problem

from overfit_cli.core.hooks import Hyper, Streams
from overfit_cli.core.layout import Array

SIZES = (5, 8, 6, 3)
NO_LIMIT = float("inf")
PENALTIES: dict[str, dict[str, dict[str, float]]] = {
    "no penalty": {},
    "l2": {"l2": {"l2": 0.3}},
    "l1": {"l1": {"l1": 0.05}},
    "max-norm": {"max-norm": {"max_norm": 0.7}},
    "everything": {"l2": {"l2": 0.1}, "l1": {"l1": 0.02}, "max-norm": {"max_norm": 0.7}},
}


def stack_of(
    optimizer: str, penalty: str, mask: str, epochs: int
) -> tuple[Assembly, list[dict[int, NDArray[np.bool_]]]]:
    """Three replicas that take one full-batch step an epoch, and the masks they will draw."""
    dropout = {"p": 0.6, "p_input": 0.7, "scope": "minibatch", "mask": mask}
    ones = [
        One(seed, lr=0.05 * (1 + seed), momentum=0.4 * seed, settings={"dropout": dropout})
        for seed in range(3)
    ]
    ones = [replace(one, settings={**one.settings, **PENALTIES[penalty]}) for one in ones]
    given = problem(SIZES, "tanh", n_train=10, n_val=0)
    stack = assemble(given, ones, Course(optimizer, batch_size=10, epochs=epochs))
    seen: list[dict[int, NDArray[np.bool_]]] = []
    (original,) = stack.hooks.masks

    def spy(hyper: Hyper, layer: int, streams: Streams, out: NDArray[Any]) -> None:
        original.draw(hyper, layer, streams, out)
        if layer == 0:
            seen.append({})
        seen[-1][layer] = out[:, 0].copy()

    stack.descent.hooks = replace(stack.hooks, masks=(replace(original, draw=spy),))
    stack.descent.init(stack.replicas)
    return stack, seen


def snapshot(stack: Assembly, replica: int) -> dict[str, Array]:
    arrays = {"parameters": stack.replicas.parameters, **stack.replicas.state}
    return {name: array[replica].copy() for name, array in arrays.items()}


def unfolded(arrays: dict[str, Array], replica: int, stack: Assembly) -> dict[str, Array]:
    """The heavy ball's own velocity: the program's is multiplied by the learning rate."""
    if "velocity" not in arrays:
        return arrays
    lr = stack.replicas.hyper["lr"][replica]
    return arrays | {"velocity": arrays["velocity"] / lr}


def how(stack: Assembly, replica: int, optimizer: str) -> dict[str, Any]:
    hyper = {name: array[replica] for name, array in stack.replicas.hyper.items()}
    absent = {"l1": 0.0, "l2": 0.0, "max_norm": NO_LIMIT}
    return {**absent, **hyper, "optimizer": optimizer}


@pytest.mark.parametrize("mask", ["bernoulli", "exact"])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
def test_only_the_thinned_network_moves(optimizer: str, penalty: str, mask: str) -> None:
    stack, seen = stack_of(optimizer, penalty, mask, epochs=6)
    data, n_moved = stack.descent.data, 0
    for epoch in range(1, 7):
        before = [snapshot(stack, replica) for replica in range(3)]
        stack.descent.advance(stack.replicas, epoch)
        for replica in range(3):
            kept = [np.flatnonzero(seen[-1][layer][replica]).tolist() for layer in range(3)]
            kept.append(list(range(SIZES[-1])))
            own = thinned_step.places(SIZES, kept)
            rest = np.setdiff1d(np.arange(stack.replicas.parameters.shape[1]), own)
            after = snapshot(stack, replica)
            for name in {"parameters", "velocity", "mean", "square"} & set(after):
                assert after[name][rest].tobytes() == before[replica][name][rest].tobytes(), name
            if "count" in after:
                before[replica]["count"] = after["count"]
            expected = thinned_step.step(
                SIZES,
                "tanh",
                "categorical",
                unfolded(before[replica], replica, stack),
                kept,
                data.inputs,
                data.targets,
                how(stack, replica, optimizer),
            )
            for name, values in expected.items():
                np.testing.assert_allclose(
                    unfolded(after, replica, stack)[name], values, rtol=1e-9, atol=1e-12
                )
            n_moved += int((after["parameters"][own] != before[replica]["parameters"][own]).sum())
            assert len(rest) > 0 or min(len(k) for k in kept) == 8
    assert n_moved > 500


@pytest.mark.parametrize("penalty", ["max-norm", "everything"])
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
def test_the_whole_incoming_vector_gets_length_c(optimizer: str, penalty: str) -> None:
    stack, _ = stack_of(optimizer, penalty, "bernoulli", epochs=20)
    limit, at_the_limit = 0.7, 0
    for epoch in range(1, 21):
        stack.descent.advance(stack.replicas, epoch)
        for weights in stack.descent.network.layout.weights(stack.replicas.parameters):
            length = np.sqrt((weights**2).sum(axis=1))
            assert length.max() <= limit * (1 + 1e-12)
            at_the_limit += int((np.abs(length - limit) < 1e-12).sum())
    assert at_the_limit > 20


def test_the_deleted_return_and_the_next_minibatch_draws_again() -> None:
    stack, seen = stack_of("sgd", "no penalty", "bernoulli", epochs=40)
    start = stack.replicas.parameters.copy()
    for epoch in range(1, 41):
        stack.descent.advance(stack.replicas, epoch)
    assert len(seen) == 40
    assert len({masks[1].tobytes() for masks in seen}) == 40
    assert (stack.replicas.parameters != start).all()


def test_gaussian_noise_per_minibatch_freezes_nothing() -> None:
    stack, seen = stack_of("sgd", "no penalty", "gaussian", epochs=1)
    start = stack.replicas.parameters.copy()
    stack.descent.advance(stack.replicas, 1)
    assert (stack.replicas.parameters != start).all()
    assert seen[0][1].shape == (3, 8)


@pytest.mark.parametrize("scope", ["example", "minibatch"])
def test_a_scope_is_what_rows_share(scope: str) -> None:
    settings = {"dropout": {"p": 0.5, "scope": scope}}
    stack = assemble(problem(SIZES, "tanh"), [One(settings=settings)], Course(batch_size=29))
    shapes = []
    (original,) = stack.hooks.masks

    def spy(hyper: Hyper, layer: int, streams: Streams, out: NDArray[Any]) -> None:
        original.draw(hyper, layer, streams, out)
        shapes.append(out.shape)

    stack.descent.hooks = replace(stack.hooks, masks=(replace(original, draw=spy),))
    stack.descent.init(stack.replicas)
    stack.descent.advance(stack.replicas, 1)
    rows = 29 if scope == "example" else 1
    assert shapes == [(1, rows, 8), (1, rows, 6)]
