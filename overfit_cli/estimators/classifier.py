"""The classifier; its docstring explains the parameters of both estimators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from overfit_cli.errors import UsageError
from overfit_cli.estimators.coding import Coding, Given, class_coding
from overfit_cli.estimators.mlp import MLP, goes_on
from overfit_cli.estimators.parameters import told_as_value_error


class MLPClassifier(ClassifierMixin, MLP):
    """A multilayer perceptron that predicts classes, with remedies against overfitting.

    Parameters are scikit-learn's where it has them. Its `alpha` is a remedy, L2: without one there
    is no penalty, where scikit-learn has alpha=0.0001. There is no `tol`. X is used as it is:
    standardise it first, in a pipeline. float32 rows are trained on in float32, others in float64;
    samplers always in float64. BLAS has one thread: run several fits at once by n_jobs.

    hidden_layer_sizes: units of each hidden layer, () for a linear model. activation: "relu",
    "tanh", "logistic" or "identity". remedies: such as [Dropout(p=0.5), L2(1e-4), MaxNorm(3)],
    "dropout+l2" with their defaults, or None; their options are parameters too: `dropout__p`.
    solver: "sgd", with plain momentum, "nesterov", which is scikit-learn's "sgd", or "adam".
    batch_size: "auto" is min(200, n). learning_rate: "constant", "cosine", "inverse:T",
    "exponential:T" or "step:T,F". max_iter: epochs, all of them unless EarlyStopping is among the
    remedies; validation_fraction: of rows that it then watches unless fit is given X_val and y_val.
    random_state: a whole number is the command line's --seed. warm_start: fit goes on from the last
    fit for max_iter epochs more, with the same layers and number of networks.

    classes_ (K,); n_features_in_, feature_names_in_; coefs_, intercepts_; loss_curve_ (mean
    penalised minibatch loss per epoch), loss_, best_loss_; validation_curve_ (nll per epoch, or
    None); n_iter_ (epochs, and after them the rounds of "laplace"; of samplers, draws);
    restored_epoch_; n_layers_, n_outputs_, out_activation_; diagnostics_ (by name: R-hat, zero
    weights, …).
    """

    @available_if(goes_on)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Go through these rows once, in minibatches.

        classes (K,): at the first call, all that there are.

        Not offered with a remedy that has an end of its own, such as EarlyStopping.

        Raises:
            ValueError: no classes at the first call, or others later.
        """
        first = not hasattr(self, "_fitted")
        with self._as_it_was_if_it_fails(), told_as_value_error():
            given = self._checked(X, y, sample_weight, reset=first)
            if first and classes is None:
                raise UsageError("classes must be passed on the first call to partial_fit.")
            named = None if classes is None else np.unique(np.asarray(classes))
            if not first and named is not None and not np.array_equal(named, self.classes_):
                raise UsageError(f"classes={classes!r} are not those of the first call.")
            coding = self._coding_of(named) if first and named is not None else None
            self._partial_fit(given, coding)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row, (n,)."""
        best = self.predict_log_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities (n, K), in the order of classes_."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return logarithms of class probabilities (n, K)."""
        return np.asarray(self._answer(X).log_probabilities, np.float64)

    def _coding_of(self, classes: NDArray[Any]) -> Coding:
        self.classes_ = classes
        return class_coding(classes)

    def _new_coding(self, given: Given, train: Given) -> Coding:
        del train
        return self._coding_of(np.unique(given.targets))

    def _target_rules(self) -> dict[str, Any]:
        return {}

    def _targets_checked(self, targets: NDArray[Any]) -> NDArray[Any]:
        flat: NDArray[Any] = column_or_1d(targets, warn=True)
        check_classification_targets(flat)
        return flat

    def _strata(self, targets: NDArray[Any]) -> NDArray[Any] | None:
        return targets
