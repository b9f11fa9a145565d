"""overfit: which remedy against overfitting, and how sure can one be?

In Python: the scikit-learn estimators and remedies below, and `overfit_cli.api` for what the
commands do. Each is imported when it is first used, so that the command line starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overfit_cli.estimators.classifier import MLPClassifier
    from overfit_cli.estimators.regressor import MLPRegressor
    from overfit_cli.estimators.remedies import L1, L2, Bayes, Dropout, EarlyStopping, MaxNorm

__all__ = [
    "L1",
    "L2",
    "Bayes",
    "Dropout",
    "EarlyStopping",
    "MLPClassifier",
    "MLPRegressor",
    "MaxNorm",
]

_ESTIMATORS = {"MLPClassifier": "classifier", "MLPRegressor": "regressor"}


def __getattr__(name: str) -> Any:
    if name == "api":
        return import_module("overfit_cli.api")
    if name not in __all__:
        raise AttributeError(f"module 'overfit_cli' has no attribute {name!r}")
    module = import_module(f"overfit_cli.estimators.{_ESTIMATORS.get(name, 'remedies')}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "api"])
