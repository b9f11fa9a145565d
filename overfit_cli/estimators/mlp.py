"""Multilayer perceptrons with remedies against overfitting, by scikit-learn's conventions."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from overfit_cli.core.answers import Answer
from overfit_cli.core.layout import Array
from overfit_cli.errors import OverfitError, UsageError
from overfit_cli.estimators.coding import Coding, Given
from overfit_cli.estimators.fitted import Fitted, losses, validation
from overfit_cli.estimators.parameters import in_python, spec_of_parameters, told_as_value_error
from overfit_cli.estimators.remedies import (
    Remedies,
    descends_on,
    holds_out,
    listed,
    nested,
    with_nested,
)
from overfit_cli.estimators.training import Left, trained
from overfit_cli.records import RunResult

PRECISIONS = [np.float64, np.float32]
NOT_LEFT = "the last training had an end of its own: neither partial_fit nor warm_start can go on."
ACTIVATION = {"categorical": "softmax", "bernoulli": "logistic", "gaussian": "identity"}


def goes_on(estimator: Any) -> bool:
    """Whether partial_fit is offered: not with a remedy that has an end of its own."""
    try:
        return descends_on(listed(estimator.remedies))
    except OverfitError:
        # parameters are judged by fit, not here
        return True


class MLP(BaseEstimator):
    """What classifier and regressor share; MLPClassifier explains the parameters."""

    loss_curve_: list[float]
    validation_curve_: list[float] | None
    n_iter_: int

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        remedies: Remedies = None,
        solver: str = "adam",
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        momentum: float = 0.9,
        max_iter: int = 200,
        validation_fraction: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.remedies = remedies
        self.solver = solver
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.max_iter = max_iter
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.warm_start = warm_start

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; deep: also those of remedies, such as `dropout__p`."""
        own: dict[str, Any] = super().get_params(deep=False)
        try:
            return own | (nested(self.remedies) if deep else {})
        except OverfitError:
            # parameters are judged by fit, not here
            return own

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of remedies too: `set_params(dropout__p=0.8)`."""
        inner = {key: value for key, value in params.items() if "__" in key}
        super().set_params(**{key: value for key, value in params.items() if key not in inner})
        strange = sorted(set(inner) - set(self.get_params()))
        if strange:
            raise ValueError(
                f"Invalid parameter {strange[0]!r} for estimator {self}. "
                f"Valid parameters are: {sorted(self.get_params())!r}."
            )
        if inner:
            self.remedies = with_nested(self.remedies, inner)
        return self

    @property
    def coefs_(self) -> list[Array]:
        """Weights (in, out) per layer, as they predict; (M, in, out) where M networks vote."""
        check_is_fitted(self, "_fitted")
        return self._fitted.coefficients()[0]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases (out,) per layer, as they predict; (M, out) where M networks vote."""
        check_is_fitted(self, "_fitted")
        return self._fitted.coefficients()[1]

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train on rows X (n, D) with targets y.

        X_val, y_val: rows that EarlyStopping watches; without them it takes validation_fraction
        of X. They are never trained on. sample_weight (n,): of the rows of X.

        Raises:
            ValueError: data or parameters that cannot be used; a training that diverged.
        """
        going_on = self.warm_start and hasattr(self, "_fitted")
        with self._as_it_was_if_it_fails(), told_as_value_error():
            given = self._checked(X, y, sample_weight, reset=not going_on)
            if not going_on:
                self._seed = self._seeded()
            train, val = self._parts(given, X_val, y_val)
            if not going_on:
                self._coding = self._new_coding(given, train)
            self._train(train, val, going_on)
        return self

    def _checked(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        reset: bool = False,
    ) -> Given:
        """Return checked arrays; see scikit-learn's validate_data."""
        inputs, targets = validate_data(
            self, X, y, reset=reset, dtype=PRECISIONS, order="C", **self._target_rules()
        )
        targets, weights = self._targets_checked(targets), None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, inputs, ensure_non_negative=True)
        return Given(inputs, targets, weights)

    def _parts(
        self, given: Given, X_val: ArrayLike | None, y_val: ArrayLike | None
    ) -> tuple[Given, Given | None]:
        """Return training and validation rows.

        Raises:
            UsageError: only one of X_val and y_val; see _n_held_out.
        """
        if (X_val is None) != (y_val is None):
            raise UsageError("X_val and y_val: give both or neither.")
        if X_val is not None and y_val is not None:
            return given, replace(self._checked(X_val, y_val), name="y_val")
        if not holds_out(listed(self.remedies)):
            return given, None
        strata, n = self._strata(given.targets), len(given.inputs)
        train, val = train_test_split(
            np.arange(n),
            test_size=self._n_held_out(np.zeros(n) if strata is None else strata),
            random_state=self._seed,
            stratify=strata,
        )
        return given.take(train, "to train on"), given.take(val, "set aside by EarlyStopping")

    def _n_held_out(self, groups: NDArray[Any]) -> int:
        """Return how many rows are set aside, given their classes: one or more of each on average.

        Raises:
            UsageError: validation_fraction is no fraction, or leaves too few rows; a class of one.
        """
        share, n = self.validation_fraction, len(groups)
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 < share < 1:
            raise UsageError(f"validation_fraction: must be between 0 and 1 (got {share!r}).")
        classes, counts = np.unique(groups, return_counts=True)
        if counts.min() < 2:
            what = "n_samples = 1" if n == 1 else f"y: 1 row of class {classes[counts.argmin()]}"
            raise UsageError(f"{what}: EarlyStopping needs another that is not trained on.")
        held_out = max(len(classes), math.ceil(share * n))
        if n - held_out < len(classes):
            raise UsageError(
                f"validation_fraction: {share} leaves {n - held_out} of {n} rows to train on, and "
                f"{len(classes)} or more are needed; give a smaller one."
            )
        return held_out

    def _train(
        self, train: Given, val: Given | None, going_on: bool, epochs: int | None = None
    ) -> None:
        """Train on these rows, from where the last training was left or anew; keep the outcome.

        Raises:
            UsageError: see spec_of_parameters and trained.
        """
        coding: Coding = self._coding
        before = self._left if going_on else None
        dtype = train.inputs.dtype if before is None else before.replicas.parameters.dtype
        parameters, remedies = self.get_params(deep=False), listed(self.remedies)
        spec = spec_of_parameters(parameters, remedies, len(train.inputs), self._seed, dtype)
        if going_on and before is None:
            raise UsageError(NOT_LEFT)
        held_out = None if val is None else coding.rows(val, spec.dtype)
        data = coding.prepared(coding.rows(train, spec.dtype), held_out)
        result, left = trained(spec, data, before, epochs)
        self._keep(result, left, going_on)

    def _keep(self, result: RunResult, left: Left | None, going_on: bool) -> None:
        self._fitted, self._left = Fitted.of(result), left
        if not going_on:
            self.loss_curve_, self.validation_curve_, self.n_iter_ = [], None, 0
        watched = validation(result.curves)
        self.loss_curve_ = self.loss_curve_ + losses(result.curves)
        self.validation_curve_ = watched and (self.validation_curve_ or []) + watched
        self.n_iter_ += result.epochs_run
        self.loss_, self.best_loss_ = self.loss_curve_[-1], min(self.loss_curve_)
        self.restored_epoch_ = result.restored_epoch
        self.n_layers_, self.n_outputs_ = len(result.sizes), result.sizes[-1]
        self.out_activation_ = ACTIVATION[self._coding.likelihood]
        self.diagnostics_ = dict(result.diagnostics)
        for warning in self.diagnostics_.get("warnings", []):
            warnings.warn(in_python(warning), ConvergenceWarning, stacklevel=4)

    def _partial_fit(self, given: Given, coding: Coding | None) -> None:
        """Go through these rows once more; coding: of the first call."""
        if coding is not None:
            self._seed, self._coding = self._seeded(), coding
        self._train(given, None, going_on=coding is None, epochs=1)

    @contextmanager
    def _as_it_was_if_it_fails(self) -> Iterator[None]:
        """Take back every attribute if what is done fails; none is ever changed in place."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _seeded(self) -> int:
        """Return a whole number as it is, the command line's seed; else one that is drawn."""
        state = self.random_state
        if isinstance(state, int | np.integer) and 0 <= state < 2**32:
            return int(state)
        return int(check_random_state(state).randint(2**31 - 1))

    def _answer(self, X: ArrayLike) -> Answer:
        """Return the predictive distribution for rows X (n, D)."""
        check_is_fitted(self, "_fitted")
        inputs = validate_data(self, X, reset=False, dtype=PRECISIONS, order="C")
        return self._fitted.answer(inputs)

    @abstractmethod
    def _target_rules(self) -> dict[str, Any]:
        """Return what validate_data is to know of targets."""

    @abstractmethod
    def _targets_checked(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return targets in their final shape."""

    @abstractmethod
    def _strata(self, targets: NDArray[Any]) -> NDArray[Any] | None:
        """Return what held-out rows are stratified by."""

    @abstractmethod
    def _new_coding(self, given: Given, train: Given) -> Coding:
        """Return how targets are coded, of all rows and those that are trained on."""
