"""Which runs a batch consists of: methods x grids x seeds, expanded lazily."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from overfit_cli.experiment.config import Config, Table
from overfit_cli.experiment.loading import Loader
from overfit_cli.experiment.options import Options, parse_options
from overfit_cli.experiment.spec import RunSpec, spec_of, specs_of


@dataclass(frozen=True)
class Plan:
    """The runs of a batch. Iterating makes one spec at a time; nothing is kept.

    `len` counts methods x settings x seeds; two tables that say the same are counted twice, and
    trained once.
    """

    config: Config

    @property
    def name(self) -> str:
        """The batch's name."""
        return self.config.name

    def __len__(self) -> int:
        """Return the number of runs."""
        return sum(self._size(table) for table in self.config.tables)

    def check(self) -> None:
        """Check every method with every value of every axis, one axis at a time.

        Raises:
            UsageError: see spec.specs_of.
        """
        one_seed = [
            parse_options(values | {"seeds": 1})
            for table in self.config.tables
            for values in _one_at_a_time(table)
        ]
        specs_of(*one_seed)

    def __iter__(self) -> Iterator[RunSpec]:
        """Yield specs, seeds innermost; they lack what only the data tell (see `known`)."""
        for table in self.config.tables:
            for values in itertools.product(*table.grid.values()):
                options = _options(table, values)
                for first in _firsts(options):
                    for seed in range(options.seed, options.seed + options.seeds):
                        yield first.model_copy(update={"seed": seed})

    def methods(self) -> tuple[str, ...]:
        """Return the methods' names in the order written."""
        options = (parse_options(table.options) for table in self.config.tables)
        return tuple(dict.fromkeys(name for own in options for name in own.method))

    def datasets(self) -> tuple[str, ...]:
        """Return the data sets' names in the order written."""
        default = Options.model_fields["dataset"].default
        named = (
            table.grid.get("dataset", (table.options.get("dataset", default),))
            for table in self.config.tables
        )
        return tuple(dict.fromkeys(name for own in named for name in own))

    def each_value(self) -> Iterator[RunSpec]:
        """Yield the first seed's spec of every method with every value of every axis once."""
        for table in self.config.tables:
            for values in _one_at_a_time(table):
                yield from _firsts(parse_options(values))

    def samples(self, most: int) -> Iterator[tuple[int, list[RunSpec]]]:
        """Yield, per table, how many runs it has, and at most about `most` settings of its grid."""
        for table in self.config.tables:
            axes = list(table.grid.values())
            n_settings = math.prod(len(axis) for axis in axes)
            places = range(0, n_settings, max(1, n_settings // most))
            found = (_options(table, _values(axes, place)) for place in places)
            yield self._size(table), [spec for options in found for spec in _firsts(options)]

    def _size(self, table: Table) -> int:
        options = parse_options(table.options)
        settings = math.prod(len(values) for values in table.grid.values())
        return settings * len(options.method) * int(options.seeds)


def _options(table: Table, values: Sequence[Any]) -> Any:
    return parse_options({**table.options, **dict(zip(table.grid, values, strict=True))})


def _firsts(options: Any) -> list[RunSpec]:
    return [spec_of(options, method) for method in options.method]


def _values(axes: Sequence[Sequence[Any]], place: int) -> list[Any]:
    """Return setting number `place` of the grid, the last axis running fastest."""
    values: list[Any] = []
    for axis in reversed(axes):
        place, index = divmod(place, len(axis))
        values.insert(0, axis[index])
    return values


def _one_at_a_time(table: Table) -> Iterator[dict[str, Any]]:
    firsts = {**table.options, **{key: values[0] for key, values in table.grid.items()}}
    yield firsts
    for key, values in table.grid.items():
        for value in values[1:]:
            yield {**firsts, key: value}


def known(specs: Iterable[RunSpec], loader: Loader) -> Iterator[tuple[str, RunSpec]]:
    """Yield (run id, spec), each run once, with its data's fingerprint and resample mode.

    Raises:
        UsageError, DataError: see data.load.
    """
    seen: set[str] = set()
    for spec in specs:
        found = loader.known(spec)
        run_id = found.run_id
        if run_id not in seen:
            seen.add(run_id)
            yield run_id, found


@dataclass(frozen=True)
class Shard:
    """Part `number` (from 1) of `count`: runs are dealt out by their ids."""

    number: int = 1
    count: int = 1

    def __contains__(self, run_id: str) -> bool:
        """Tell whether a run belongs to this part."""
        return int(run_id[:8], 16) % self.count == self.number - 1
