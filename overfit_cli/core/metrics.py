"""Scores of predictive distributions, weighted; see answers.Answer for shapes.

share (n,) is each row's part of the weighted mean and sums to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.answers import Answer
from overfit_cli.core.layout import Array

ECE_BINS = 15


def shares(n_rows: int, weights: Array | None) -> Array:
    """Return each row's part of a weighted mean (n,), summing to 1 in double precision."""
    if weights is None:
        return np.full(n_rows, 1 / max(1, n_rows))
    exact = weights.astype(np.float64)
    return np.asarray(exact / exact.sum())


def curve_scores(answer: Answer, targets: NDArray[Any], share: Array) -> dict[str, Array]:
    """Return what curves show, with the answer's leading axes: nll, and error or rmse.

    targets (n,) or (n, T) and share (n,) may have the answer's leading axes too.
    nll: mean negative log likelihood in nats per row. error: fraction of rows whose most probable
    class is wrong. rmse: root of the mean squared error over rows and targets, in their units.
    """
    if answer.log_probabilities is not None:
        log_p = answer.log_probabilities
        own = np.take_along_axis(log_p, _own_class(log_p, targets), axis=-1)[..., 0]
        wrong = _mistaken(log_p, own, targets).astype(np.float64)
        # a NaN has no most probable class
        wrong[np.isnan(own)] = np.nan
        return {"nll": _mean(-own, share), "error": _mean(wrong, share)}
    if answer.mean is None or answer.log_density is None:
        raise TypeError("a regression answer needs a mean and the density of its targets")
    squared = ((targets - answer.mean) ** 2).mean(axis=-1)
    return {"nll": _mean(-answer.log_density, share), "rmse": np.sqrt(_mean(squared, share))}


def _mistaken(log_p: Array, own: Array, targets: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where the most probable class, of equal ones the first, is not the row's own."""
    classes = np.moveaxis(log_p, -1, 0)
    highest = np.maximum.reduce(classes, axis=0)
    if np.count_nonzero(classes == highest) > np.count_nonzero(highest == highest):
        # only equal classes need argmax, which is slow along a short axis
        return np.asarray(log_p.argmax(axis=-1) != targets)
    return np.asarray(own != highest)


def final_scores(answer: Answer, targets: NDArray[Any], share: Array) -> dict[str, float]:
    """Return every score of one averaged answer (no leading axes).

    Classification: nll, error, brier, ece and, for two classes, auc. Regression: nll, rmse, mae,
    r2 (1 - squared error / variance of the targets, both weighted, averaged over targets).
    """
    scores = {name: float(value) for name, value in curve_scores(answer, targets, share).items()}
    if answer.log_probabilities is not None:
        p = np.exp(answer.log_probabilities.astype(np.float64))
        scores["brier"] = brier(p, targets, share)
        scores["ece"] = ece(p, targets, share)
        if p.shape[-1] == 2:
            scores["auc"] = auc(p[:, 1], targets == 1, share)
    elif answer.mean is not None:
        scores["mae"] = float(_mean(np.abs(targets - answer.mean).mean(axis=-1), share))
        scores["r2"] = r2(answer.mean, targets, share)
    return scores


def brier(p: Array, targets: NDArray[Any], share: Array) -> float:
    """Return the Brier score: mean over rows of sum_k (p_k - [t = k])^2 (Brier 1950)."""
    one_hot = np.arange(p.shape[-1]) == targets[:, None]
    return float(_mean(((p - one_hot) ** 2).sum(axis=-1), share))


def ece(p: Array, targets: NDArray[Any], share: Array) -> float:
    """Return the expected calibration error of the top label over 15 equal bins.

    sum_b |sum of share * (correct - confidence) in bin b| (Guo et al. 2017, eq. 3 and 5).
    """
    confidence = p.max(axis=-1)
    correct = p.argmax(axis=-1) == targets
    bins = np.clip(np.ceil(confidence * ECE_BINS).astype(int) - 1, 0, ECE_BINS - 1)
    gaps = np.bincount(bins, share * (correct - confidence), ECE_BINS)
    return float(np.abs(gaps).sum())


def auc(score: Array, positive: NDArray[np.bool_], share: Array) -> float:
    """Return the area under the ROC curve: P(score+ > score-) + P(equal) / 2, weighted.

    NaN if one class is absent.
    """
    values, place = np.unique(score, return_inverse=True)
    plus = np.bincount(place, share * positive, len(values))
    minus = np.bincount(place, share * ~positive, len(values))
    below = np.cumsum(minus) - minus
    pairs = plus.sum() * minus.sum()
    return float((plus * (below + minus / 2)).sum() / pairs) if pairs > 0 else float("nan")


def r2(mean: Array, targets: Array, share: Array) -> float:
    """Return the coefficient of determination, averaged over targets; NaN if they are constant."""
    residual = share @ (targets - mean) ** 2
    spread = share @ (targets - share @ targets) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(spread > 0, 1 - residual / spread, np.nan).mean())


def _own_class(log_p: Array, targets: NDArray[Any]) -> NDArray[Any]:
    shape = (*log_p.shape[:-1], 1)
    return np.broadcast_to(targets[..., None], shape)


def _mean(rows: Array, share: Array) -> Array:
    return np.asarray((rows.astype(np.float64) * share).sum(axis=-1))
