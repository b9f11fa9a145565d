"""The largest stable step: of a linear network whose inputs are alike, by its recursion."""

from __future__ import annotations

import numpy as np
import pytest
from posteriors import small_likelihood

from overfit_cli.bayes.stability import stable_factor, steepest, steepness
from overfit_cli.bayes.step_size import group_steps


def test_steepness_is_that_of_the_first_principal_axis_through_zero() -> None:
    rng = np.random.default_rng(2)
    for shape in ((30, 7), (7, 30)):
        x = rng.standard_normal(shape) + 0.5
        expected = np.linalg.norm(x, 2) ** 2 / shape[0] / np.mean(x**2)
        assert steepness(x) == pytest.approx(expected, rel=1e-12)
    assert steepness(np.repeat(rng.standard_normal((9, 1)), 50, axis=1)) == pytest.approx(50)
    assert steepness(np.zeros((4, 3))) == 1


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_the_factor_is_where_the_recursion_of_a_step_stops_to_shrink(keep: float) -> None:
    """One layer of curvature c s: v <- m v - h (p + c s) q; q <- q + h v."""
    precision, curvature, width = np.array([[2.0, 1.0]]), np.array([[90.0]]), np.array([[0.3, 1.0]])
    factor = stable_factor(curvature, width, precision, np.array([keep]))[0]
    for share, stable in ((0.99, True), (1.01, False)):
        h, slope = share * factor * 0.3, 92.0
        turn = np.array([[keep, -h * slope], [keep * h, 1 - h**2 * slope]])
        assert (np.abs(np.linalg.eigvals(turn)).max() < 1) == stable


@pytest.mark.parametrize("name", ["bernoulli", "categorical", "gaussian"])
def test_curvature_is_that_of_the_steps_times_what_moves_together(name: str) -> None:
    found = small_likelihood(name)
    likelihood, layout = found.likelihood, found.likelihood.network.layout
    # a precision of each group that is exactly that of its weights
    q = np.sign(found.q) * 0.5
    got = steepest(likelihood, q)
    own = np.full((3, 2 * layout.n_layers), 4.0)
    noise = np.ones((3, 2)) if name == "gaussian" else None
    c = group_steps(likelihood, own, noise)[:, : layout.n_layers] ** -2 - 4
    alike = np.tile(np.array(layout.sizes[:-1], float), (3, 1))
    alike[:, 0] = [steepness(inputs) for inputs in likelihood.inputs]
    np.testing.assert_allclose(got, c * alike, rtol=1e-10)
