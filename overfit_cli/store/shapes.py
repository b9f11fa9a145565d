"""Whether arrays are those of a run: their kinds, and shapes that fit the record and each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.records import Model, Predictions, RunResult
from overfit_cli.store.codec import Malformed
from overfit_cli.store.contents import is_plain, require_names

_WHOLE = "iu"
_FLOAT = "f"
_TRUTH = "b"


def require_curves(names: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check epoch (n,), running_loss (n,), and for each part its metrics (names, n).

    Raises:
        Malformed: a kind or shape that cannot be. KeyError, TypeError: something is missing.
    """
    epoch = arrays["epoch"]
    n = epoch.size
    _require("curves.epoch", epoch, _WHOLE, (n,))
    _require("curves.running_loss", arrays["running_loss"], _FLOAT, (n,))
    if n and epoch.min() < 0:
        raise Malformed("its curves.epoch cannot be")
    for part in ("train", "val"):
        shape = (len(require_names(names[part])), n)
        _require(f"curves.{part}", arrays[part], _FLOAT, shape)
        if f"{part}_absent" in arrays:
            _require(f"curves.{part}_absent", arrays[f"{part}_absent"], _TRUTH, shape)


def require_fit(result: RunResult) -> None:
    """Check the predictions and the model that a run has.

    Raises:
        Malformed: a kind or shape that cannot be, or is not what the record says.
    """
    if result.predictions is not None:
        _require_predictions(result.predictions, result)
    if result.model is not None:
        _require_model(result.model)


def _require_predictions(found: Predictions, run: RunResult) -> None:
    """Check that there are n rows and K classes or T targets; class codes are below K."""
    n, width = run.n_test, len(run.classes) or len(run.target_names)
    _require("predictions.ids", found.ids, _WHOLE, (n,))
    _require("predictions.outputs", found.outputs, _FLOAT, (n, width))
    if run.classes:
        _require("predictions.targets", found.targets, _WHOLE, (n,))
        if n and not 0 <= found.targets.min() <= found.targets.max() < width:
            raise Malformed("its predictions.targets cannot be")
    else:
        _require("predictions.targets", found.targets, _FLOAT, (n, width))
    if found.noise is not None:
        _require("predictions.noise", found.noise, _FLOAT, (n, width))
    if found.weights is not None:
        _require("predictions.weights", found.weights, _FLOAT, (n,))


def _require_model(model: Model) -> None:
    """Check M draws and their weights, some of which may be 0, not all.

    What outputs and columns mean is for who predicts.
    """
    if not is_plain(model.schema) or not isinstance(model.schema, dict):
        raise Malformed("its model.schema cannot be")
    draws = len(model.log_weights.ravel())
    _require("model.log_weights", model.log_weights, _FLOAT, (max(1, draws),))
    _require("model.parameters", model.parameters, _FLOAT, (draws, *model.parameters.shape[1:2]))
    if not np.isfinite(model.log_weights.max()) or not np.isfinite(model.parameters).all():
        raise Malformed("its model's numbers cannot be")
    if model.noise_sd is not None:
        rows = 1 if model.noise_sd.shape[:1] == (1,) else draws
        _require("model.noise_sd", model.noise_sd, _FLOAT, (rows, *model.noise_sd.shape[1:2]))
        if (model.noise_sd < 0).any():
            raise Malformed("its model.noise_sd cannot be")


def _require(name: str, array: NDArray[Any], kinds: str, shape: tuple[int, ...]) -> None:
    if array.dtype.kind not in kinds or array.shape != shape:
        raise Malformed(f"its {name} cannot be")
