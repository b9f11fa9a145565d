"""A setting chosen at the edge of what was tried is told; one that cannot go further is not."""

import pytest
from planted_runs import only_problem, planted

TOLD = "chosen at the edge of what was tried: "


def grid(method, name, best, seeds=4):
    """Runs of a method over values of one option; `best`: its values, by validation nll."""
    ranks = {value: rank for rank, value in enumerate(best)}
    own = name in ("l2", "p")
    return [
        planted(
            method, seed, val=1.0 + rank,
            **({"options": {name: value}} if own else {name: value}),
        )
        for value, rank in ranks.items()
        for seed in range(seeds)
    ]  # fmt: skip


def told(runs):
    return [each for each in only_problem(runs).warnings if each.startswith(TOLD)]


def test_one_sentence_lists_every_edge():
    runs = grid("none", "lr", [0.003, 0.01, 0.03]) + grid("l2", "l2", [0.1, 0.02, 0.003, 0.0])
    assert told(runs) == [
        f"{TOLD}none lr=0.003 (lowest of 3, 4 of 4 seeds), l2 l2=0.1 (highest of 4, 4 of 4): a "
        "wider grid may find better."
    ]


@pytest.mark.parametrize(
    ("method", "name", "best"),
    [
        ("none", "lr", [0.01, 0.003, 0.03]),
        ("none", "lr", [0.003, 0.01]),
        ("none", "activation", ["tanh", "relu", "logistic"]),
        ("none", "hidden", [(8, 8), (16, 16), (32, 32)]),
        ("none", "batch_size", [1, 8, 32]),
        ("l2", "l2", [0.0, 0.01, 0.1]),
        ("dropout", "p", [1.0, 0.8, 0.5]),
    ],
)
def test_what_is_no_edge(method, name, best):
    assert told(grid(method, name, best)) == []


def test_half_of_the_seeds_are_enough_and_fewer_are_not():
    def chosen_by(first):
        """The largest of three is the best for the first seeds, the middle one for the others."""
        best = {seed: 0.1 if seed < first else 0.03 for seed in range(4)}
        return [
            planted("none", seed, lr=lr, val=1.0 + (lr != best[seed]))
            for seed in best
            for lr in (0.01, 0.03, 0.1)
        ]

    assert "none lr=0.1 (highest of 3, 2 of 4 seeds)" in told(chosen_by(2))[0]
    assert told(chosen_by(1)) == []


def test_of_equally_good_settings_none_is_an_edge():
    runs = [planted("none", seed, lr=lr) for seed in range(4) for lr in (0.01, 0.03, 0.1)]
    assert told(runs) == []
