"""What every remedy declares: its name, options, formula and source, and how to build its hooks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overfit_cli.core.hooks import Hooks
from overfit_cli.core.layout import Layout
from overfit_cli.errors import UsageError, unknown

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """One hyperparameter, under the same name in flags (with dashes), configs and records.

    kind: float, int, bool or str. low, high: the closed range, or open where low_open says so.
    per_layer: a list, one value per hidden layer, is allowed too. structural: runs that differ in
    it cannot share a stack.
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
        if self.high < math.inf:
            noun += f" {'above' if self.low_open else 'from'} {self.low:g} to {self.high:g}"
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
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and not math.isnan(value)
        if good and self.kind is int:
            good = value == math.floor(value) if math.isfinite(value) else False
        if good:
            good = value > self.low if self.low_open else value >= self.low
            good = good and value <= self.high
        if not good:
            raise UsageError(f"{self.flag}: '{value}' is not {self.allowed}.")
        return self.kind(value)


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
        return {
            option.name: option.check(given.get(option.name, option.default))
            for option in self.options
        }
