"""A stored run as a comparison needs it: small, so that ten thousand fit in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from overfit_cli.records import Metrics, RunResult, Status

Kind = Literal["classification", "regression", ""]
# Of a spec, all but these and the remedies' own options are settings of the training.
_NO_SETTINGS = frozenset({"data", "fingerprint", "remedies", "versions", "seed"})


@dataclass(frozen=True, slots=True)
class Run:
    """One run without curves, predictions and model.

    fingerprint: of the data. split: how they were split and noised, as text; unsaid options are
    absent. settings: every option that moved its numbers, as text, but those of the data.
    versions: of the engine and of each remedy. kind: "" where no score tells. n_pool: the rows that
    training rows were taken from, where that is known. notes: on its data. r_hat, ess: of a
    sampler's predictions, else NaN. warnings: of its inference. prior: its inference's in words, ""
    where none is stated. trials: how many settings `overfit tune` tried for this method and seed, 0
    if it was not tuned; tried: their values of each option that differed among them.
    """

    run_id: str
    status: Status
    method: str
    dataset: str
    seed: int
    fingerprint: str
    split: Mapping[str, str]
    settings: Mapping[str, str]
    versions: Mapping[str, int]
    kind: Kind = ""
    n_train: int = 0
    n_val: int = 0
    n_test: int = 0
    n_pool: int | None = None
    scores: Mapping[str, Metrics] = field(default_factory=dict)
    references: Mapping[str, Metrics] = field(default_factory=dict)
    seconds: float = 0.0
    best_epoch: int = 0
    restored_epoch: int | None = None
    notes: tuple[str, ...] = ()
    r_hat: float = math.nan
    ess: float = math.nan
    warnings: tuple[str, ...] = ()
    prior: str = ""
    trials: int = 0
    tried: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether it trained to the end."""
        return self.status == "done"


def run_of(
    result: RunResult,
    idle: Callable[[Mapping[str, Any]], Collection[str]],
    printed: Collection[str],
) -> Run:
    """Return what a comparison needs of a stored run.

    idle: tells which of a run's options move nothing. printed: options of the data that say where
    they lie; what they hold is in the fingerprint.
    """
    spec = result.spec
    places = [value for key, value in _said(spec.get("data", {})) if key in printed]
    return Run(
        run_id=result.run_id,
        status=result.status,
        method=result.method,
        dataset=handed_on(result.dataset, (result.dataset,)),
        seed=result.seed,
        fingerprint=str(spec.get("fingerprint", "")),
        split={k: text(v) for k, v in _said(spec.get("data", {})) if k not in printed},
        settings=_settings(spec, idle),
        versions=dict(spec.get("versions", {})),
        kind=_kind(result),
        n_train=result.n_train,
        n_val=result.n_val,
        n_test=result.n_test,
        n_pool=result.n_pool,
        scores=result.final,
        references=result.baselines,
        seconds=result.seconds,
        best_epoch=result.best_epoch,
        restored_epoch=result.restored_epoch,
        notes=tuple(handed_on(note, (result.dataset, *places)) for note in result.notes),
        r_hat=float(result.diagnostics.get("r_hat_predictions", math.nan)),
        ess=float(result.diagnostics.get("ess_predictions", math.nan)),
        warnings=tuple(result.diagnostics.get("warnings", ())),
        prior=str(result.diagnostics.get("prior", "")),
        trials=int(result.diagnostics.get("trials", 0)),
        tried=result.diagnostics.get("tried", {}),
    )


def _said(options: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in options.items() if value is not None]


def handed_on(said: str, places: Iterable[Any]) -> str:
    """Return `said` with the folders of absolute paths left out: a report is for others to read."""
    for place in places:
        if isinstance(place, str) and Path(place).is_absolute() and Path(place).name:
            said = said.replace(place, Path(place).name)
    return said


def _settings(
    spec: Mapping[str, Any], idle: Callable[[Mapping[str, Any]], Collection[str]]
) -> dict[str, str]:
    own = {name: value for name, value in spec.items() if name not in _NO_SETTINGS}
    for options in spec.get("remedies", {}).values():
        own |= options
    unused = idle(own | {"versions": spec.get("versions", {})})
    return {name: text(value) for name, value in own.items() if name not in unused}


def _kind(result: RunResult) -> Kind:
    scores = result.final.get("train", {})
    if "rmse" in scores:
        return "regression"
    return "classification" if "error" in scores else ""


def text(value: Any) -> str:
    """Return an option's value in words: `0.5`, `256,256`, `true`."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):  # `list | tuple` would be built anew for every option
        return ",".join(map(text, value)) or "none"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def order(value: str) -> tuple[tuple[int, float, str], ...]:
    """Return a key that sorts values in words: absent first, then numbers by size, then text."""
    return tuple(_rank(item) for item in value.split(",")) if value else ()


def _rank(item: str) -> tuple[int, float, str]:
    try:
        return (0, float(item), item)
    except ValueError:
        return (1, 0.0, item)
