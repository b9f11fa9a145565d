"""One run: everything that moves its numbers, and the id that follows from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict

from overfit_cli.bayes import INFERENCES, Inference
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import UsageError, choose
from overfit_cli.experiment.options import REMEDY_OPTIONS
from overfit_cli.remedies import REGISTRY

# Raised whenever the same spec begins to give other numbers.
ENGINE_VERSION = 1

# Where the data lies; what they hold is in the fingerprint.
PLACES = ("dataset", "val_file", "test_file")


class RunSpec(BaseModel):
    """A frozen, validated run. `remedies` holds checked settings by name, in the order given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: DataRequest
    fingerprint: str = ""
    remedies: dict[str, dict[str, Any]]
    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    lr: float
    lr_schedule: str
    momentum: float
    batch_size: int
    epochs: int
    eval_every: int
    dtype: str
    threads: int
    seed: int
    versions: dict[str, int]

    @property
    def method(self) -> str:
        """The remedies' names, joined by +."""
        return "+".join(self.remedies)

    @property
    def inference(self) -> Inference | None:
        """How the Bayesian average is approximated, if this is one."""
        bayes = self.remedies.get("bayes")
        return None if bayes is None else INFERENCES[bayes["inference"]]

    @property
    def words(self) -> str:
        """The method in words."""
        return "; ".join(REGISTRY[name].words(own) for name, own in self.remedies.items())

    @property
    def run_id(self) -> str:
        """Sixteen hex digits of the SHA-256 of canonical JSON of all that moves the numbers."""
        moving = self.model_dump(mode="json")
        moving["data"] = {k: v for k, v in asdict(self.data).items() if k not in PLACES}
        canonical = json.dumps(moving, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def parse_method(text: str) -> tuple[str, ...]:
    """Return the remedies of a method such as `dropout+max-norm`.

    Raises:
        UsageError: an unknown name (with the nearest), one named twice, or `none` in company.
    """
    names = tuple(choose(name.strip(), REGISTRY, "method") for name in text.split("+"))
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"method '{text}': '{name}' is named twice.")
    if len(names) > 1 and "none" in names:
        raise UsageError(f"method '{text}': 'none' cannot be combined; leave it out.")
    return names


def specs_of(options: Any) -> list[RunSpec]:
    """Return one spec per method and seed, methods in the order given, seeds innermost.

    Raises:
        UsageError: an option whose method is not chosen, a refused combination, a bad value.
    """
    methods = [parse_method(text) for text in options.method]
    if not methods:
        raise UsageError(f"--method: none given; allowed: {', '.join(REGISTRY)}.")
    given = _given_settings(options, methods)
    return [
        _spec(options, names, given, seed)
        for names in methods
        for seed in range(options.seed, options.seed + options.seeds)
    ]


def _given_settings(options: Any, methods: list[tuple[str, ...]]) -> dict[str, Any]:
    given = {
        name: value for name in REMEDY_OPTIONS if (value := getattr(options, name)) is not None
    }
    chosen = {name for names in methods for name in names}
    if options.drop_rate is not None:
        if "p" in given:
            raise UsageError("--p and --drop-rate say the same thing twice (p = 1 - drop rate).")
        given["p"] = _keep(options.drop_rate, len(options.hidden))
    for name in given:
        owner, option = REMEDY_OPTIONS[name]
        if owner not in chosen:
            flag = "--drop-rate" if name == "p" and options.drop_rate is not None else option.flag
            asked = ",".join("+".join(names) for names in methods)
            combined = owner if asked == "none" else f"{asked}+{owner}"
            raise UsageError(
                f"{flag} belongs to '{owner}', and the method is '{asked}': "
                f"use --method {combined}."
            )
    return given


def _keep(drop_rate: Any, n_hidden: int) -> Any:
    if isinstance(drop_rate, list | tuple):
        if len(drop_rate) != n_hidden:
            raise UsageError(
                f"--drop-rate: {len(drop_rate)} values for {n_hidden} hidden layers; "
                "give one, or one per hidden layer."
            )
        return [_keep(item, n_hidden) for item in drop_rate]
    good = isinstance(drop_rate, int | float) and not isinstance(drop_rate, bool)
    if not good or not 0 <= drop_rate < 1:
        raise UsageError(f"--drop-rate: '{drop_rate}' is not a number from 0 to below 1.")
    return 1 - drop_rate


def _spec(options: Any, names: tuple[str, ...], given: dict[str, Any], seed: int) -> RunSpec:
    remedies = {
        name: REGISTRY[name].settings({k: v for k, v in given.items() if _owner(k) == name})
        for name in names
    }
    inference = INFERENCES[remedies["bayes"]["inference"]] if "bayes" in remedies else None
    _check_combination(remedies, inference)
    own_dtype = None if inference is None else inference.dtype
    versions = {"engine": ENGINE_VERSION} | {name: REGISTRY[name].version for name in names}
    if inference is not None:
        versions[inference.name] = inference.version
    return RunSpec(
        data=DataRequest(**{name: getattr(options, name) for name in DataRequest.__annotations__}),
        remedies=remedies,
        hidden=options.hidden,
        activation=options.activation,
        optimizer=options.optimizer,
        lr=options.lr,
        lr_schedule=options.lr_schedule,
        momentum=options.momentum,
        batch_size=options.batch_size,
        epochs=options.epochs,
        eval_every=options.eval_every,
        dtype=options.dtype or own_dtype or "float32",
        threads=options.threads,
        seed=seed,
        versions=versions,
    )


def _owner(name: str) -> str:
    return REMEDY_OPTIONS[name][0]


def _check_combination(remedies: dict[str, dict[str, Any]], inference: Inference | None) -> None:
    if inference is not None:
        for name in remedies:
            if name in inference.refuses:
                raise UsageError(
                    f"bayes with --inference {inference.name} cannot be combined with '{name}': "
                    f"{inference.why_refused}"
                )
        folds = remedies["bayes"]["folds"]
        if folds and (inference.name != "ensemble" or "early-stopping" not in remedies):
            raise UsageError(
                "--folds holds out a fold per member for early stopping: "
                "use --method bayes+early-stopping --inference ensemble."
            )
