"""One chain is not `1 chains`, in what a run announces and in its warnings."""

import numpy as np
import pytest

from overfit_cli.bayes import INFERENCES
from overfit_cli.bayes.diagnostics import diagnose

ONES = {
    "chains": 1, "warmup": 1, "samples": 1, "thin": 1, "cycles": 1, "draws": 1, "members": 2,
    "folds": False, "curvature": "kfac", "layers": "last", "predictive": "sampled",
    "temperature": 1.0, "swag_rank": 1, "swag_start": 0.5, "grid_values": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", ["hmc", "sghmc", "laplace", "swag"])
def test_one_of_everything(name: str) -> None:
    words = INFERENCES[name].words(ONES)
    found = [noun for noun in ("chain", "draw", "step", "cycle") if f" {noun}" in words]
    assert found
    assert not any(f"{noun}s" in words for noun in found)
    words = INFERENCES[name].words({key: 2 if value == 1 else value for key, value in ONES.items()})
    assert all(f"{noun}s" in words for noun in found)


def test_priors_as_they_are_told() -> None:
    assert INFERENCES["hmc"].prior_told({"prior_width": 0.05, "prior_sd": None}) == (
        "unknown precisions, width 0.05"
    )
    assert INFERENCES["laplace"].prior_told({"prior_sd": None}).startswith("a precision by")
    assert INFERENCES["exact"].prior_told({}) == INFERENCES["hmc"].prior_told({"prior_sd": 1.0})
    assert INFERENCES["swag"].prior_told({}) == ""


def test_one_draw_is_too_few() -> None:
    _, (said,) = diagnose(np.zeros((1, 2, 1)), np.zeros((1, 2, 1)))
    assert said.startswith("1 draw per chain is too few to judge convergence; at least 4 are")
