"""A replica gives the same bits alone as in any company: the first law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from oracles.assembly import LIKELIHOODS, Course, One, Trained, alone, problem, trained

from overfit_cli.core.activations import ACTIVATIONS

Settings = dict[str, dict[str, Any]]

DROPOUTS: dict[str, Settings] = {
    f"dropout {mask} per {scope}": {"dropout": {"p_input": 0.9, "mask": mask, "scope": scope}}
    for mask in ("bernoulli", "exact", "gaussian")
    for scope in ("example", "minibatch")
}
REMEDIES: dict[str, Settings] = {
    "none": {},
    **DROPOUTS,
    "l1+l2": {"l1": {}, "l2": {}},
    "max-norm": {"max-norm": {"max_norm": 1.0}},
    "everything": {
        "dropout": {"scope": "minibatch"},
        "l2": {},
        "l1": {},
        "max-norm": {"max_norm": 1.0},
        "early-stopping": {"patience": 2},
    },
}
SEVEN = 7


def seven(settings: Settings, lr: float = 0.1) -> list[One]:
    """Seven different replicas of one method: seeds, members, rates and hyperparameters."""
    ones = []
    for r in range(SEVEN):
        own = {name: dict(values) for name, values in settings.items()}
        for name, numbers in {
            "dropout": {"p": 0.3 + 0.1 * r},
            "l1": {"l1": 1e-3 * r},
            "l2": {"l2": 1e-2 * r},
            "max-norm": {"max_norm": 0.5 + 0.25 * r},
        }.items():
            if name in own:
                own[name] |= numbers
        ones.append(One(r // 2, r, lr * (1 + r) / SEVEN, 0.1 * r, settings=own))
    return ones


def assert_each_as_alone(stack: Trained, lonely: dict[int, Trained]) -> None:
    for replica, single in lonely.items():
        assert stack.digest(replica)[1:4] == single.digest(0)[1:4]
        for (epoch, _), bits in single.path.items():
            assert np.array_equal(bits, stack.path[epoch, replica]), f"epoch {epoch}"
        assert repr(stack.curves[replica]) == repr(single.curves[0])
        assert stack.digest(replica) == single.digest(0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("method", REMEDIES)
def test_alone_as_among_seven(method: str, optimizer: str, likelihood: str, dtype: Any) -> None:
    activation = {"sgd": "tanh", "nesterov": "logistic", "adam": "relu"}[optimizer]
    sizes = (5, 11, 3, LIKELIHOODS[likelihood])
    given = problem(sizes, activation, likelihood, dtype=dtype, weighted=optimizer == "adam")
    ones = seven(REMEDIES[method])
    course = Course(optimizer)
    stack = trained(given, ones, course)
    lonely = {r: trained(given, [alone(ones[r])], course) for r in (0, 3, 6)}
    assert_each_as_alone(stack, lonely)


@pytest.mark.parametrize("method", ["none", "everything"])
def test_without_hidden_layers_without_validation_rows_and_in_another_order(method: str) -> None:
    settings = {k: v for k, v in REMEDIES[method].items() if k != "early-stopping"}
    given = problem((5, 1), "tanh", "bernoulli", n_val=0)
    ones = [
        replace(one, settings={k: v for k, v in one.settings.items() if k != "dropout"})
        for one in seven(settings)
    ]
    stack, reverse = trained(given, ones), trained(given, ones[::-1])
    for replica in range(SEVEN):
        assert stack.digest(replica) == reverse.digest(SEVEN - 1 - replica)
    assert_each_as_alone(stack, {2: trained(given, [ones[2]])})


def test_with_splits_of_their_own() -> None:
    given = problem((5, 11, 2), "tanh", "gaussian", n_views=3)
    ones = [replace(one, view=r % 3) for r, one in enumerate(seven(REMEDIES["everything"]))]
    stack = trained(given, ones)
    assert_each_as_alone(stack, {r: trained(given, [ones[r]]) for r in (0, 1, 5)})
    assert len({repr(stack.curves[r][0].train) for r in (0, 2, 4)}) == 3


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_average_of_members_does_not_depend_on_other_runs(likelihood: str) -> None:
    given = problem((5, 11, LIKELIHOODS[likelihood]), "relu", likelihood)
    patience = {"early-stopping": {"patience": 1}}
    ones = [
        One(seed, member, run=seed, settings=patience) for seed in (0, 1) for member in range(3)
    ]
    course = Course(epochs=12)
    both = trained(given, ones, course)
    second = trained(given, [replace(one, run=0) for one in ones[3:]], course)
    assert repr(both.curves[1]) == repr(second.curves[0])
    assert np.array_equal(both.outcome.parameters[3:], second.outcome.parameters)


REAL = {
    "64-256-256-10": ((64, 256, 256, 10), (0, 3, 6), 2),
    "784-800-800-10": ((784, 800, 800, 10), (4,), 1),
}


@pytest.mark.parametrize("method", ["none", "dropout bernoulli per example", "everything"])
@pytest.mark.parametrize("shape", REAL)
def test_alone_as_among_seven_at_real_shapes(shape: str, method: str) -> None:
    sizes, chosen, epochs = REAL[shape]
    given = problem(sizes, "relu", n_train=45, n_val=180, dtype=np.float32)
    ones = seven(REMEDIES[method])
    # a neighbour that diverges at once and one that stops at once
    ones[1] = replace(ones[1], lr=1e30)
    if method == "everything":
        stopping = {"early-stopping": {"patience": 1, "min_delta": 1e9}}
        ones[2] = replace(ones[2], settings={**ones[2].settings, **stopping})
    course = Course(batch_size=32, epochs=epochs)
    stack = trained(given, ones, course)
    assert stack.outcome.diverged.tolist() == [r == 1 for r in range(SEVEN)]
    assert_each_as_alone(stack, {r: trained(given, [alone(ones[r])], course) for r in chosen})


@hypothesis.settings(max_examples=40)
@hypothesis.given(
    st.integers(2, 5),
    st.lists(st.integers(1, 37), min_size=1, max_size=4),
    st.sampled_from(sorted(LIKELIHOODS)),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.integers(1, 31),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(sorted(REMEDIES)),
)
def test_alone_as_in_any_stack(
    n_replicas: int,
    widths: list[int],
    likelihood: str,
    activation: str,
    batch_size: int,
    dtype: Any,
    method: str,
) -> None:
    given = problem((*widths, LIKELIHOODS[likelihood]), activation, likelihood, dtype=dtype)
    settings = REMEDIES[method] if len(widths) > 1 else {}
    ones = seven(settings)[:n_replicas]
    course = Course(batch_size=batch_size, epochs=2)
    last = n_replicas - 1
    assert_each_as_alone(
        trained(given, ones, course), {last: trained(given, [alone(ones[last])], course)}
    )
