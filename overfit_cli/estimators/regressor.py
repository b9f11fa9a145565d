"""The regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from overfit_cli.estimators.coding import Coding, Given, value_coding
from overfit_cli.estimators.mlp import MLP, goes_on
from overfit_cli.estimators.parameters import told_as_value_error


class MLPRegressor(RegressorMixin, MLP):
    """A multilayer perceptron that predicts numbers, and how sure it is of them.

    Parameters and attributes are MLPClassifier's. One target (n,) or several (n, T), standardised
    by the rows that are trained on (of partial_fit, the first ones): losses and the strengths of
    penalties refer to that, coefs_, predictions and return_std are in the targets' own units.
    """

    @available_if(goes_on)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go through these rows once, in minibatches.

        Not offered with a remedy that has an end of its own, such as EarlyStopping.
        """
        first = not hasattr(self, "_fitted")
        with self._as_it_was_if_it_fails(), told_as_value_error():
            given = self._checked(X, y, sample_weight, reset=first)
            self._partial_fit(given, self._new_coding(given, given) if first else None)
        return self

    def predict(
        self, X: ArrayLike, return_std: bool = False
    ) -> NDArray[np.float64] | tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return means (n,) or (n, T); return_std: and standard deviations of new targets.

        They hold the residual noise (of validation rows if there were any) and, where several
        networks vote, how far these differ.
        """
        answer = self._answer(X)
        mean, sd = np.asarray(answer.mean, np.float64), np.asarray(answer.sd, np.float64)
        if self._one_target:
            mean, sd = mean[:, 0], sd[:, 0]
        return (mean, sd) if return_std else mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _new_coding(self, given: Given, train: Given) -> Coding:
        self._one_target = given.targets.ndim == 1
        return value_coding(train)

    def _target_rules(self) -> dict[str, Any]:
        return {"multi_output": True, "y_numeric": True}

    def _targets_checked(self, targets: NDArray[Any]) -> NDArray[Any]:
        column = targets.ndim == 2 and targets.shape[1] == 1
        values: NDArray[Any] = column_or_1d(targets, warn=True) if column else targets
        return values

    def _strata(self, targets: NDArray[Any]) -> NDArray[Any] | None:
        return None
