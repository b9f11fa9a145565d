"""Whole runs with compiled kernels are the runs that NumPy trains, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
from experiment_samples import results_of, same_numbers, specs

DIGITS = {"dataset": "digits", "train_size": 90, "hidden": [16], "epochs": 3}

ASKED: dict[str, dict[str, Any]] = {
    "all remedies, several seeds": {
        "method": "dropout+l1+l2+max-norm+early-stopping", "p": 0.7, "seeds": 3, **DIGITS,
    },
    "a schedule, Nesterov's momentum": {
        "method": "none", "optimizer": "nesterov", "lr_schedule": "cosine", **DIGITS,
    },
    "Adam, double precision": {
        "method": "l1", "optimizer": "adam", "lr": 0.01, "dtype": "float64", **DIGITS,
    },
    "an ensemble": {"method": "bayes", "inference": "ensemble", **DIGITS},
    "frozen units": {"method": "dropout", "scope": "minibatch", "mask": "exact", **DIGITS},
    "diverging": {"method": "none", "lr": 30.0, "seeds": 2, **DIGITS},
    "Hamiltonian Monte Carlo": {
        "method": "bayes", "inference": "hmc", "chains": 2, "warmup": 5, "samples": 5,
    },
    "a Laplace approximation": {"method": "bayes", "inference": "laplace", "epochs": 5},
    "tanh, regression": {
        "dataset": "friedman1:n=60,n_test=40", "activation": "tanh", "hidden": [5, 3], "epochs": 6,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = specs(**ASKED[name])
    monkeypatch.setenv("OVERFIT_KERNELS", "numpy")
    reference = results_of(asked)
    monkeypatch.setenv("OVERFIT_KERNELS", "compiled")
    for own, compiled in zip(reference, results_of(asked), strict=True):
        assert same_numbers(own, compiled)
        assert own.epochs_run > 0 or own.status == "diverged"
