"""One run: everything that moves its numbers, and the id that follows from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from overfit_cli.bayes import INFERENCES, Inference
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import UsageError, choose
from overfit_cli.experiment.options import REMEDY_OPTIONS, idle_options
from overfit_cli.remedies import REGISTRY
from overfit_cli.remedies.remedy import wrong_length

# Raised whenever the same spec begins to give other numbers. 5: inputs that training rows do not
# tell apart stay as they are in other rows too.
ENGINE_VERSION = 5

# Where the data lie and how they are read; what they hold, parts included, is in the fingerprint.
PRINTED = (
    "dataset",
    "val_file",
    "test_file",
    "target",
    "task",
    "features",
    "drop",
    "split_column",
    "group_column",
    "time_column",
    "weight_column",
)


class RunSpec(BaseModel):
    """A frozen, validated run. `remedies` holds checked settings by name, in the order given."""

    # "constants": an infinite max-norm, which is no bound, must come back from a store as it was
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")

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
    def settings(self) -> dict[str, Any]:
        """Every option's value by name, those of the remedies among them."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        return own | {k: v for settings in self.remedies.values() for k, v in settings.items()}

    @property
    def run_id(self) -> str:
        """Sixteen hex digits of the SHA-256 of canonical JSON of all that moves the numbers."""
        idle = idle_options(self.settings)
        moving = {k: getattr(self, k) for k in type(self).model_fields if k not in idle}
        moving["data"] = {k: v for k, v in vars(self.data).items() if k not in PRINTED}
        moving["remedies"] = {
            name: {k: v for k, v in own.items() if k not in idle}
            for name, own in self.remedies.items()
        }
        canonical = json.dumps(moving, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def current_versions(spec: RunSpec) -> dict[str, int]:
    """Return the versions of whatever would train `spec` now; a stored spec tells its own."""
    inference = spec.inference
    versions = {"engine": ENGINE_VERSION} | {name: REGISTRY[name].version for name in spec.remedies}
    return versions if inference is None else versions | {inference.name: inference.version}


def parse_method(text: str) -> tuple[str, ...]:
    """Return the remedies of a method such as `dropout+max-norm`.

    Raises:
        UsageError: an unknown name (with the nearest), an inference of bayes, one named twice, or
            `none` in company.
    """
    written = [name.strip() for name in text.split("+")]
    for name in set(INFERENCES).intersection(written):
        raise UsageError(_of_bayes(name, written))
    names = tuple(choose(name, REGISTRY, "method") for name in written)
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"method '{text}': '{name}' is named twice.")
    if len(names) > 1 and "none" in names:
        raise UsageError(f"method '{text}': 'none' cannot be combined; leave it out.")
    return names


def _of_bayes(name: str, written: Sequence[str]) -> str:
    """Say how the method is written in which an inference stands for bayes."""
    combined = "+".join(dict.fromkeys("bayes" if each == name else each for each in written))
    return f"'{name}' is an inference of bayes: --method {combined} --inference {name}."


def specs_of(*sets: Any) -> list[RunSpec]:
    """Return one spec per set of options, method and seed, in the order given, seeds innermost.

    An option must be used by one run at least, of whatever set: what tables share, or a flag that
    overrides them all, need not concern each.

    Raises:
        UsageError: an option whose method is not chosen, or that nothing uses; a refused
            combination; a bad value.
    """
    asked = [
        (options, *_without_alias(parse_method(text), _given_settings(options)))
        for options in sets
        for text in options.method
    ]
    if any(not options.method for options in sets):
        raise UsageError(f"--method: none given; allowed: {', '.join(REGISTRY)}.")
    written = [parse_method(text) for options in sets for text in options.method]
    for options, _, given in asked:
        _check_owners(options, given, written, [names for _, names, _ in asked])
    firsts = [(options, _spec(options, names, given)) for options, names, given in asked]
    _check_use(firsts)
    return [
        first.model_copy(update={"seed": seed})
        for options, first in firsts
        for seed in range(options.seed, options.seed + options.seeds)
    ]


def spec_of(options: Any, method: str) -> RunSpec:
    """Return the spec of one method for the first seed; options of other remedies are left out.

    Raises:
        UsageError: a refused combination; a bad value.
    """
    return _spec(options, *_without_alias(parse_method(method), _given_settings(options)))


def _without_alias(
    names: tuple[str, ...], given: dict[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return remedies and settings with `bayes` replaced by what its inference is a name for.

    Raises:
        UsageError: a setting that the name contradicts.
    """
    inference = INFERENCES.get(given.get("inference", "")) if "bayes" in names else None
    if inference is None or inference.alias is None:
        return names, given
    remedy, settings = inference.alias
    for key, value in settings.items():
        if given.get(key, value) != value:
            raise UsageError(
                f"--inference {inference.name} means --method {remedy} --{key} {value}, and "
                f"--{key} is {given[key]}."
            )
    renamed = dict.fromkeys(remedy if name == "bayes" else name for name in names)
    kept = {key: value for key, value in given.items() if key != "inference"}
    return tuple(renamed), kept | dict(settings)


def _given_settings(options: Any) -> dict[str, Any]:
    given = {
        name: value for name in REMEDY_OPTIONS if (value := getattr(options, name)) is not None
    }
    if options.drop_rate is not None:
        if "p" in given:
            raise UsageError("--p and --drop-rate say the same thing twice (p = 1 - drop rate).")
        given["p"] = _keep(options.drop_rate, len(options.hidden))
    return given


def _check_owners(
    options: Any,
    given: dict[str, Any],
    written: Sequence[tuple[str, ...]],
    methods: Sequence[tuple[str, ...]],
) -> None:
    chosen = {name for names in (*written, *methods) for name in names}
    for name in given:
        owner, _ = REMEDY_OPTIONS[name]
        if owner not in chosen:
            asked = ",".join(dict.fromkeys("+".join(names) for names in methods))
            combined = owner if asked == "none" else f"{asked}+{owner}"
            raise UsageError(
                f"{_flag(options, name)} belongs to '{owner}', and the method is '{asked}': "
                f"use --method {combined}."
            )


def _check_use(firsts: Sequence[tuple[Any, RunSpec]]) -> None:
    settings = [spec.settings for _, spec in firsts]
    idle = [idle_options(own) for own in settings]
    for options, _ in firsts:
        said = {name for name in options.model_fields_set if getattr(options, name) is not None}
        for name in sorted("p" if name == "drop_rate" else name for name in said):
            reasons = [
                why.get(name) for own, why in zip(settings, idle, strict=True) if name in own
            ]
            if not reasons and name in REMEDY_OPTIONS and name != "inference":
                reasons = ["is used by none of the methods asked for"]
            if reasons and all(reasons):
                raise UsageError(f"{_flag(options, name)} {reasons[0]}.")


def _flag(options: Any, name: str) -> str:
    if name == "p" and options.drop_rate is not None:
        return "--drop-rate"
    return "--" + name.replace("_", "-")


def _keep(drop_rate: Any, n_hidden: int) -> Any:
    if isinstance(drop_rate, list | tuple):
        if len(drop_rate) != n_hidden:
            raise wrong_length("--drop-rate", len(drop_rate), n_hidden)
        return [_keep(item, n_hidden) for item in drop_rate]
    good = isinstance(drop_rate, int | float) and not isinstance(drop_rate, bool)
    highest = 1 - REMEDY_OPTIONS["p"][1].low
    if not good or not 0 <= drop_rate <= highest:
        raise UsageError(f"--drop-rate: '{drop_rate}' is not a number from 0 to {highest:.6f}.")
    # .9 means what p = .1 means, though 1 - .9 is another float
    return round(1 - drop_rate, 12)


def _spec(options: Any, names: tuple[str, ...], given: dict[str, Any]) -> RunSpec:
    remedies = {
        name: REGISTRY[name].settings(
            {k: v for k, v in given.items() if REMEDY_OPTIONS[k][0] == name}
        )
        for name in names
    }
    inference = INFERENCES[remedies["bayes"]["inference"]] if "bayes" in remedies else None
    _check_combination(remedies, inference, options.hidden)
    own_dtype = None if inference is None else inference.dtype
    spec = RunSpec(
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
        seed=options.seed,
        versions={},
    )
    return spec.model_copy(update={"versions": current_versions(spec)})


def _check_combination(
    remedies: dict[str, dict[str, Any]], inference: Inference | None, hidden: tuple[int, ...]
) -> None:
    if "dropout" in remedies and not hidden and remedies["dropout"]["p_input"] == 1:
        raise UsageError(
            "dropout has nothing to thin: the network has no hidden layer, and --p-input is 1."
        )
    if inference is not None:
        for name in remedies:
            if name in inference.refuses:
                raise UsageError(
                    f"bayes with --inference {inference.name} cannot be combined with '{name}': "
                    f"{inference.why_refused}"
                )
        if inference.name == "swag" and remedies.get("dropout", {}).get("average") == "mc":
            raise UsageError(
                "bayes with --inference swag cannot be combined with --average mc: "
                "its draws are averaged, each with scaled weights."
            )
        folds = remedies["bayes"]["folds"]
        if folds and (inference.name != "ensemble" or "early-stopping" not in remedies):
            raise UsageError(
                "--folds holds out a fold per member for early stopping: "
                "use --method bayes+early-stopping --inference ensemble."
            )
