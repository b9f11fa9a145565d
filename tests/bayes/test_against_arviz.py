"""R-hat and bulk effective size against ArviZ on the same draws; needs `pip install arviz`."""

import warnings

import numpy as np
import pytest
from test_diagnostics import ar1

from overfit_cli.bayes.diagnostics import bulk_ess, r_hat

with warnings.catch_warnings():
    # it announces its own successor when it is imported
    warnings.simplefilter("ignore")
    arviz = pytest.importorskip("arviz")

RNG = np.random.default_rng(77)


def shifted() -> np.ndarray:
    """Chains that disagree in place and in spread."""
    draws = RNG.standard_normal((120, 3, 4))
    return draws * [[[1.0], [1.5], [3.0]]] + [[[0.0], [0.4], [2.0]]]


DRAWS = {
    "independent": RNG.standard_normal((500, 4, 5)),
    "correlated": ar1(0.9, 400, 4, 5, np.random.default_rng(3)),
    "antithetic": ar1(-0.6, 400, 2, 5, np.random.default_rng(4)),
    "odd number of draws": ar1(0.3, 101, 3, 5, np.random.default_rng(5)),
    "disagreeing chains": shifted(),
    "heavy tails": RNG.standard_cauchy((300, 4, 5)),
    "ties": np.round(RNG.standard_normal((200, 4, 5))),
    "few draws": RNG.standard_normal((8, 2, 5)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_r_hat(name: str) -> None:
    draws = DRAWS[name]
    expected = [arviz.rhat(column, method="rank") for column in draws.transpose(2, 1, 0)]
    np.testing.assert_allclose(r_hat(draws), expected, rtol=1e-9)


@pytest.mark.parametrize("name", DRAWS)
def test_bulk_effective_size(name: str) -> None:
    draws = DRAWS[name]
    expected = [arviz.ess(column, method="bulk") for column in draws.transpose(2, 1, 0)]
    np.testing.assert_allclose(bulk_ess(draws), expected, rtol=1e-9)


def test_one_chain_has_an_effective_size() -> None:
    draws = ar1(0.5, 300, 1, 3, np.random.default_rng(6))
    expected = [arviz.ess(column, method="bulk") for column in draws.transpose(2, 1, 0)]
    np.testing.assert_allclose(bulk_ess(draws), expected, rtol=1e-9)
