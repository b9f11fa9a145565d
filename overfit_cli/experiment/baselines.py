"""What to hold a method against, on its test rows: no inputs, a linear model, the truth."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from overfit_cli.core.answers import Answer, average, regress
from overfit_cli.core.descent import Descent
from overfit_cli.core.engine import result_of, train
from overfit_cli.core.evaluation import Evaluator, Part
from overfit_cli.core.hooks import Hooks
from overfit_cli.core.layout import Array
from overfit_cli.core.metrics import final_scores, shares
from overfit_cli.core.optimizers import OPTIMIZERS
from overfit_cli.core.predictor import Predictor, fixed_votes, with_estimated_noise
from overfit_cli.core.schedules import schedule
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack, part_of, units_of
from overfit_cli.records import Metrics

# The linear model's own training, whatever the compared runs do: enough updates to come to a good
# place on the way to its optimum (separable classes have none), and a cosine schedule so that it
# ends at rest.
UPDATES, BATCH, RATE = 500, 128, 0.2

# A regression of rows * columns * min(rows, columns) up to so many is solved instead: descent is
# slow where columns are correlated, and at one rate for all data it may diverge. The ridges that
# are tried, from next to none, are parts of the largest squared singular value.
MOST_WORK = 3 * 10**8
RIDGES = np.logspace(-12, 0, 49)
# What a degree of freedom costs in GCV, which with few rows takes next to no ridge too often.
PRICE = 1.4

# Rows by which descent's rate is bounded, and steps of the power iteration on them.
LOOKED_AT, TURNS = 4096, 20

# Baselines are the same for every method on a split: what was found last is not trained again.
REMEMBERED = 4096
_found: OrderedDict[Hashable, dict[str, Metrics]] = OrderedDict()


def baselines_of(specs: Sequence[RunSpec], data: Sequence[Prepared]) -> list[dict[str, Metrics]]:
    """Return test metrics of "majority class" (or "mean"), "linear model", the truth.

    One mapping per run of a stack. Everything is fitted on training rows (the noise of a
    regression: see methods), and depends on the data and the spec's seed, precision and threads
    only. Empty without test rows.
    """
    keys = [
        (spec.data, own.fingerprint, spec.seed, own.train.inputs.dtype.name, spec.threads)
        for spec, own in zip(specs, data, strict=True)
    ]
    places = {key: place for place, key in enumerate(keys)}
    new = [place for key, place in places.items() if key not in _found]
    for place, found in zip(
        new, _fitted([specs[i] for i in new], [data[i] for i in new]), strict=True
    ):
        _found[keys[place]] = found
    answers = [_found[key] for key in keys]
    while len(_found) > REMEMBERED:
        _found.popitem(last=False)
    return answers


def _fitted(specs: list[RunSpec], data: list[Prepared]) -> Iterator[dict[str, Metrics]]:
    tested = [place for place, own in enumerate(data) if len(own.test)]
    fitted = _linear([specs[i] for i in tested], [data[i] for i in tested])
    linear = dict(zip(tested, fitted, strict=True))
    for place, own in enumerate(data):
        yield _against(own, linear[place]) if place in linear else {}


def _against(data: Prepared, linear: Predictor) -> dict[str, Metrics]:
    test = part_of(data.test, data.likelihood, units_of(data))
    found: dict[str, Metrics] = {}
    name, constant = _constant(data, test)
    found[name] = final_scores(constant, test.targets, test.share)
    answer = linear.answers([(test.inputs, test.targets)])[0]
    scores = final_scores(answer, test.targets, test.share)
    if all(math.isfinite(value) for value in scores.values()):
        found["linear model"] = scores
    if data.test_truth is not None:
        name, truth = _truth(data, test)
        found[name] = final_scores(truth, test.targets, test.share)
    return found


def _constant(data: Prepared, test: Part) -> tuple[str, Answer]:
    """Predict the training rows' class frequencies, or their mean and variance, for every row."""
    train = part_of(data.train, data.likelihood, units_of(data))
    if data.likelihood == "gaussian":
        means = np.zeros((1, len(test), data.n_outputs))
        standardised = np.asarray(train.standardised)
        variance = (train.share @ standardised**2)[None]
        answer = regress(means, variance, units_of(data), test.targets)
        return "mean", _first(answer)
    share = np.bincount(train.targets, train.share, max(2, data.n_outputs))
    log_p = np.log(np.maximum(share, np.finfo(float).tiny))
    return "majority class", Answer(log_probabilities=np.tile(log_p, (len(test), 1)))


def _linear(specs: list[RunSpec], data: list[Prepared]) -> list[Predictor]:
    """Fit the engine's own network without hidden layers, by each seed's streams alone."""
    if not specs:
        return []
    plain: dict[str, Any] = {"hidden": (), "activation": "identity", "remedies": {"none": {}}}
    plain |= {"momentum": 0.9, "dtype": data[0].train.inputs.dtype.name}
    solved = all(map(_is_solvable, data))
    made = [
        spec.model_copy(update=plain | {"lr": RATE if solved else _rate(own)})
        for spec, own in zip(specs, data, strict=True)
    ]
    stack = Stack(tuple(made), tuple(data))
    parameters = np.stack([_ridge(own) for own in data]) if solved else _descended(stack)
    found = []
    for run, own in enumerate(data):
        votes = fixed_votes(parameters[run : run + 1], np.zeros(1))
        predictor = Predictor(stack.network, votes, units_of(own))
        if own.likelihood == "gaussian":
            view = stack.views[stack.split_of[run]]
            predictor = with_estimated_noise(predictor, view.val or view.train)
        found.append(predictor)
    return found


def _is_solvable(data: Prepared) -> bool:
    n_rows, n_columns = data.train.inputs.shape
    return (
        data.likelihood == "gaussian" and n_rows * n_columns * min(n_rows, n_columns) <= MOST_WORK
    )


def _ridge(data: Prepared) -> Array:
    """Return flat parameters (P,): weighted least squares with the ridge that GCV asks for.

    Minimises sum_i s_i |y_i - x_i W - b|^2 + lambda |W|^2 with lambda of the smallest
    RSS / (n - 1 - 1.4 df)^2, generalised cross-validation (Golub, Heath & Wahba 1979, eq. 1.4)
    with Kim & Gu's factor (2004, section 3); n = 1 / sum_i s_i^2 of weighted rows. NaN where
    weights are too large for their precision.
    """
    rows = data.train
    share = shares(len(rows), rows.weights)
    if not np.isfinite(share).all():
        return np.full((rows.inputs.shape[1] + 1) * data.n_outputs, np.nan, rows.inputs.dtype)
    n_rows = 1 / float((share**2).sum())
    root = np.sqrt(share)[:, None]
    centre, level = share @ rows.inputs, share @ rows.targets
    left, sizes, right = np.linalg.svd((rows.inputs - centre) * root, full_matrices=False)
    residual = (rows.targets - level) * root
    along = left.T @ residual
    outside = max(0.0, float((residual**2).sum() - (along**2).sum()))
    penalties = max(float(sizes[0]) ** 2, np.finfo(float).tiny) * RIDGES
    best, loss = penalties[-1], math.inf
    for penalty in penalties:
        kept = sizes**2 / (sizes**2 + penalty)
        free = n_rows - 1 - PRICE * kept.sum()
        lost = outside + float((((1 - kept)[:, None] * along) ** 2).sum())
        if free > 0 and lost / free**2 < loss:
            best, loss = penalty, lost / free**2
    weights = right.T @ ((sizes / (sizes**2 + best))[:, None] * along)
    solution = np.concatenate([weights.ravel(), level - centre @ weights])
    return np.asarray(solution, rows.inputs.dtype)


def _rate(data: Prepared) -> float:
    """Return a rate of descent that a regression's curvature, its largest eigenvalue, allows."""
    if data.likelihood != "gaussian":
        return RATE
    rows: Array = data.train.inputs[:LOOKED_AT].astype(np.float64)
    direction: Array = np.full(rows.shape[1], rows.shape[1] ** -0.5)
    steepest = float(np.finfo(float).tiny)
    for _ in range(TURNS):
        turned = np.asarray(rows.T @ (rows @ direction)) / len(rows)
        steepest = max(steepest, float(np.linalg.norm(turned)))
        direction = turned / steepest
    return min(RATE, 1 / steepest)


def _descended(stack: Stack) -> Array:
    n_rows = len(stack.data[0].train)
    batch = min(BATCH, n_rows)
    epochs = math.ceil(UPDATES / math.ceil(n_rows / batch))
    sgd, cosine, rows = OPTIMIZERS["sgd"], schedule("cosine"), stack.training_data()
    descent = Descent(stack.network, Hooks(), rows, sgd, cosine, batch, epochs)
    evaluator = Evaluator(
        stack.network, Hooks(), stack.views, stack.split_of[stack.run_of], stack.run_of
    )
    steps = train(stack.replicas(), Hooks(), descent, evaluator, epochs, epochs)
    return result_of(steps).parameters


def _truth(data: Prepared, test: Part) -> tuple[str, Answer]:
    truth = np.asarray(data.test_truth, float)
    if data.truth_noise_sd is None:
        log_p = np.log(np.maximum(truth, np.finfo(float).tiny))
        return "true probabilities", Answer(log_probabilities=log_p)
    units = units_of(data)
    standardised = (truth - units.mean) / units.scale
    variance = (data.truth_noise_sd / units.scale)[None] ** 2
    return "true function", _first(regress(standardised[None], variance, units, test.targets))


def _first(answer: Answer) -> Answer:
    return average(answer, np.zeros(1))
