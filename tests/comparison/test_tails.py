"""Means that few seeds decide are told, and ordinary scatter is not."""

import numpy as np
import pytest
from planted_runs import only_problem, planted

from overfit_cli.report.compare.winner import next_reason

TOLD = "few seeds decide the mean test nll of "


def told(values):
    """What is warned of with these test nlls of 'none', and ordinary ones of 'l2'."""
    calm = [1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 0.98, 1.08, 0.92, 1.0]
    runs = [planted("none", seed, test=value) for seed, value in enumerate(values)]
    runs += [planted("l2", seed, test=calm[seed]) for seed in range(len(values))]
    return [each for each in only_problem(runs).warnings if each.startswith(TOLD)]


HEAVY = [16.8, 16.8, 15.5, 2711.0, 16.8, 15.8, 15.5, 15.4, 16.8, 1573.0]


def test_two_wild_seeds_of_ten_are_told():
    assert told(HEAVY) == [f"{TOLD}none: look at the medians."]
    assert told([1.0] * 4 + [9.0])


@pytest.mark.parametrize("values", [[1.0] * 10, [1.0, 1.0, 1.0, 9.0], [1.0] * 9 + [1.01]])
def test_equal_few_and_practically_equal_values_are_not(values):
    assert told(values) == []


def test_normal_scatter_is_hardly_ever_told():
    samples = np.random.default_rng(0).normal(10, 1, (40, 10))
    assert not any(told(list(sample)) for sample in samples)


def test_a_best_mean_that_few_seeds_decide_says_so():
    runs = [planted("none", seed, test=value) for seed, value in enumerate(HEAVY)]
    runs += [planted("l2", seed, test=value - (-1) ** seed) for seed, value in enumerate(HEAVY)]
    problem = only_problem(runs)
    assert f"{TOLD}all methods: look at the medians." in problem.warnings
    assert "the best mean test nll so far, which few seeds decide; that" in next_reason(problem)
