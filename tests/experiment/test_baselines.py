"""Baselines against closed forms."""

import numpy as np
import pytest
from experiment_samples import data_of, result, spec
from sklearn.linear_model import LinearRegression, Ridge

import overfit_cli.experiment.baselines as baselines_module
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


def write_table(path, n_rows, n_columns):
    """Columns that are nearly one another, targets that need their small differences."""
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(n_rows, 1)) + 0.05 * rng.normal(size=(n_rows, n_columns))
    target = 20 * (inputs[:, 0] - inputs[:, 1]) + rng.normal(size=n_rows)
    names = [*(f"x{place}" for place in range(n_columns)), "w", "y"]
    table = np.column_stack([inputs, rng.integers(1, 9, n_rows), target])
    np.savetxt(path, table, delimiter=",", header=",".join(names), comments="", fmt="%.17g")
    return {"dataset": str(path), "target": "y", "weight_column": "w", "dtype": "float64"}


def test_linear_model_is_weighted_least_squares_where_columns_are_correlated(tmp_path):
    baselines, data = found(**write_table(tmp_path / "near.csv", 300, 4))
    model = LinearRegression().fit(data.train.inputs, data.train.targets, data.train.weights)
    residual = (model.predict(data.test.inputs) - data.test.targets) * data.target_scale
    rmse = np.sqrt(np.average(residual[:, 0] ** 2, weights=data.test.weights))
    assert baselines["linear model"]["rmse"] == pytest.approx(rmse, rel=0.01)
    assert rmse < 0.9 * baselines["mean"]["rmse"]


def test_linear_model_of_few_rows_does_not_go_through_all_of_them(tmp_path):
    rng = np.random.default_rng(7)
    inputs = rng.normal(size=(400, 60))
    table = np.column_stack([inputs, inputs[:, 0] + rng.normal(size=400)])
    names = ",".join([*(f"x{place}" for place in range(60)), "y"])
    path = tmp_path / "few.csv"
    np.savetxt(path, table, delimiter=",", header=names, comments="", fmt="%.17g")
    given = {"dataset": str(path), "target": "y", "train_size": 70, "dtype": "float64"}
    baselines, data = found(**given)

    def rmse(model):
        model.fit(data.train.inputs, data.train.targets[:, 0])
        residual = model.predict(data.test.inputs) - data.test.targets[:, 0]
        return np.sqrt(np.mean(residual**2)) * data.target_scale[0]

    ridges = np.array([rmse(Ridge(penalty)) for penalty in np.logspace(-6, 4, 300)])
    own = baselines["linear model"]["rmse"]
    assert np.abs(ridges / own - 1).min() < 0.01
    assert own < 1.1 * ridges.min() < 0.8 * rmse(LinearRegression())


def written(path, columns):
    """Write columns by name as a CSV file."""
    table = np.column_stack(list(columns.values()))
    np.savetxt(path, table, delimiter=",", header=",".join(columns), comments="", fmt="%.17g")
    return {"dataset": str(path), "target": "y"}


def noise_table(n_rows, n_columns, weights):
    """Return columns of noise; the target is the first of them, and more noise."""
    rng = np.random.default_rng(8)
    inputs = rng.normal(size=(n_rows, n_columns))
    columns = {f"x{place}": column for place, column in enumerate(inputs.T)}
    return columns | {"w": weights, "y": inputs[:, 0] + rng.normal(size=n_rows)}


def test_rows_of_weight_0_are_no_rows_to_the_linear_model(tmp_path):
    weights = np.where(np.arange(500) % 5 == 0, 1.0, 0.0)
    given = written(tmp_path / "zero.csv", noise_table(500, 60, weights))
    baselines, _ = found(**given, weight_column="w")
    assert baselines["linear model"]["rmse"] < 1.1 * baselines["mean"]["rmse"]


def test_weights_beyond_the_precision_leave_no_linear_model(tmp_path):
    weights = np.where(np.arange(100) == 7, 1e39, 1.0)
    given = written(tmp_path / "large.csv", noise_table(100, 3, weights))
    with np.errstate(over="ignore", invalid="ignore"):
        assert "linear model" not in found(**given, weight_column="w", dtype="float32")[0]


def test_a_regression_too_large_to_solve_descends_at_a_rate_that_is_stable(tmp_path, monkeypatch):
    monkeypatch.setattr(baselines_module, "MOST_WORK", 0)
    baselines, _ = found(**write_table(tmp_path / "near.csv", 300, 35))
    assert baselines["linear model"]["rmse"] < 1.2 * baselines["mean"]["rmse"]


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
