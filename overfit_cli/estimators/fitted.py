"""What an estimator keeps of a training: the record as plain data, its networks, its curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from overfit_cli.core.answers import Answer
from overfit_cli.core.hooks import Hooks, prediction_parameters
from overfit_cli.core.layout import Array, Layout
from overfit_cli.errors import DataError
from overfit_cli.estimators.threads import blas_threads
from overfit_cli.experiment.prediction import stored_predictor
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import hooks_of
from overfit_cli.records import EpochRecord, Model, RunResult


@dataclass(frozen=True)
class Fitted:
    """spec: a RunSpec as JSON; model: the networks that vote, plain arrays."""

    spec: Mapping[str, Any]
    model: Model

    @classmethod
    def of(cls, result: RunResult) -> Fitted:
        """Return what is kept of a finished training.

        Raises:
            DataError: it diverged.
        """
        if result.model is None:
            reason = result.diagnostics.get("reason") or (
                f"training diverged after {result.epochs_run} epochs: "
                "standardise X, or choose a smaller learning_rate_init."
            )
            raise DataError(str(reason))
        return cls(result.spec, result.model)

    def answer(self, inputs: Array) -> Answer:
        """Return the averaged prediction for rows (n, D)."""
        spec = RunSpec.model_validate(dict(self.spec))
        predictor = stored_predictor(spec, self.model)
        with blas_threads(spec.threads):
            return predictor.answers([(inputs.astype(spec.dtype, copy=False), None)])[0]

    def coefficients(self) -> tuple[list[Array], list[Array]]:
        """Return weights (in, out) and biases (out,) per layer, as they predict in own units.

        Dropout's scaling is in them, and so are a regression's mean and scale. Where M networks
        vote, every array has a leading axis M.
        """
        layout = Layout(tuple(self.model.schema["sizes"]))
        weights, biases = layout.views(self._predicting(layout))
        weights, biases = [w.copy() for w in weights], [b[:, 0].copy() for b in biases]
        if self.model.schema["likelihood"] == "gaussian":
            scale = self.model.arrays["target_scale"]
            weights[-1] = weights[-1] * scale
            biases[-1] = biases[-1] * scale + self.model.arrays["target_mean"]
        if len(weights[0]) > 1:
            return weights, biases
        return [w[0] for w in weights], [b[0] for b in biases]

    def _predicting(self, layout: Layout) -> Array:
        spec = RunSpec.model_validate(dict(self.spec))
        parameters = self.model.parameters[np.isfinite(self.model.log_weights)]
        sampler = spec.inference is not None and spec.inference.stepper is not None
        hooks = Hooks() if sampler else hooks_of([spec] * len(parameters), layout)
        return prediction_parameters(layout, hooks, hooks.hyper, parameters)


def losses(curve: tuple[EpochRecord, ...]) -> list[float]:
    """Return the mean penalised minibatch loss of each epoch; of a sampler, the training nll."""
    return [
        record.running_loss if np.isfinite(record.running_loss) else record.train["nll"]
        for record in curve
        if record.epoch > 0
    ]


def validation(curve: tuple[EpochRecord, ...]) -> list[float] | None:
    """Return the validation nll after each epoch, None without validation rows."""
    found = [record.val["nll"] for record in curve if record.epoch > 0 and record.val]
    return found or None
