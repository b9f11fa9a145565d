"""Baselines against closed forms."""

import numpy as np
import pytest
from experiment_samples import data_of, result, spec

from overfit_cli.experiment.baselines import baselines_of

REGRESSION = {"dataset": "friedman1:n=120,n_test=80", "dtype": "float64"}


def found(**given):
    one = spec(**given)
    data = data_of(one)
    return baselines_of([one], [data])[0], data


def test_majority_class_is_the_frequencies_of_training_rows():
    baselines, data = found(dataset="wine")
    share = np.bincount(data.train.targets) / len(data.train)
    own = baselines["majority class"]
    assert own["nll"] == pytest.approx(-np.log(share[data.test.targets]).mean())
    assert own["error"] == pytest.approx(np.mean(data.test.targets != share.argmax()))


def test_mean_and_variance_of_training_rows():
    baselines, data = found(**REGRESSION)
    train = data.train.targets * data.target_scale + data.target_mean
    test = data.test.targets * data.target_scale + data.target_mean
    assert baselines["mean"]["rmse"] == pytest.approx(np.sqrt(np.mean((test - train.mean()) ** 2)))
    nll = 0.5 * np.log(2 * np.pi * train.var()) + (test - train.mean()) ** 2 / (2 * train.var())
    assert baselines["mean"]["nll"] == pytest.approx(nll.mean())


def with_ones(inputs):
    return np.column_stack([inputs, np.ones(len(inputs))])


def test_linear_model_is_near_least_squares():
    baselines, data = found(**REGRESSION)
    weights = np.linalg.lstsq(with_ones(data.train.inputs), data.train.targets, rcond=None)[0]
    residual = (with_ones(data.test.inputs) @ weights - data.test.targets) * data.target_scale
    rmse = np.sqrt(np.mean(residual**2))
    assert baselines["linear model"]["rmse"] == pytest.approx(rmse, rel=0.03)


@pytest.mark.parametrize(
    "given", [{}, {"method": "dropout", "lr": 1e6, "epochs": 1, "optimizer": "adam"}]
)
def test_they_are_the_same_whatever_is_compared(given):
    plain, _ = found()
    assert found(**given)[0] == plain


def test_truth_is_known_for_generators_only():
    assert "true probabilities" in found()[0]
    assert "true function" in found(**REGRESSION)[0]
    assert set(found(dataset="wine")[0]) == {"majority class", "linear model"}


def test_nothing_beats_the_truth_on_many_rows():
    baselines, _ = found(dataset="moons:n=60,n_test=20000")
    truth = baselines["true probabilities"]["nll"]
    assert truth < min(baselines["linear model"]["nll"], baselines["majority class"]["nll"])


def test_without_test_rows_there_are_none():
    assert found(dataset="wine", test_size=0)[0] == {}


def test_they_stand_in_the_record():
    assert set(result().baselines) == {"majority class", "linear model", "true probabilities"}
