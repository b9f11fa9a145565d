"""From a stack's outcome to one record per run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from overfit_cli.core.answers import Answer
from overfit_cli.core.ballot import Ballot
from overfit_cli.core.engine import Outcome
from overfit_cli.core.evaluation import Part
from overfit_cli.core.layout import Array
from overfit_cli.core.metrics import final_scores
from overfit_cli.core.network import Network
from overfit_cli.core.predictor import Predictor, with_estimated_noise
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.baselines import baselines_of
from overfit_cli.experiment.environment import environment
from overfit_cli.experiment.prediction import predictor_of
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack, full_train_part, part_of, units_of
from overfit_cli.records import EpochRecord, Metrics, Model, Predictions, RunResult, Status


def run_results(
    stack: Stack, outcome: Outcome, curves: Sequence[Sequence[EpochRecord]], seconds: float
) -> list[RunResult]:
    """Return one RunResult per run of the stack; seconds is per run."""
    baselines = baselines_of(stack.specs, stack.data)
    here = environment()
    # the last step may have left parameters whose outputs overflow
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = [
            _result(stack, outcome, run, tuple(curves[run]), seconds)
            for run in range(len(stack.specs))
        ]
    return [
        replace(result, baselines=known, environment=here)
        for result, known in zip(found, baselines, strict=True)
    ]


def failed_result(spec: RunSpec, reason: str) -> RunResult:
    """Return the record of a run that no worker could finish, and why, in diagnostics."""
    return RunResult(
        run_id=spec.run_id,
        status="failed",
        method=spec.method,
        dataset=spec.data.dataset,
        seed=spec.seed,
        spec=spec.model_dump(mode="json"),
        n_parameters=0,
        n_train=0,
        n_val=0,
        n_test=0,
        members=0,
        axis="epoch",
        curves=(),
        epochs_run=0,
        best_epoch=0,
        restored_epoch=None,
        seconds=0.0,
        final={},
        diagnostics={"reason": reason},
        environment=environment(),
    )


def validation_scores(stack: Stack, outcome: Outcome) -> dict[str, float]:
    """Return the final validation metrics of a stack's only run; its test rows stay unseen."""
    own = np.arange(stack.n_members)
    voters = _voters(stack, outcome, 0, own)
    parts = {name: part for name, part in _parts(stack, 0).items() if name != "test"}
    predictor = _with_noise(_predictor(stack, 0, voters), parts)
    answers = _answers(predictor, {"val": parts["val"]}, False)
    return _scores(answers["val"], parts["val"], stack.network.likelihood)


def _predictor(stack: Stack, run: int, voters: Ballot) -> Predictor:
    return predictor_of(
        stack.specs[run],
        stack.network,
        units_of(stack.data[run]),
        voters.parameters,
        voters.noise_variance,
        voters.log_weights,
    )


def _result(
    stack: Stack, outcome: Outcome, run: int, curve: tuple[EpochRecord, ...], seconds: float
) -> RunResult:
    spec, data = stack.specs[run], stack.data[run]
    own = np.flatnonzero(stack.run_of == run)
    parts = _parts(stack, run)
    voters, predictor, answers, final = _answered(stack, outcome, run, parts)
    restored = outcome.restored[own]
    status, diagnostics = _status(stack, outcome, run, voters, predictor)
    return RunResult(
        run_id=spec.run_id,
        status=status,
        method=spec.method,
        dataset=spec.data.dataset,
        seed=spec.seed,
        spec=spec.model_dump(mode="json"),
        n_parameters=stack.network.layout.n_parameters,
        n_train=len(data.train),
        n_val=len(data.val),
        n_test=len(data.test),
        members=stack.n_members,
        axis=outcome.axis,
        curves=curve,
        epochs_run=int(outcome.epochs[own].max()),
        best_epoch=_best_epoch(curve),
        restored_epoch=int(restored.max()) if restored.max() >= 0 else None,
        seconds=seconds,
        final=final,
        diagnostics=diagnostics,
        notes=data.notes,
        n_pool=data.n_pool,
        sizes=stack.network.layout.sizes,
        classes=data.classes,
        target_names=data.target_names,
        predictions=_predictions(answers.get("test"), parts.get("test"), data),
        model=_model(stack.network, voters, predictor, data) if status == "done" else None,
    )


def _answered(
    stack: Stack, outcome: Outcome, run: int, parts: dict[str, Part]
) -> tuple[Ballot, Predictor, dict[str, Answer], Mapping[str, Metrics]]:
    """Return who votes, how, with which answers, and their scores; overflow is divergence too."""
    own = np.flatnonzero(stack.run_of == run)
    diverged = bool(outcome.diverged[own].any())
    voters = _voters(stack, outcome, run, own)
    predictor = _predictor(stack, run, voters)
    if not diverged:
        predictor = _with_noise(predictor, parts)
    answers = _answers(predictor, parts, diverged)
    final = _final(answers, parts, stack.network.likelihood)
    if diverged or not _overflowed(predictor, final):
        return voters, predictor, answers, final
    outcome.diverged[own] = True
    return _answered(stack, outcome, run, parts)


def _overflowed(predictor: Predictor, final: Mapping[str, Metrics]) -> bool:
    """Tell whether parameters that are finite answer with numbers that are not."""
    noise = predictor.noise_variance
    lost = noise is not None and not np.isfinite(noise).all()
    return lost or any(np.isnan(scores["nll"]) for scores in final.values() if "nll" in scores)


def _with_noise(predictor: Predictor, parts: dict[str, Part]) -> Predictor:
    """Return the predictor of a regression with its noise, estimated on validation rows if any."""
    if predictor.noise_variance is not None or predictor.network.likelihood != "gaussian":
        return predictor
    return with_estimated_noise(predictor, parts.get("val") or parts["train"])


def _voters(stack: Stack, outcome: Outcome, run: int, own: Any) -> Ballot:
    """Return the run's networks: draws of all its chains after one another, or its members."""
    inference = stack.spec.inference
    diverged = outcome.diverged[own].any()
    if inference is not None and inference.voters is not None and not diverged:
        state = {name: values[own] for name, values in outcome.state.items()}
        found = inference.voters(stack.network, state, stack.spec.remedies["bayes"])
        validated = len(stack.data[run].val) > 0
        # what fits the training rows is too sure of others; validation rows know better
        return replace(found, noise_variance=None) if inference.fits_noise and validated else found
    if not outcome.draws:
        return _equal(outcome.parameters[own], None)
    noise = np.concatenate([n[own] for n in outcome.noise]) if outcome.noise else None
    return _equal(np.concatenate([draw[own] for draw in outcome.draws]), noise)


def _equal(parameters: Array, noise: Array | None) -> Ballot:
    return Ballot(parameters, np.full(len(parameters), -np.log(len(parameters))), noise)


def _parts(stack: Stack, run: int) -> dict[str, Part]:
    data, view = stack.data[run], stack.views[stack.split_of[run]]
    parts = {"train": full_train_part(data)}
    if view.val is not None:
        parts["val"] = view.val
    if len(data.test):
        parts["test"] = part_of(data.test, data.likelihood, units_of(data))
    return parts


def _answers(predictor: Predictor, parts: dict[str, Part], diverged: bool) -> dict[str, Answer]:
    if diverged:
        return {}
    answers = predictor.answers([(part.inputs, part.targets) for part in parts.values()])
    return dict(zip(parts, answers, strict=True))


def _final(
    answers: dict[str, Answer], parts: dict[str, Part], likelihood: str
) -> dict[str, dict[str, float]]:
    return {name: _scores(answers.get(name), part, likelihood) for name, part in parts.items()}


def _scores(answer: Answer | None, part: Part, likelihood: str) -> dict[str, float]:
    if answer is not None:
        return final_scores(answer, part.targets, part.share)
    names = {
        "gaussian": ("nll", "rmse", "mae", "r2"),
        "categorical": ("nll", "error", "brier", "ece"),
        "bernoulli": ("nll", "error", "brier", "ece", "auc"),
    }
    return dict.fromkeys(names[likelihood], float("nan"))


def _best_epoch(curve: Sequence[EpochRecord]) -> int:
    """Return the epoch with the lowest validation nll; without validation rows, the last."""
    seen = [(record.val["nll"], record.epoch) for record in curve if record.val]
    finite = [pair for pair in seen if np.isfinite(pair[0])]
    return min(finite)[1] if finite else curve[-1].epoch


def _status(
    stack: Stack, outcome: Outcome, run: int, voters: Ballot, predictor: Predictor
) -> tuple[Status, dict[str, Any]]:
    """Return how a run ended, and its diagnostics: of a failed one the reason."""
    own = np.flatnonzero(stack.run_of == run)
    inference = stack.spec.inference
    if not outcome.diverged[own].any():
        return "done", _diagnostics(stack, outcome, run, voters, predictor)
    if inference is not None and inference.why_failed is not None:
        reason = inference.why_failed({key: held[own] for key, held in outcome.state.items()})
        if reason is not None:
            return "failed", {"reason": reason}
    return "diverged", _diagnostics(stack, outcome, run, voters, predictor)


def _diagnostics(
    stack: Stack, outcome: Outcome, run: int, voters: Ballot, predictor: Predictor
) -> dict[str, Any]:
    own = np.flatnonzero(stack.run_of == run)
    found: dict[str, Any] = {}
    if "l1" in stack.spec.remedies:
        weights = voters.parameters[:, : stack.network.layout.n_weights]
        found["zero_weights"] = int((weights == 0).sum(axis=1).mean())
        found["weights"] = stack.network.layout.n_weights
    if stack.hooks.stop is not None and len(own) > 1:
        found["restored_epochs"] = outcome.restored[own].tolist()
    if predictor.noise_variance is not None:
        scale = predictor.units.scale
        sd = np.sqrt(_mean_noise(voters.log_weights, predictor.noise_variance)) * scale
        found["noise_sd"] = sd.tolist()
    inference = stack.spec.inference
    if inference is not None and (prior := inference.prior_told(stack.spec.remedies["bayes"])):
        found["prior"] = prior
    diverged = outcome.diverged[own].any()
    # what it collected ends somewhere on its way to infinity
    if inference is not None and inference.diagnostics is not None and not diverged:
        found |= inference.diagnostics(
            {name: values[own] for name, values in outcome.state.items()},
            stack.spec.remedies["bayes"],
        )
    return found


def _mean_noise(log_weights: Array, variance: Array) -> Array:
    """Return the noise variance (T,) averaged over voters; one that all share stays as it is."""
    if len(variance) < len(log_weights) or np.ptp(log_weights) == 0:
        return np.asarray(variance.mean(axis=0))
    return np.asarray(np.exp(log_weights) @ variance)


def _predictions(answer: Answer | None, part: Part | None, data: Prepared) -> Predictions | None:
    if answer is None or part is None:
        return None
    ids, weights = data.test.ids, data.test.weights
    if answer.log_probabilities is not None:
        outputs = np.exp(answer.log_probabilities)
        return Predictions(ids, part.targets, outputs, weights=weights)
    return Predictions(ids, part.targets, np.asarray(answer.mean), answer.sd, weights)


def _model(network: Network, voters: Ballot, predictor: Predictor, data: Prepared) -> Model:
    noise = predictor.noise_variance
    return Model(
        parameters=voters.parameters,
        log_weights=voters.log_weights,
        noise_sd=None if noise is None else np.sqrt(noise),
        schema={
            "columns": data.preprocessing.schema,
            "sizes": list(network.layout.sizes),
            "likelihood": network.likelihood,
            "classes": list(data.classes),
            "target_names": list(data.target_names),
        },
        arrays={
            **data.preprocessing.arrays,
            "target_mean": predictor.units.mean,
            "target_scale": predictor.units.scale,
        },
    )
