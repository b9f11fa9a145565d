"""Enumeration against loops over every setting and row; HMC and SGHMC against enumeration."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from enumerated import NEW, by_hand, enumerated, tiny
from hypothesis import given
from hypothesis import strategies as st
from posteriors import chains, sampled

from overfit_cli.bayes import INFERENCES
from overfit_cli.bayes.diagnostics import effective_voters, entropy
from overfit_cli.bayes.exact import EXACT, LOST_MASS, announced, kept
from overfit_cli.bayes.grid import Grid
from overfit_cli.core.answers import Units, classify
from overfit_cli.core.ballot import Ballot
from overfit_cli.core.layout import Layout
from overfit_cli.core.network import Network, forward
from overfit_cli.core.predictor import Predictor, fixed_votes
from overfit_cli.errors import UsageError
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.train import finish, train

UNITS = Units(np.zeros(1), np.ones(1))
GRIDS = {
    "bernoulli": {"grid_values": 15, "grid_width": 4.0},
    "categorical": {"grid_values": 9, "grid_width": 3.2},
}
BOTH = ["bernoulli", pytest.param("categorical", marks=pytest.mark.slow)]
WEIGHTS = np.array([2.0, 1, 0, 1, 1, 3, 1, 0.5, 1, 1, 0])


def averaged(network: Network, voters: Ballot) -> np.ndarray:
    """Probability of class 1, or mean, on NEW."""
    votes = fixed_votes(voters.parameters, voters.log_weights)
    predictor = Predictor(network, votes, UNITS, voters.noise_variance)
    (answer,) = predictor.answers([(NEW, None)])
    if answer.log_probabilities is not None:
        return np.exp(answer.log_probabilities[:, 1])
    assert answer.mean is not None
    return answer.mean[:, 0]


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("name", ["bernoulli", "categorical", "gaussian"])
def test_every_setting_and_its_average_by_hand(name: str, weights: np.ndarray | None) -> None:
    problem = tiny(name, weights)
    voters, replicas = enumerated(problem, grid_values=4, grid_width=2.0, prior_sd=0.8)
    hand = by_hand(problem, 4, 2.0, 0.8)
    # by hand the last parameter moves fastest, in the program the first
    q = Grid(len(hand["q"][0]), {"grid_values": 4, "grid_width": 2.0, "prior_sd": 0.8})
    numbers = np.arange(len(q))
    order = np.lexsort(q.parameters(numbers).T[::-1])
    np.testing.assert_allclose(q.parameters(numbers)[order], hand["q"], rtol=1e-14)
    log_posterior = replicas.state["exact.log_posterior"][0][order]
    np.testing.assert_allclose(log_posterior, hand["log_posterior"], rtol=1e-10, atol=1e-10)
    weight = np.exp(hand["log_posterior"] - hand["log_posterior"].max())
    expected = weight @ hand["prediction"] / weight.sum()
    np.testing.assert_allclose(averaged(problem.network, voters), expected, atol=2 * LOST_MASS)
    if name == "gaussian":
        np.testing.assert_allclose(
            replicas.state["exact.noise"][0, order, 0], hand["noise"], rtol=1e-10
        )


@given(st.integers(2, 9), st.integers(1, 4))
def test_every_setting_is_visited_once(values: int, n_parameters: int) -> None:
    grid = Grid(n_parameters, {"grid_values": values, "grid_width": 1.0})
    visited = np.concatenate([grid.block(number) for number in range(values)])
    np.testing.assert_array_equal(np.sort(visited), np.arange(values**n_parameters))


def test_a_block_is_spread_over_the_grid() -> None:
    grid = Grid(4, {"grid_values": 7, "grid_width": 1.0})
    places = grid.places(grid.block(0))
    assert all(len(np.unique(column)) == 7 for column in places.T)


@given(st.lists(st.floats(-60, 0), min_size=1, max_size=50))
def test_kept_voters_carry_all_but_a_millionth_and_no_fewer_would(values: list[float]) -> None:
    log_posterior = np.array(values)
    numbers = kept(log_posterior)
    weights = np.exp(log_posterior - log_posterior.max())
    carried = weights[numbers].sum() / weights.sum()
    assert carried >= 1 - 1.01 * LOST_MASS
    assert carried - weights[numbers[-1]] / weights.sum() < 1 - 0.99 * LOST_MASS or len(values) == 1
    assert len(np.unique(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("weights", "voters", "nats"),
    [
        ([1, 1, 1, 1], 4, math.log(4)),
        ([3, 0, 0], 1, 0),
        ([1, 3], 1.6, math.log(4) - 0.75 * math.log(3)),
    ],
)
def test_what_weighted_voters_are_worth(weights: list[float], voters: float, nats: float) -> None:
    with np.errstate(divide="ignore"):
        log_weights = np.log(np.array(weights, float)) + 700
    assert effective_voters(log_weights) == pytest.approx(voters, rel=1e-12)
    assert entropy(log_weights) == pytest.approx(nats, abs=1e-12)


def test_a_network_too_large_is_refused_with_the_number_of_settings_and_the_alternatives() -> None:
    settings = {"grid_values": 9, "grid_width": 3.0}
    default = Network(Layout((64, 256, 256, 10)), "relu", "categorical")
    with pytest.raises(UsageError, match=r"9\^85,002 = 10\^81,113 settings") as refused:
        announced(default, settings)
    assert "hmc, sghmc, laplace, swag or ensemble" in str(refused.value)
    small = Network(Layout((2, 2, 1)), "tanh", "bernoulli")
    with pytest.raises(UsageError, match=r"9\^9 = 387,420,489 settings of the 9 parameters"):
        announced(small, settings)
    assert announced(small, settings | {"grid_values": 2}) == (
        "exact: 2^9 = 512 settings of the parameters are visited.",
    )


@pytest.mark.parametrize("weights", [[0.0, 3.0, 0.0], [1.0, 1.0, 0.0]])
def test_a_regression_on_one_row_says_so(weights: list[float], tmp_path: Path) -> None:
    """Of one residual the noise has no mean variance: what follows would be infinite."""
    lines = [f"{n},{n * n},{weight},train" for n, weight in enumerate(weights)]
    path = tmp_path / "few.csv"
    path.write_text("\n".join(["x,y,w,part", *lines, "3,8,1,test", "4,9,1,test"]), encoding="utf-8")
    options = {"dataset": str(path), "target": "y", "task": "regression", "split_column": "part",
               "weight_column": "w", "val_size": 0, "hidden": [1], "grid_values": 3,
               "method": "bayes", "inference": "exact"}  # fmt: skip
    specs, data = ready(specs_of(parse_options(options)))
    (result,) = finish(train(specs, data))
    if sum(weight > 0 for weight in weights) > 1:
        assert result.status == "done"
        assert np.isfinite(result.final["test"]["nll"])
    else:
        assert result.status == "failed"
        assert "at least 2 training rows" in result.diagnostics["reason"]


def test_a_grid_too_coarse_and_one_too_narrow_are_warned_of() -> None:
    _, coarse = enumerated(tiny("gaussian"), grid_values=3, grid_width=3.0)
    _, narrow = enumerated(tiny("bernoulli"), grid_values=6, grid_width=0.3)
    assert EXACT.diagnostics is not None
    figures = EXACT.diagnostics(coarse.state, {"grid_values": 3, "grid_width": 3.0})
    assert "raise --grid-values" in figures["warnings"][0]
    assert figures["settings"] == 81
    assert 1 <= figures["effective_voters"] < 16
    figures = EXACT.diagnostics(narrow.state, {"grid_values": 6, "grid_width": 0.3})
    (warning,) = figures["warnings"]
    assert "raise --grid-width" in warning
    assert 0.05 < figures["edge_mass"] < 1
    assert figures["entropy"] <= math.log(6**4)


def test_registered_with_what_it_refuses() -> None:
    assert INFERENCES["exact"] is EXACT
    assert EXACT.refuses == INFERENCES["hmc"].refuses


@pytest.mark.parametrize("name", BOTH)
def test_hmc_agrees_with_enumeration(name: str) -> None:
    """Identity 8: predictive probabilities within .01, the prior N(0, 1) on every parameter."""
    problem = tiny(name)
    voters, replicas = enumerated(problem, **GRIDS[name])
    assert EXACT.diagnostics is not None
    assert EXACT.diagnostics(replicas.state, GRIDS[name])["warnings"] == []
    n_chains = 40
    stack = chains(
        problem, [(1, c) for c in range(n_chains)], np.tile(np.arange(11), (n_chains, 1))
    )
    stack.hyper["prior_sd"] = np.ones(n_chains)
    draws = sampled(problem, stack, 60, 60, 12)
    outputs = forward(problem.network, draws.reshape(-1, draws.shape[2]), NEW)
    log_p = np.asarray(classify(name, outputs).log_probabilities)
    found = np.exp(log_p).mean(axis=0)[:, 1]
    assert np.abs(found - averaged(problem.network, voters)).max() < 0.01
