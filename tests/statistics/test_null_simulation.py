"""False verdicts under a null, and power: rows drawn and learners trained inside the simulation."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from null_simulation import Design, Floats, scores, verdict
from scipy import stats

from overfit_cli.statistics.sign_flip import sign_flip

LIMIT = 67
"""99% of all counts of a chance of .05 among 1,000 are at most that."""

NULLS = [
    ("draws", "streams", 100),
    ("draws", "mirrored", 100),
    ("fixed", "streams", 100),
    ("splits", "streams", 100),
    ("splits", "mirrored", 100),
    ("splits", "mirrored", 400),
]
TOLERANCE = 0.06
"""Of a power: 99% of the difference of two simulations (.05), and what is not normal."""


def findings(design: Design, nll: Floats, title: str) -> dict[str, int]:
    found = [verdict(design, values).finding for values in nll]
    counts = {name: found.count(name) for name in ("better", "worse", "equal", "undecided")}
    assert sum(counts.values()) == len(nll)
    what = f"{design.resample}, {design.learners}, {design.rows} rows, rate x {design.rate}"
    print(f"\n{title}: {what}: {counts}")
    return counts


def false_verdicts(design: Design) -> int:
    counts = findings(design, scores(design), "null")
    return counts["better"] + counts["worse"]


def test_few_false_verdicts_and_a_true_one_the_right_way_round() -> None:
    # so few say little: more than nine would come once in ten thousand
    assert false_verdicts(Design("draws", "streams", 40)) <= stats.binom.ppf(0.9999, 40, 0.05)
    worse = Design("draws", "streams", 20, rate=0.02)
    assert findings(worse, scores(worse), "planted")["worse"] >= 18


@pytest.mark.slow
@pytest.mark.parametrize(("resample", "learners", "rows"), NULLS)
def test_false_verdicts_of_learners_equal_in_distribution(resample, learners, rows) -> None:
    assert stats.binom.ppf(0.99, 1000, 0.05) == LIMIT
    assert false_verdicts(Design(resample, learners, 1000, rows=rows)) <= LIMIT


@pytest.mark.slow
def test_splits_without_the_correction_would_find_too_much() -> None:
    """The simulation can tell: the same nulls, seeds taken for independent."""
    nll = scores(Design("splits", "mirrored", 400))
    false = sum(sign_flip(values[:, 1] - values[:, 0]).p <= 0.05 for values in nll)
    print(f"\nsign flip over splits, mirrored: {false} of {len(nll)} false")
    assert false > 0.1 * len(nll)


def power_of_flips(differences: Floats, n: int) -> float:
    """Return how often p <= .05 for n differences drawn from these, by all signs at once."""
    rng = np.random.default_rng(5)
    drawn = rng.choice(differences, (4000, n))
    signs = np.array(list(itertools.product([-1, 1], repeat=n)))
    sums = np.abs(drawn @ signs.T)
    return float(((sums >= sums[:, -1:] * (1 - 1e-12)).mean(axis=1) <= 0.05).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resample", "learners", "rate"), [("draws", "mirrored", 0.08), ("fixed", "streams", 0.04)]
)
def test_power_of_the_sign_flip(resample, learners, rate) -> None:
    design = Design(resample, learners, 1000, rate=rate, same_table=resample == "fixed")
    counts = findings(design, scores(design), "planted")
    others = scores(replace(design, experiments=500), first=50_000)
    theory = power_of_flips((others[..., 1] - others[..., 0]).ravel(), design.seeds)
    print(f"power in theory {theory:.3f}")
    assert abs(counts["worse"] / 1000 - theory) <= TOLERANCE
    assert 0.3 < theory < 0.95


def power_of_corrected_t(differences: Floats, ratio: float) -> float:
    """Return the power of the corrected t on differences with the moments of these, (E, n).

    Mean of one experiment ~ N(mu, tau^2 + sigma^2 / n), tau^2 what its table adds: then
    t sqrt((1/n + ratio) / (1/n + tau^2 / sigma^2)) is noncentral t. Nadeau and Bengio's
    assumption is tau^2 / sigma^2 = ratio.
    """
    n = differences.shape[1]
    variance = differences.var(axis=1, ddof=1).mean()
    means = differences.mean(axis=1)
    shrink = np.sqrt(variance * (1 / n + ratio) / means.var(ddof=1))
    limit = stats.t.ppf(0.975, n - 1) * shrink
    return float(stats.nct.sf(limit, n - 1, abs(means.mean()) / means.std(ddof=1)))


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "rate"), [(100, 0.01), (400, 0.03)])
def test_power_of_the_corrected_t(rows, rate) -> None:
    """Also where a table's other rows do not train: more of them test, and less is enough."""
    design = Design("splits", "mirrored", 1000, rate=rate, rows=rows)
    nll = scores(design)
    counts = findings(design, nll, "planted")
    theory = power_of_corrected_t(nll[..., 1] - nll[..., 0], design.test_over_train)
    print(f"power in theory {theory:.3f}")
    assert abs(counts["worse"] / 1000 - theory) <= TOLERANCE
    assert 0.3 < theory < 0.95
