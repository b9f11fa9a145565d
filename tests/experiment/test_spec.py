"""A run's identity: what moves the numbers moves the id, nothing else does."""

import json

import pytest
from experiment_samples import results_of, same_numbers, spec, specs

from overfit_cli.errors import UsageError
from overfit_cli.experiment.loading import ready
from overfit_cli.experiment.spec import RunSpec, current_versions, parse_method
from overfit_cli.remedies import REGISTRY

OTHER = {
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
# what is read as what: told by the fingerprint, or by nothing
READING = {
    "target": "y",
    "task": "classification",
    "features": "x1",
    "drop": "x2",
    "val_file": "val.csv",
    "test_file": "test.csv",
    "split_column": "part",
    "group_column": "group",
    "time_column": "when",
    "weight_column": "weight",
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


@pytest.mark.parametrize("key", READING)
def test_how_the_data_are_read_shows_in_their_fingerprint_only(key):
    assert spec(**{key: READING[key]}).run_id == spec().run_id


HMC = {"method": "bayes", "inference": "hmc"}


@pytest.mark.parametrize(
    ("given", "unused"),
    [
        (HMC, {"lr": 0.5, "momentum": 0, "epochs": 9, "optimizer": "adam", "batch_size": 7}),
        (HMC, {"lr_schedule": "cosine"}),
        ({"optimizer": "adam"}, {"momentum": 0.5}),
    ],
)
def test_what_a_run_does_not_use_does_not_move_its_id(given, unused):
    one = spec(**given)
    for name, value in unused.items():
        assert one.model_copy(update={name: value}).run_id == one.run_id


@pytest.mark.parametrize(
    ("given", "unused"),
    [
        (HMC, {"members": 9, "folds": True}),
        ({"method": "bayes"}, {"chains": 2, "warmup": 9, "samples": 9, "leapfrog": 9}),
        ({"method": "bayes"}, {"prior_width": 3.0}),
        ({"method": "dropout"}, {"mc_samples": 9}),
        ({"method": "dropout", "hidden": "none", "p_input": 0.8}, {"p": 0.1}),
    ],
)
def test_a_setting_that_is_not_used_does_not_move_the_id(given, unused):
    one = spec(**given)
    ((name, settings),) = one.remedies.items()
    for key, value in unused.items():
        other = one.model_copy(update={"remedies": {name: settings | {key: value}}})
        assert other.run_id == one.run_id


@pytest.mark.parametrize("key", ["chains", "warmup", "samples", "leapfrog", "prior_width"])
def test_a_setting_of_the_sampler_moves_its_id(key):
    assert spec(**HMC, **{key: 3}).run_id != spec(**HMC).run_id


def test_the_momentum_of_sghmc_moves_its_id_whatever_the_optimizer():
    one = spec(method="bayes", inference="sghmc").model_copy(update={"optimizer": "adam"})
    assert one.model_copy(update={"momentum": 0.3}).run_id != one.run_id
    assert one.model_copy(update={"optimizer": "sgd"}).run_id == one.run_id


def test_an_infinite_max_norm_comes_back_from_json():
    one = spec(method="max-norm", max_norm=float("inf"))
    again = type(one).model_validate(json.loads(json.dumps(one.model_dump(mode="json"))))
    assert (again, again.run_id) == (one, one.run_id)


def test_an_option_is_fine_if_one_method_uses_it():
    ensemble, none = specs(method="bayes,none", members=3, lr=0.2, momentum=0.5)
    assert ensemble.remedies["bayes"]["members"] == 3
    assert none.lr == 0.2
    sampled, descended = specs(**HMC | {"method": "bayes,none"}, lr=0.2)
    assert sampled.run_id == spec(**HMC).run_id
    assert descended.run_id == spec(lr=0.2, epochs=100).run_id


def test_versions_are_derived_anew():
    for given in ({"method": "l2+dropout"}, HMC, {"method": "bayes"}):
        one = spec(**given)
        older = one.model_copy(update={"versions": {"engine": 0, "gone": 3}})
        assert current_versions(older) == one.versions
    assert set(spec(**HMC).versions) == {"engine", "bayes", "hmc"}


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
    for tenths in range(1, 10):
        p, rate = (10 - tenths) / 10, tenths / 10
        assert spec(method="dropout", drop_rate=rate) == spec(method="dropout", p=p)
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


def test_a_resample_mode_said_or_unsaid_is_the_same_run():
    ids = {
        ready([spec(dataset="iris", **said)])[0][0].run_id for said in ({}, {"resample": "splits"})
    }
    assert len(ids) == 1
