"""What a stored run says of itself, where it is not what this program can use."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from experiment_samples import result

from overfit_cli.comparison.run import run_of
from overfit_cli.errors import StoreError
from overfit_cli.experiment.options import idle_options
from overfit_cli.experiment.stored import require_model, require_own_spec, result_spec


@pytest.fixture(scope="module")
def made():
    return result(method="dropout")


def changed(run, path, value):
    """Return the run with something else at a place of its model's schema, or of its spec."""
    where, *keys, last = path
    content = copy.deepcopy(run.model.schema if where == "model" else run.spec)
    inner = content
    for key in keys:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    if where == "model":
        return replace(run, model=replace(run.model, schema=content))
    return replace(run, spec=content)


def test_as_it_was_made(made):
    require_own_spec(made, result_spec(made))
    assert require_model(made) is made.model
    assert require_model(replace(made, model=None)) is None


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("spec", "activation"), "softsign", "spec.activation"),
        (("spec", "epochs"), "many", "spec.epochs"),
        (("spec", "remedies"), {}, "another run's"),
        (("spec", "remedies"), {"voodoo": {}}, "spec: unknown method"),
        (("spec", "remedies", "dropout", "p"), 2.0, "spec: --p"),
        (("spec", "seed"), 7, "another run's"),
    ],
)
def test_a_spec_that_cannot_be_trained(made, path, value, told):
    with pytest.raises(StoreError) as error:
        result_spec(changed(made, path, value))
    assert f"run {made.run_id}: its record is of another version of overfit, or damaged:" in str(
        error.value
    )
    assert told in str(error.value)


def test_a_spec_of_another_run(made):
    other = changed(made, ("spec", "lr"), made.spec["lr"] * 2)
    with pytest.raises(StoreError, match="another run's"):
        require_own_spec(other, result_spec(other))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sizes",), [2, 5, 4]),
        (("classes",), ["a"]),
        (("target_names",), ["a"]),
        (("likelihood",), "gaussian"),
        (("columns",), []),
        (("columns", "numeric_names"), [1, 2]),
        (("columns", "categories"), [["colour"]]),
        (("columns", "values"), [1, 0]),
        (("columns", "one_hot"), [3]),
        (("columns", "input_names"), ["one"]),
        (("columns", "dtype"), "object"),
    ],
)
def test_a_schema_that_does_not_fit(made, path, value):
    with pytest.raises(StoreError, match=f"model: (columns.)?{path[-1]}|model: columns"):
        require_model(changed(made, ("model", *path), value))


@pytest.mark.parametrize("name", ["target_mean", "mean", "scale"])
def test_arrays_that_do_not_fit(made, name):
    for array in (np.zeros(99), np.zeros(2, int)):
        model = replace(made.model, arrays={**made.model.arrays, name: array})
        with pytest.raises(StoreError, match=f"model: {name}"):
            require_model(replace(made, model=model))


def test_parameters_and_noise_that_do_not_fit(made):
    model = replace(made.model, parameters=made.model.parameters[:, :-1])
    with pytest.raises(StoreError, match="model: parameters"):
        require_model(replace(made, model=model))
    model = replace(made.model, noise_sd=np.ones((1, 3)))
    with pytest.raises(StoreError, match="model: noise_sd"):
        require_model(replace(made, model=model))
    with pytest.raises(StoreError, match="model: sizes"):
        require_model(changed(made, ("spec", "hidden"), [6]))


def test_what_an_option_did_not_mean_then_is_not_read_into_an_older_run():
    """Specs of sghmc 2 hold laplace's default temperature, which it did not use."""
    short = {"inference": "sghmc", "warmup": 2, "samples": 4, "thin": 2, "chains": 1}
    now = result(method="bayes", **short)
    bayes = now.spec["remedies"]["bayes"] | {"temperature": 0.1}
    spec = {**now.spec, "remedies": {"bayes": bayes}}
    older = replace(now, spec={**spec, "versions": now.spec["versions"] | {"sghmc": 2}})
    read = result_spec(older)
    assert read.remedies["bayes"]["temperature"] == 1
    assert "temperature" not in read.words
    assert "temperature" not in run_of(older, idle_options, ()).settings
    cold = {**spec, "remedies": {"bayes": bayes | {"prior_sd": 1.0}}}
    assert result_spec(replace(now, spec=cold)).remedies["bayes"]["temperature"] == 0.1


def test_the_record_knows_how_many_rows_could_have_trained():
    small = result(train_size=20)
    assert (small.n_train, small.n_pool) == (20, result().n_train)
    assert result().n_pool == result().n_train
