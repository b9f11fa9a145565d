"""Learning-rate schedules: their values, and what is said of bad ones."""

from __future__ import annotations

import math

import pytest

from overfit_cli.core.schedules import FORMS, schedule
from overfit_cli.errors import UsageError

VALUES = [
    ("constant", 0, 100, 1.0),
    ("constant", 99, 100, 1.0),
    ("inverse:10000", 0, 100, 1.0),
    ("inverse:10000", 10000, 100, 0.5),
    ("inverse:50", 100, 1000, 1 / 3),
    ("exponential:20", 40, 100, math.exp(-2)),
    ("cosine", 0, 100, 1.0),
    ("cosine", 25, 100, (1 + math.sqrt(0.5)) / 2),
    ("cosine", 50, 100, 0.5),
    ("step:10,0.5", 9, 100, 1.0),
    ("step:10,0.5", 10, 100, 0.5),
    ("step:10,0.5", 39, 100, 0.125),
]


@pytest.mark.parametrize(("text", "t", "total", "factor"), VALUES)
def test_factor(text: str, t: int, total: int, factor: float) -> None:
    assert schedule(text)(t, total) == pytest.approx(factor, rel=1e-14)


def test_every_form_is_tried_here() -> None:
    assert {text.split(":")[0] for text, *_ in VALUES} == {form.split(":")[0] for form in FORMS}


@pytest.mark.parametrize(
    "text",
    [
        *["inverse", "inverse:", "inverse:x", "inverse:0", "inverse:-1", "inverse:nan"],
        *["inverse:1,2", "constant:1", "cosine:3", "step:10", "step:0,0.5", "step:10,-0.5"],
    ],
)
def test_a_bad_number_is_refused_with_the_form_to_write(text: str) -> None:
    name = text.partition(":")[0]
    form = next(form for form in FORMS if form.partition(":")[0] == name)
    with pytest.raises(UsageError, match="schedule") as raised:
        schedule(text)
    assert f"write {form}" in str(raised.value)
    assert f"'{text}'" in str(raised.value)


def test_an_unknown_form_is_told_its_nearest() -> None:
    with pytest.raises(UsageError, match=r"'cosin'.*Did you mean 'cosine'"):
        schedule("cosin")


def test_the_engine_asks_for_every_update_once() -> None:
    from oracles.assembly import Course, One, assemble, problem, run

    asked = []

    def remember(t: int, total: int) -> float:
        asked.append((t, total))
        return 1.0

    stack = assemble(problem(n_train=29), [One()], Course(batch_size=13, epochs=4))
    stack.descent.schedule = remember
    run(stack)
    assert asked == [(t, 12) for t in range(12)]


def test_a_factor_that_grows_beyond_all_numbers_is_infinite() -> None:
    assert schedule("step:1,1e300")(2, 10) == math.inf
