"""From what trained to what is recorded."""

import math

import numpy as np
import pytest
from experiment_samples import data_of, result, spec, specs

from overfit_cli.experiment.prediction import stored_predictor
from overfit_cli.experiment.stored import result_spec

REGRESSION = {"dataset": "friedman1:n=80,n_test=50"}


def test_best_epoch_is_where_validation_nll_was_lowest():
    run = result(lr=0.5, epochs=30)
    lowest = min(run.curves, key=lambda record: record.val["nll"])
    assert run.best_epoch == lowest.epoch
    assert run.restored_epoch is None


def test_without_validation_rows_it_is_the_last():
    run = result(val_size=0)
    assert run.best_epoch == run.epochs_run == 6
    assert "val" not in run.final


def test_early_stopping_reports_the_restored_network():
    run = result(method="early-stopping", patience=2, lr=0.5, epochs=40)
    at = {record.epoch: record for record in run.curves}
    assert run.epochs_run == run.restored_epoch + 2 == max(at)
    assert run.final["val"]["nll"] == pytest.approx(at[run.restored_epoch].val["nll"], rel=1e-6)
    assert run.final["train"]["nll"] == pytest.approx(at[run.restored_epoch].train["nll"], rel=1e-6)


def test_evaluations_every_few_epochs():
    run = result(eval_every=4, epochs=10)
    assert [record.epoch for record in run.curves] == [0, 4, 8, 10]


def test_zeros_of_l1_are_counted():
    run = result(method="l1", l1=0.5)
    weights = run.diagnostics["weights"]
    assert weights == 2 * 5 + 5 * 3 + 3
    assert 0 < run.diagnostics["zero_weights"] <= weights
    assert run.diagnostics["zero_weights"] == int((run.model.parameters[:, :weights] == 0).sum())


@pytest.mark.parametrize("how", [{}, {"method": "bayes", "inference": "laplace"}])
def test_noise_is_the_residual_on_validation_rows(how):
    """sigma^2 is the mean squared residual on validation rows, in the target's own units."""
    one = spec(**REGRESSION, **how, dtype="float64")
    run = result(**REGRESSION, **how, dtype="float64")
    data = data_of(one)
    (answer,) = stored_predictor(one, run.model).answers([(data.val.inputs, None)])
    targets = data.val.targets * data.target_scale + data.target_mean
    residual = np.sqrt(np.mean((np.asarray(answer.mean) - targets) ** 2))
    assert run.diagnostics["noise_sd"] == pytest.approx([residual], rel=1e-9)
    assert run.final["val"]["rmse"] == pytest.approx(residual, rel=1e-9)


def test_without_validation_rows_laplace_keeps_the_evidence_s_noise():
    given = {"method": "bayes", "inference": "laplace", "val_size": 0, "dtype": "float64"}
    run = result(**REGRESSION, **given)
    residual = run.final["train"]["rmse"]
    # the evidence counts the parameters that the rows were spent on
    assert residual < run.diagnostics["noise_sd"][0] < 2 * residual


def test_gaussian_nll_by_hand():
    run = result(**REGRESSION, dtype="float64")
    p = run.predictions
    density = -0.5 * ((p.targets - p.outputs) / p.noise) ** 2 - np.log(
        p.noise * math.sqrt(2 * math.pi)
    )
    assert run.final["test"]["nll"] == pytest.approx(-density.mean(), rel=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"method": "dropout", "average": "mc", "mc_samples": 4},
        {"method": "bayes", "members": 2},
        {
            "method": "bayes",
            "inference": "hmc",
            "chains": 2,
            "warmup": 2,
            "samples": 4,
            "leapfrog": 3,
        },
        REGRESSION,
        REGRESSION | {"method": "bayes", "members": 2},
    ],
)
def test_the_stored_predictor_says_what_the_run_said(given):
    run, one = result(**given), spec(**given)
    test = data_of(one).test
    (answer,) = stored_predictor(result_spec(run), run.model).answers([(test.inputs, None)])
    told = answer.mean if answer.log_probabilities is None else np.exp(answer.log_probabilities)
    assert np.asarray(told) == pytest.approx(run.predictions.outputs, rel=1e-6)


def test_error_follows_from_the_predictions():
    run = result()
    p = run.predictions
    assert run.final["test"]["error"] == pytest.approx(np.mean(p.outputs.argmax(1) != p.targets))
    nll = -np.log(p.outputs[np.arange(len(p.targets)), p.targets])
    assert run.final["test"]["nll"] == pytest.approx(nll.mean(), rel=1e-6)


def test_diverged_runs_have_numbers_nowhere():
    run = result(lr=1e6, activation="identity", epochs=9)
    assert run.status == "diverged"
    assert run.model is None
    assert run.predictions is None
    assert all(math.isnan(value) for part in run.final.values() for value in part.values())


def test_the_spec_comes_back():
    run = result(method="dropout", p=[0.5, 0.75])
    (one,) = specs(method="dropout", p=[0.5, 0.75])
    assert result_spec(run) == one


def test_finite_parameters_whose_outputs_are_not_have_diverged():
    """The last step may leave such parameters, and nothing else looks at them again."""
    run = result(dataset="friedman1:n=80", hidden=[8, 8, 8], batch_size=200, epochs=1, lr=3e13)
    assert run.status == "diverged"
    assert run.model is None
    assert not math.isfinite(run.final["train"]["nll"])
