"""McNemar's exact test against scipy's binomial test and statsmodels."""

import numpy as np
import pytest
from scipy.stats import binomtest

from overfit_cli.statistics.mcnemar import mcnemar

TABLES = [(0, 0), (1, 0), (0, 5), (3, 9), (10, 10), (11, 10), (2, 40), (300, 400)]


def rows(only_first: int, only_second: int) -> tuple[np.ndarray, np.ndarray]:
    """Return correctness by row, with 7 rows that both get right and 4 that both get wrong."""
    counts = [only_first, only_second, 7, 4]
    order = np.random.default_rng(1).permutation(sum(counts))
    return (
        np.repeat([True, False, True, False], counts)[order],
        np.repeat([False, True, True, False], counts)[order],
    )


@pytest.mark.parametrize(("first", "second"), TABLES)
def test_against_the_binomial_test(first, second):
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(*rows(first, second)) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(*rows(second, first)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("first", "second"), TABLES[1:])
def test_against_statsmodels(first, second):
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    theirs = tables.mcnemar([[7, first], [second, 4]], exact=True).pvalue
    assert mcnemar(*rows(first, second)) == pytest.approx(theirs, rel=1e-9)


def test_other_rows_are_refused():
    with pytest.raises(ValueError, match="rows"):
        mcnemar(np.ones(5, bool), np.ones(1, bool))
