"""What the user may say about an experiment: the same names as flags and as config keys."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from overfit_cli.bayes import INFERENCES
from overfit_cli.core.schedules import schedule
from overfit_cli.errors import UsageError, cut, unknown
from overfit_cli.remedies import REGISTRY
from overfit_cli.remedies.remedy import Need


def _words(value: Any) -> Any:
    """Split "a, b" into ["a", "b"], so that a flag and a TOML list say the same.

    What is quoted stays whole, as in a CSV file: '"age, years", b'.
    """
    if not isinstance(value, str):
        return value
    line = " ".join(value.splitlines())
    words = line.split(",")
    if '"' in line:
        try:
            words = next(csv.reader([line], skipinitialspace=True))
        except csv.Error as error:
            raise ValueError(f"cannot be split into names: {error}") from error
    return [word.strip() for word in words if word.strip()]


def _widths(value: Any) -> Any:
    words = value.split(",") if isinstance(value, str) else value
    return [] if words in (["none"], ["0"], 0) else words


def _schedule(value: Any) -> Any:
    schedule(str(value))
    return value


# A plan is held in memory; for more there are batches.
MOST_SEEDS = 10_000

Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], BeforeValidator(_widths)]
Size = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class RunOptions(BaseModel):
    """Everything but the remedies' own hyperparameters; None means "what suits the data"."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    dataset: Annotated[str, Field(min_length=1)] = "digits"
    target: str | None = None
    task: Literal["classification", "regression"] | None = None
    features: Words = ()
    drop: Words = ()
    val_file: str | None = None
    test_file: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    time_column: str | None = None
    weight_column: str | None = None
    val_size: Size = 0.2
    test_size: Size | None = None
    train_size: Count | None = None
    label_noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    resample: Literal["splits", "fixed", "draws"] | None = None
    method: Words = ("none",)
    hidden: Widths = (256, 256)
    activation: Literal["relu", "tanh", "logistic", "identity"] = "relu"
    optimizer: Literal["sgd", "nesterov", "adam"] = "sgd"
    lr: Positive = 0.05
    lr_schedule: Annotated[str, BeforeValidator(_schedule)] = "constant"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    batch_size: Count = 32
    epochs: Count = 100
    eval_every: Count = 1
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    dtype: Literal["float32", "float64"] | None = None
    threads: Count = 1


REMEDY_OPTIONS = {
    option.name: (remedy.name, option) for remedy in REGISTRY.values() for option in remedy.options
}

DESCENT = ("optimizer", "lr", "lr_schedule", "momentum", "batch_size", "epochs")


def _inferences_using(option: str) -> Need:
    using = (own.name for own in INFERENCES.values() if own.descends or option in own.uses)
    return "inference", tuple(using)


NEEDS: dict[str, list[Need]] = {
    name: [option.need] for name, (_, option) in REMEDY_OPTIONS.items() if option.need
} | {name: [_inferences_using(name)] for name in DESCENT}
NEEDS["momentum"].append(("optimizer", ("sgd", "nesterov")))

_remedy_fields: dict[str, Any] = {
    name: (Any, Field(default=None, description=option.help))
    for name, (_, option) in REMEDY_OPTIONS.items()
}
_remedy_fields["drop_rate"] = (Any, Field(default=None, description="1 - p, other convention"))

Options = create_model("Options", __base__=RunOptions, **_remedy_fields)
Options.__doc__ = """All options of `run`; a remedy's option is None where the user did not say."""


def idle_options(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the options that move none of a run's numbers, and why, as the end of a sentence.

    settings: a run's and all its remedies', by option; what is not among them asks for nothing.
    """
    idle: dict[str, str] = {}
    for name, needs in NEEDS.items():
        for key, values in needs:
            # an optimizer that a sampler does not use says nothing of its momentum
            asked = name in settings and key in settings and key not in idle
            if asked and settings[key] not in values:
                idle[name] = (
                    f"belongs to --{key} {_either(values)}, and the {key} is {settings[key]}"
                )
    idle |= dict.fromkeys(accidental(settings), "was not used by that version")
    if "p" in settings and not settings.get("hidden", True):
        idle["p"] = "is for hidden layers, and there are none"
    if "prior_sd" in settings:
        idle.setdefault("prior_width", "is for unknown precisions, and --prior-sd fixes them")
    return idle


def accidental(settings: Mapping[str, Any]) -> list[str]:
    """Return options that a stored run's settings hold, and its inference did not use then."""
    inference = INFERENCES.get(settings.get("inference", ""))
    if inference is None:
        return []
    version = settings.get("versions", {}).get(inference.name, inference.version)
    return [name for name, since in inference.since.items() if name in settings and version < since]


def _either(values: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(values[:-1]), values[-1]]))


def parse_options(given: Mapping[str, Any], where: str = "") -> Any:
    """Return validated `Options`; `where` (a file) begins every message.

    Raises:
        UsageError: an unknown key, with the nearest one; a value that is not allowed.
    """
    prefix = f"{where}: " if where else ""
    for key in given:
        if key not in Options.model_fields:
            raise UsageError(prefix + unknown(key, Options.model_fields, "key"))
    try:
        return Options.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        said = name if where else "--" + name.replace("_", "-")
        raise UsageError(f"{prefix}{_plain(first, said)}") from None
    except UsageError as error:
        raise UsageError(f"{prefix}{error}") from None


def _plain(error: Any, name: str) -> str:
    """Return pydantic's message in the project's words."""
    if error["type"] == "literal_error":
        choices = _choices(error["ctx"]["expected"])
        return unknown(str(error["input"]), choices, f"value of {name}")
    # "Input should be a valid integer, unable to parse string as an integer"
    allowed = str(error["msg"]).split(",")[0].replace("Input should", "must")
    return f"{name}: {allowed} (got {cut(repr(error['input']))})."


def _choices(expected: str) -> list[str]:
    return [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]
