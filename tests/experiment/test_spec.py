"""A run's identity: what moves the numbers moves the id, nothing else does."""

import json

import pytest
from experiment_samples import results_of, same_numbers, spec, specs

from overfit_cli.errors import UsageError
from overfit_cli.experiment.spec import RunSpec, parse_method
from overfit_cli.remedies import REGISTRY

OTHER = {
    "features": "x1",
    "val_size": 0.3,
    "test_size": 0.1,
    "train_size": 30,
    "label_noise": 0.1,
    "resample": "splits",
    "method": "l2",
    "hidden": "5,4",
    "activation": "tanh",
    "optimizer": "adam",
    "lr": 0.06,
    "lr_schedule": "cosine",
    "momentum": 0.8,
    "batch_size": 31,
    "epochs": 7,
    "eval_every": 2,
    "seed": 1,
    "dtype": "float64",
    "threads": 2,
}
SETTINGS = {
    "dropout": {"p": 0.6, "p_input": 0.9, "scope": "minibatch", "mask": "exact", "average": "mc"},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.01},
    "max-norm": {"max_norm": 2},
    "early-stopping": {"patience": 3, "min_delta": 0.1, "stop_metric": "error"},
    "bayes": {"inference": "hmc", "members": 3},
}


def test_equal_specs_have_equal_ids():
    assert spec().run_id == spec().run_id
    assert spec(hidden="5,3").run_id == spec(hidden=[5, 3]).run_id
    assert spec(lr=0.05).run_id == spec().run_id


@pytest.mark.parametrize("key", OTHER)
def test_what_moves_the_numbers_moves_the_id(key):
    assert spec(**{key: OTHER[key]}).run_id != spec().run_id


@pytest.mark.parametrize(
    ("method", "key"), [(m, key) for m, own in SETTINGS.items() for key in own]
)
def test_a_setting_moves_the_id(method, key):
    assert spec(method=method, **{key: SETTINGS[method][key]}).run_id != spec(method=method).run_id


def test_other_data_move_the_id_wherever_they_lie():
    here = spec().model_copy(update={"fingerprint": "a"})
    moved = here.model_copy(update={"data": spec(dataset="/elsewhere/t.csv").data})
    assert moved.run_id == here.run_id
    assert here.model_copy(update={"fingerprint": "b"}).run_id != here.run_id


def test_another_version_of_the_engine_or_of_a_remedy_is_another_run():
    one = spec(method="l2")
    assert set(one.versions) == {"engine", "l2"}
    for name in one.versions:
        newer = one.model_copy(update={"versions": one.versions | {name: 99}})
        assert newer.run_id != one.run_id


def test_ids_look_like_ids():
    assert len(spec().run_id) == 16
    assert int(spec().run_id, 16) >= 0


@pytest.mark.parametrize("method", [*REGISTRY, "dropout+max-norm+early-stopping"])
def test_round_trip_through_json(method):
    one = spec(method=method)
    again = RunSpec.model_validate(json.loads(json.dumps(one.model_dump(mode="json"))))
    assert again == one
    assert again.run_id == one.run_id
    assert again.words == one.words


def test_a_list_of_probabilities_survives_json():
    one = spec(method="dropout", p=[0.5, 0.8])
    again = RunSpec.model_validate(json.loads(json.dumps(one.model_dump(mode="json"))))
    assert again.run_id == one.run_id


def test_the_order_of_a_combination_moves_nothing():
    both = [spec(method="dropout+l2"), spec(method="l2+dropout")]
    assert both[0].run_id == both[1].run_id
    first, second = (results_of([one])[0] for one in both)
    assert same_numbers(first, second)


def test_an_unknown_key_of_a_stored_spec_is_refused():
    with pytest.raises(ValueError, match="extra"):
        RunSpec.model_validate(spec().model_dump(mode="json") | {"more": 1})


def test_methods_then_seeds():
    asked = specs(method="none,l2", seeds=2, seed=3)
    assert [(one.method, one.seed) for one in asked] == [
        ("none", 3), ("none", 4), ("l2", 3), ("l2", 4)]  # fmt: skip


def test_samplers_are_of_double_precision_unless_said():
    hmc = {"method": "bayes", "inference": "hmc"}
    assert (spec().dtype, spec(**hmc).dtype) == ("float32", "float64")
    assert spec(**hmc, dtype="float32").dtype == "float32"


def test_drop_rate_is_one_minus_p():
    assert spec(method="dropout", drop_rate=0.25) == spec(method="dropout", p=0.75)
    assert spec(method="dropout", drop_rate=[0.25, 0.5]) == spec(method="dropout", p=[0.75, 0.5])


@pytest.mark.parametrize("text", ["dropuot", "none+l2", "l2+l2", "l2+", ""])
def test_a_method_that_is_none(text):
    with pytest.raises(UsageError):
        parse_method(text)


def test_ids_of_a_grid_are_distinct():
    grid = [
        spec(lr=lr, seed=seed, epochs=epochs)
        for lr in (0.1, 0.2)
        for seed in (0, 1)
        for epochs in (1, 2)
    ]
    assert len({one.run_id for one in grid}) == len(grid)
