import json
import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from report_samples import diverged, regression, run

from overfit_cli.report.json_text import document, runs_json

KEYS = {
    *("run_id", "status", "method", "dataset", "seed", "spec", "n_parameters", "members"),
    *("n_train", "n_val", "n_test", "epochs_run", "best_epoch", "restored_epoch", "seconds"),
    *("curves", "final", "diagnostics"),
}


def refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


def test_one_document_with_every_key_of_the_manual():
    said = json.loads(runs_json([run(), regression()]), parse_constant=refuse)
    assert list(said) == ["schema", "runs"]
    assert said["schema"] == "overfit.run/1"
    assert len(said["runs"]) == 2
    assert set(said["runs"][0]) >= KEYS
    assert {"train_rmse", "val_rmse"} <= set(said["runs"][1]["curves"])


def test_what_is_not_finite_is_null():
    said = json.loads(runs_json([diverged()]), parse_constant=refuse)["runs"][0]
    assert said["curves"]["train_nll"][-1] is None
    assert said["curves"]["running_loss"][0] is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_bit_for_bit(value):
    said = json.loads(document("s", value=value, array=np.array([value])))
    assert math.copysign(1, said["value"]) == math.copysign(1, value)
    assert said["value"] == value == said["array"][0]


def test_keys_keep_their_order():
    spec = {"zeta": 1, "alpha": 2}
    assert list(json.loads(runs_json([replace(run(), spec=spec)]))["runs"][0]["spec"]) == list(spec)
