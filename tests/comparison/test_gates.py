"""`--fail-if`: parsed, checked against what was compared, and never open by accident."""

import pytest
from planted_runs import compared, planted

from overfit_cli.comparison.gates import Gate, check_gate, gate_of, tripped
from overfit_cli.errors import UsageError


@pytest.fixture(scope="module")
def comparison():
    """Dropout is better on the small problem and worse on the large one; l2 never finished."""
    results = []
    for size, sign in ((20, -1), (40, 1)):
        for seed in range(10):
            data = {"train_size": size}
            results += [planted(seed=seed, data=data, test=1.0)]
            test = 1 + sign * (0.5 + seed / 100)
            results += [planted("dropout", seed, data=data, test=test)]
            results += [planted("l2", seed, data=data, status="diverged")]
    return compared(results)


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("dropout worse none", Gate("dropout", "worse", "none")),
        ("  dropout (average mc)  too few  dropout (average weights) ",
         Gate("dropout (average mc)", "too few", "dropout (average weights)")),
        ("a+b undecided c", Gate("a+b", "undecided", "c")),
    ],
)  # fmt: skip
def test_conditions(text, gate):
    assert gate_of(text) == gate


@pytest.mark.parametrize("text", ["", "dropout", "dropout worse", "worse none", "a beats b"])
def test_what_is_no_condition(text):
    with pytest.raises(UsageError, match="METHOD FINDING BASELINE"):
        gate_of(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dropuot worse none", "Did you mean 'dropout'"),
        ("dropout worse nome", "Did you mean 'none'"),
        ("dropout worse l2", "verdicts are against none; for others use --baseline 'l2'"),
        ("none worse none", "verdicts are against none"),
    ],
)
def test_conditions_that_nothing_answers(comparison, text, said):
    with pytest.raises(UsageError, match=said):
        check_gate(gate_of(text), comparison)


def test_it_trips_wherever_it_holds(comparison):
    said = {
        finding: list(tripped([gate_of(f"dropout {finding} none")], comparison))
        for finding in ("better", "worse", "equal", "undecided", "too few")
    }
    assert "holds on moons (train_size 20)." in said["better"][0]
    assert "holds on moons (train_size 40)." in said["worse"][0]
    assert said["equal"] == said["undecided"] == said["too few"] == []


def test_a_method_that_never_finished_trips_too(comparison):
    (said,) = tripped([gate_of("l2 worse none")], comparison)
    assert "cannot be checked: no seed finished for both" in said
