"""Laplace: runs from options to predictions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from laplace_oracles import (
    CURVATURES,
)

from overfit_cli.bayes.laplace import CURVATURES as CURVATURE_FITS
from overfit_cli.core.layout import Layout
from overfit_cli.errors import UsageError
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.prediction import stored_predictor
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stack import Stack, units_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train
from overfit_cli.records import RunResult

TASKS: dict[str, dict[str, Any]] = {
    "two classes": {"dataset": "moons:n=60,n_test=40", "hidden": [5, 3]},
    "three classes": {"dataset": "iris", "hidden": [4]},
    "regression": {"dataset": "sine:n=40,n_test=30", "hidden": [6], "activation": "tanh"},
    "three targets": {"dataset": "linnerud", "hidden": []},
}

FRIEDMAN: dict[str, Any] = {
    "dataset": "friedman1:n=200,n_test=50",
    "hidden": [20],
    "epochs": 100,
    "layers": "all",
}


LAPLACE: dict[str, Any] = {
    "method": "bayes",
    "inference": "laplace",
    "epochs": 20,
    "rounds": 4,
    "draws": 7,
}


def runs(seeds: int = 1, **given: Any) -> list[RunResult]:
    return trained([given | {"seeds": seeds}])


def trained(options: Sequence[Mapping[str, Any]]) -> list[RunResult]:
    """Every run of these options, in as few stacks as may be."""
    found = [spec for own in options for spec in specs_of(parse_options({**LAPLACE, **own}))]
    specs, data = ready(found)
    return [
        result
        for stack in stacks_of(specs, data)
        for result in finish(train(stack.specs, stack.data))
    ]


@pytest.mark.parametrize("settings", [{}, {"layers": "all", "curvature": "full"}])
@pytest.mark.parametrize("task", TASKS)
def test_stored_networks_predict_what_the_run_did(task: str, settings: dict[str, Any]) -> None:
    given = TASKS[task] | settings
    (result,) = runs(**given)
    assert result.status == "done"
    assert np.isfinite(result.final["test"]["nll"])
    assert result.model is not None
    assert result.predictions is not None
    assert len(result.model.parameters) == 8
    assert result.model.log_weights[0] == -np.inf
    specs, data = ready(
        specs_of(
            parse_options(
                {"method": "bayes", "inference": "laplace", "epochs": 20, "rounds": 4, "draws": 7}
                | given
            )
        )
    )
    predictor = stored_predictor(specs[0], result.model)
    (answer,) = predictor.answers([(data[0].test.inputs, None)])
    if answer.log_probabilities is not None:
        np.testing.assert_array_equal(np.exp(answer.log_probabilities), result.predictions.outputs)
    else:
        np.testing.assert_array_equal(answer.mean, result.predictions.outputs)
        assert answer.sd is not None
        units = units_of(data[0])
        sd = np.asarray(result.model.noise_sd)[0] * units.scale
        assert (answer.sd >= sd * (1 - 1e-12)).all()


@pytest.mark.parametrize("task", ["two classes", "regression"])
@pytest.mark.parametrize("curvature", CURVATURES)
def test_alone_as_among_others(task: str, curvature: str) -> None:
    given = TASKS[task] | {"curvature": curvature, "layers": "all"}
    several = runs(3, **given)
    (last,) = runs(1, seed=2, **given)
    assert repr(several[2].curves) == repr(last.curves)
    assert repr(several[2].final) == repr(last.final)
    assert several[2].model is not None
    assert last.model is not None
    assert np.array_equal(several[2].model.parameters, last.model.parameters)


def test_linearised_means_of_pairs_are_the_mode() -> None:
    (result,) = runs(**TASKS["regression"] | {"layers": "all", "draws": 6})
    assert result.model is not None
    parameters = result.model.parameters
    np.testing.assert_allclose(parameters[1:].mean(axis=0), parameters[0], atol=1e-12)


def test_a_temperature_of_zero_is_the_mode() -> None:
    (result,) = runs(**TASKS["two classes"] | {"temperature": 0.0})
    assert result.model is not None
    assert np.ptp(result.model.parameters, axis=0).max() == 0


def test_only_the_last_layer_is_drawn() -> None:
    (result,) = runs(**TASKS["three classes"])
    assert result.model is not None
    layout = Layout(result.sizes)
    moved = np.ptp(result.model.parameters, axis=0) > 0
    expected = np.zeros(layout.n_parameters, bool)
    expected[layout.weight_slices[-1]] = expected[layout.bias_slices[-1]] = True
    np.testing.assert_array_equal(moved, expected)


def test_a_fixed_prior_stays_and_others_rise_to_the_evidence() -> None:
    (fixed,) = runs(**TASKS["two classes"] | {"prior_sd": 0.5, "layers": "all"})
    assert set(fixed.diagnostics["prior_precision"].values()) == {4.0}
    (tuned,) = runs(**TASKS["two classes"] | {"layers": "all", "rounds": 12})
    assert tuned.diagnostics["log_evidence"] > fixed.diagnostics["log_evidence"]
    assert tuned.diagnostics["warnings"] == []


def test_a_mode_that_is_not_reached_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr("overfit_cli.bayes.target.STEPS", 1)
    monkeypatch.setattr("overfit_cli.bayes.laplace.LAST_PASSES", 1)
    (result,) = runs(**TASKS["two classes"] | {"epochs": 1, "rounds": 2, "layers": "all"})
    (warning,) = result.diagnostics["warnings"]
    assert re.match(r"mode not reached: it is .* away, more than 0.5; raise --rounds", warning)


def test_where_no_step_helps_more_rounds_are_not_advised() -> None:
    """At a kink of relu the gradient does not vanish, and yet hardly anything nearby is lower."""
    (result,) = runs(**FRIEDMAN | {"rounds": 6})
    (warning,) = result.diagnostics["warnings"]
    assert re.match(r"mode not reached: .*hardly lower the objective.*--activation tanh", warning)
    assert "--rounds" not in warning


def test_precisions_do_not_run_away() -> None:
    """W1 c and W2 / c compute the same: what raised one layer's precision lowered the other's."""
    few, many = (runs(**FRIEDMAN | {"rounds": count})[0].diagnostics for count in (6, 15))
    # where relu has kinks, the way to the last mode hangs on where it began
    assert many["log_evidence"] >= few["log_evidence"] - 3
    assert max(many["prior_precision"].values()) < 1e3 * min(many["prior_precision"].values())


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh", "identity"])
@pytest.mark.parametrize("curvature", ["kfac", "full"])
def test_more_rounds_never_lower_the_evidence(activation: str, curvature: str) -> None:
    given = FRIEDMAN | {"activation": activation, "curvature": curvature}
    evidence = [
        runs(**given | {"rounds": count})[0].diagnostics["log_evidence"] for count in (2, 15, 60)
    ]
    assert evidence[1] >= evidence[0] - 3
    assert evidence[2] >= evidence[1] - 3
    fixed = [
        runs(**given | {"rounds": 6, "prior_sd": sd})[0].diagnostics["log_evidence"]
        for sd in (0.1, 0.3, 0.5, 1.0)
    ]
    # a quarter of a nat per row, or the steps ran away
    assert evidence[2] > max(fixed) - 40


def test_a_precision_at_the_end_of_its_range_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr("overfit_cli.bayes.evidence.HIGHEST", 1.0)
    (result,) = runs(**TASKS["two classes"] | {"layers": "all"})
    assert any("to the end of its range" in said for said in result.diagnostics["warnings"])


@pytest.mark.parametrize(("task", "lr"), [("two classes", 30.0), ("regression", 20.0)])
def test_a_descent_that_ended_far_away_has_diverged(task: str, lr: float) -> None:
    """Large, but finite: nothing before the rounds noticed."""
    (result,) = runs(**TASKS[task] | {"lr": lr, "activation": "relu", "epochs": 100})
    assert result.status == "diverged"
    assert "warnings" not in result.diagnostics


def test_one_round_would_tune_nothing() -> None:
    with pytest.raises(UsageError, match="--rounds: '1' is not a whole number of at least 2"):
        runs(rounds=1)


@pytest.mark.parametrize("curvature", ["kfac", "full"])
def test_a_singular_hessian_fails_its_run_with_one_sentence(curvature: str) -> None:
    (result,) = runs(**TASKS["three classes"] | {"curvature": curvature, "prior_sd": 1e8})
    assert result.status == "failed"
    assert result.model is None
    said = r"laplace: the Hessian at the mode is singular.*deviation 1e\+08 .*smaller --prior-sd"
    assert re.match(said, result.diagnostics["reason"])


def test_what_has_no_gaussian_leaves_its_neighbours_alone() -> None:
    given = TASKS["three classes"] | {"layers": "all"}
    options = [given | {"prior_sd": sd, "seed": seed} for seed, sd in enumerate((1.0, 1e8, 2.0))]
    together = trained(options)
    alone = [trained([own])[0] for own in options]
    assert [run.status for run in together] == ["done", "failed", "done"]
    for run, own in zip(together, alone, strict=True):
        assert repr(run.curves) == repr(own.curves)
        assert repr(run.final) == repr(own.final)
        assert repr(run.diagnostics) == repr(own.diagnostics)


@pytest.mark.parametrize("curvature", CURVATURES)
def test_a_hessian_that_is_not_finite_is_no_gaussian(curvature: str, monkeypatch: Any) -> None:
    fit = CURVATURE_FITS[curvature]
    monkeypatch.setitem(
        CURVATURE_FITS,
        curvature,
        lambda seen: fit(replace(seen, exponents=seen.exponents * np.inf)),
    )
    (result,) = runs(**TASKS["three classes"] | {"curvature": curvature})
    assert result.status == "diverged"
    assert "reason" not in result.diagnostics


def test_a_matrix_too_large_is_refused_before_training() -> None:
    given = {"method": "bayes", "inference": "laplace", "curvature": "full"}
    (spec,), (data,) = ready(specs_of(parse_options(given | {"layers": "all"})))
    with pytest.raises(UsageError, match=r"--curvature full: the Hessian of 85,002 parameters"):
        Stack((spec,), (data,)).check()
    (spec,), (data,) = ready(specs_of(parse_options(given)))
    Stack((spec,), (data,)).check()


@pytest.mark.parametrize("other", ["l1", "l2", "max-norm", "dropout", "early-stopping"])
def test_penalties_are_refused(other: str) -> None:
    with pytest.raises(UsageError, match=f"'{other}': the prior is the penalty"):
        runs(method=f"bayes+{other}")


def test_no_draws_are_refused() -> None:
    with pytest.raises(UsageError, match="--draws: '0' is not a whole number of at least 1"):
        runs(draws=0)


def test_a_prior_that_is_given_is_not_asked_for() -> None:
    wide = TASKS["two classes"] | {"prior_sd": 1e4, "layers": "all"}
    (result,) = runs(**wide)
    assert "--prior-sd" not in " ".join(result.diagnostics["warnings"])
