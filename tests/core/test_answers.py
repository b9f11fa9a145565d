"""Averages of predictive distributions against mixtures computed by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from overfit_cli.core.answers import Answer, Units, average, classify, log_mean_exp, regress
from overfit_cli.core.layout import Array

RNG = np.random.default_rng(0)
LOG_WEIGHTS = np.array([0.3, -2.0, 5.0, 1.0])
WEIGHTS = np.exp(LOG_WEIGHTS) / np.exp(LOG_WEIGHTS).sum()
UNITS = Units(np.array([10.0, -3.0]), np.array([2.0, 0.25]))
MEANS, VARIANCES = RNG.normal(size=(4, 6, 2)), RNG.uniform(0.1, 2, size=(4, 2))
TARGETS = UNITS.mean + UNITS.scale * RNG.normal(size=(6, 2))


def filled(array: Array | None) -> Array:
    assert array is not None
    return array


def test_probabilities_are_averaged_not_their_logarithms() -> None:
    answer = classify("categorical", RNG.normal(scale=3, size=(4, 6, 3)))
    mean = np.exp(filled(average(answer, LOG_WEIGHTS).log_probabilities))
    p = np.exp(filled(answer.log_probabilities))
    np.testing.assert_allclose(mean, np.einsum("m,mnk->nk", WEIGHTS, p), rtol=1e-13)
    np.testing.assert_allclose(mean.sum(axis=-1), 1, rtol=1e-13)


def test_a_normal_is_stated_in_the_targets_own_units() -> None:
    answer = regress(MEANS, VARIANCES, UNITS, TARGETS)
    own = stats.norm(UNITS.mean + UNITS.scale * MEANS, (np.sqrt(VARIANCES)[:, None] * UNITS.scale))
    np.testing.assert_allclose(filled(answer.mean), own.mean(), rtol=1e-13)
    np.testing.assert_allclose(filled(answer.sd), own.std(), rtol=1e-13)
    np.testing.assert_allclose(
        filled(answer.log_density), own.logpdf(TARGETS).sum(axis=-1), rtol=1e-12
    )


def test_normals_average_to_their_mixture() -> None:
    answer = regress(MEANS, VARIANCES, UNITS, TARGETS)
    mixture = average(answer, LOG_WEIGHTS)
    components = stats.norm(filled(answer.mean), filled(answer.sd))
    density = logsumexp(components.logpdf(TARGETS).sum(axis=-1), b=WEIGHTS[:, None], axis=0)
    np.testing.assert_allclose(filled(mixture.log_density), density, rtol=1e-12)
    first = np.tensordot(WEIGHTS, components.mean(), 1)
    second = np.tensordot(WEIGHTS, components.moment(2), 1)
    np.testing.assert_allclose(filled(mixture.mean), first, rtol=1e-12)
    np.testing.assert_allclose(filled(mixture.sd), np.sqrt(second - first**2), rtol=1e-10)


@pytest.mark.parametrize("kind", ["classes", "normals"])
def test_one_network_answers_for_itself(kind: str) -> None:
    one = (
        classify("bernoulli", RNG.normal(size=(1, 6, 1)))
        if kind == "classes"
        else regress(MEANS[:1], VARIANCES[:1], UNITS, TARGETS)
    )
    same = average(one, np.array([-700.0]))
    for name in ("log_probabilities", "mean", "log_density"):
        if getattr(one, name) is not None:
            assert np.array_equal(getattr(same, name), getattr(one, name)[0])


def test_log_mean_exp_is_stable_and_weighted() -> None:
    values = np.array([[1000.0, -1000.0, 0.0], [1001.0, -1001.0, -np.inf], [999.0, 0, -np.inf]])
    weights = np.array([0.0, 1.0, -1.0])
    expected = logsumexp(values, b=(np.exp(weights) / np.exp(weights).sum())[:, None], axis=0)
    np.testing.assert_allclose(log_mean_exp(values, weights), expected, rtol=1e-13)


def test_a_class_that_every_network_rules_out_keeps_probability_zero() -> None:
    assert log_mean_exp(np.full((3, 2), -np.inf), np.zeros(3)).tolist() == [-np.inf, -np.inf]


def test_an_answer_without_content_cannot_be_averaged() -> None:
    with pytest.raises(TypeError, match="either probabilities"):
        average(Answer(), np.zeros(2))
    with pytest.raises(TypeError, match="no classes"):
        classify("gaussian", np.zeros((1, 2, 1)))
