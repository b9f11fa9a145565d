"""What a named data source declares: how it is loaded, its options, where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from overfit_cli.data.dataset import Dataset, Task
from overfit_cli.data.request import DataRequest, Resample
from overfit_cli.errors import UsageError, choose

Values = Mapping[str, int | float]


@dataclass(frozen=True)
class Option:
    """One number a source can be told, as in `moons:noise=0.3`; an int default asks for an int."""

    default: int | float
    low: float
    high: float
    help: str

    def parse(self, name: str, text: str) -> int | float:
        """Return the number that `text` spells.

        Raises:
            UsageError: not a number, not a whole one, or outside low to high.
        """
        whole = isinstance(self.default, int)
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise UsageError(
                f"{name}={text!r}: {kind} is needed, such as {self.default}."
            ) from None
        if not self.low <= value <= self.high:
            raise UsageError(f"{name}={text}: must be from {self.low:.12g} to {self.high:.12g}.")
        return value


@dataclass(frozen=True)
class Source:
    """A named data source: `load(request, values of all its options, seed) -> Dataset`.

    resample: what a new seed changes unless the user says otherwise. citation: where the data or
    the generator comes from. example: a `--dataset` that shows the options.
    """

    name: str
    summary: str
    task: Task
    load: Callable[[DataRequest, Values, int], Dataset]
    resample: Resample
    citation: str
    example: str
    options: Mapping[str, Option] = field(default_factory=dict)


def said_options(text: str, source: Source) -> dict[str, int | float]:
    """Return the options written in `text` (`n=200,noise=0.3`), each parsed as declared.

    Raises:
        UsageError: not key=value, an unknown or repeated key, or a value out of range.
    """
    said: dict[str, int | float] = {}
    for item in text.split(",") if text else ():
        key, equals, value = (word.strip() for word in item.partition("="))
        if not equals:
            raise UsageError(
                f"{source.name}: {item!r} is no option; write for example {source.example}."
            )
        if not source.options:
            raise UsageError(f"the data set '{source.name}' has no options, so '{key}' is not one.")
        choose(key, source.options, f"option of {source.name}")
        if key in said:
            raise UsageError(f"{source.name}: the option '{key}' is given twice.")
        said[key] = source.options[key].parse(f"{source.name}: {key}", value)
    return said


def all_options(said: Values, source: Source) -> dict[str, int | float]:
    """Return every option of the source, said or by default, in declared order."""
    return {name: said.get(name, option.default) for name, option in source.options.items()}


def full_name(source: Source, values: Values) -> str:
    """Return the one spelling of a source with these options: declared order, defaults left out."""
    changed = [
        f"{k}={values[k]!r}" for k, option in source.options.items() if values[k] != option.default
    ]
    return f"{source.name}:{','.join(changed)}" if changed else source.name
