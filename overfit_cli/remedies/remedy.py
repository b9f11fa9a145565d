"""What every remedy declares: its name, options, formula and source, and how to build its hooks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from overfit_cli.core.hooks import Hooks
from overfit_cli.core.layout import Layout
from overfit_cli.errors import UsageError, unknown

Settings = Mapping[str, Any]

# An option without which another means nothing, and the values under which that one is used.
Need = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Option:
    """One hyperparameter, under the same name in flags (with dashes), configs and records.

    kind: float, int, bool or str. low, high: the closed range, or open where low_open says so.
    per_layer: a list, one value per hidden layer, is allowed too. structural: runs that differ in
    it cannot share a stack. infinite: infinity is allowed. need: the option is used only under
    these values of another one, such as ("average", ("mc",)). default: None for an option that is
    absent from the settings unless it is given. defaults: others, by the value of the needed
    one, which must be declared before it.
    """

    name: str
    kind: type
    default: Any
    help: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    choices: tuple[str, ...] = ()
    per_layer: bool = False
    structural: bool = False
    infinite: bool = False
    need: Need | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def allowed(self) -> str:
        """What may be written, in words."""
        if self.choices:
            return ", ".join(self.choices)
        if self.kind is bool:
            return "true or false"
        noun = "a whole number" if self.kind is int else "a number"
        if self.kind is float and self.high == math.inf and not self.infinite:
            noun = "a finite number"
        if self.high < math.inf and self.low_open:
            noun += f" above {self.low:g} and at most {self.high:g}"
        elif self.high < math.inf:
            noun += f" from {self.low:.2g} to {self.high:g}"
        elif self.low > -math.inf:
            noun += f" {'above' if self.low_open else 'of at least'} {self.low:g}"
        return noun + (", or one per hidden layer" if self.per_layer else "")

    def check(self, value: Any) -> Any:
        """Return `value` in this option's type.

        Raises:
            UsageError: names the option, the value, and what is allowed.
        """
        if self.per_layer and isinstance(value, list | tuple):
            if not value:
                raise UsageError(f"{self.flag}: no value given; write {self.allowed}.")
            return [self._number(item) for item in value]
        if self.choices:
            if value not in self.choices:
                raise UsageError(unknown(str(value), self.choices, f"value of {self.flag}"))
            return value
        if self.kind is bool:
            if not isinstance(value, bool):
                raise UsageError(f"{self.flag}: '{value}' is not {self.allowed}.")
            return value
        return self._number(value)

    def _number(self, value: Any) -> Any:
        number = _finite(value)
        if number is None and self.infinite and value == math.inf:
            number = math.inf
        good = number is not None and (self.kind is float or number == math.floor(number))
        if good:
            good = number > self.low if self.low_open else number >= self.low
            good = good and number <= self.high
        if not good:
            raise UsageError(f"{self.flag}: '{value}' is not {self.allowed}.")
        return self.kind(value)


def _finite(value: Any) -> Any:
    """Return `value` if it is a number that a float can hold, else None."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def wrong_length(flag: str, n_values: int, n_hidden: int) -> UsageError:
    """Return what to say of a list that is not one value per hidden layer."""
    values = "value" if n_values == 1 else "values"
    layers = "layer" if n_hidden == 1 else "layers"
    return UsageError(
        f"{flag}: {n_values} {values} for {n_hidden} hidden {layers}; "
        "give one, or one per hidden layer."
    )


@dataclass(frozen=True)
class Remedy:
    """One file of this package.

    build(layout, settings of each of the R replicas) -> Hooks. words(settings): the method in a
    phrase. neutral: settings under which training is that of `none`, for the contract test.
    version: raised when the same settings begin to give other numbers.
    """

    name: str
    summary: str
    formula: str
    source: str
    example: str
    options: tuple[Option, ...]
    build: Callable[[Layout, Sequence[Settings]], Hooks]
    words: Callable[[Settings], str]
    neutral: Settings | None = None
    version: int = 1

    def settings(self, given: Settings) -> dict[str, Any]:
        """Return checked settings, defaults filled in."""
        found: dict[str, Any] = {}
        for option in self.options:
            default = option.default
            if option.need is not None:
                default = option.defaults.get(str(found.get(option.need[0])), default)
            value = given.get(option.name, default)
            if option.name in given or value is not None:
                found[option.name] = option.check(value)
        return found
