"""The data of runs: loaded once, prepared once per seed."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from overfit_cli.data import Dataset, Prepared, load, prepare, resample_of
from overfit_cli.data.request import DataRequest
from overfit_cli.experiment.spec import RunSpec


@dataclass
class Loader:
    """Loads and prepares data, and keeps what was used last.

    most_bytes: prepared data beyond it are forgotten, the least recently used first.
    """

    most_bytes: float = math.inf
    _tables: dict[DataRequest, Dataset] = field(default_factory=dict)
    # a generator gives other rows to another seed: only the last ones are kept
    _generated: dict[tuple[DataRequest, int], Dataset] = field(default_factory=dict)
    _facts: dict[tuple[DataRequest, int], tuple[str, DataRequest]] = field(default_factory=dict)
    _prepared: OrderedDict[tuple[DataRequest, int, str], Prepared] = field(
        default_factory=OrderedDict
    )

    def known(self, spec: RunSpec) -> RunSpec:
        """Return the spec with its data's fingerprint and resample mode.

        Raises:
            UsageError, DataError: see data.load.
        """
        key = (spec.data, spec.seed)
        if key not in self._facts:
            dataset = self._dataset(spec)
            # said or unsaid, the same resample mode is the same run
            resolved = replace(spec.data, resample=resample_of(dataset, spec.data))
            self._facts[key] = (dataset.fingerprint, resolved)
            if dataset.truth is None:
                self._tables[resolved] = dataset
            else:
                self._generated[resolved, spec.seed] = dataset
        fingerprint, data = self._facts[key]
        return spec.model_copy(update={"fingerprint": fingerprint, "data": data})

    def prepared(self, spec: RunSpec) -> Prepared:
        """Return the data of a run, split and standardised.

        Raises:
            UsageError, DataError: see data.load and data.prepare.
        """
        # said or unsaid, the same resample mode is prepared once
        spec = self.known(spec)
        key = (spec.data, spec.seed, spec.dtype)
        if key not in self._prepared:
            dataset = self._dataset(spec)
            self._prepared[key] = prepare(dataset, spec.data, spec.seed, np.dtype(spec.dtype))
        self._prepared.move_to_end(key)
        while len(self._prepared) > 1 and self._bytes() > self.most_bytes:
            self._prepared.popitem(last=False)
        return self._prepared[key]

    def _dataset(self, spec: RunSpec) -> Dataset:
        key = (spec.data, spec.seed)
        if spec.data in self._tables:
            return self._tables[spec.data]
        if key not in self._generated:
            dataset = load(spec.data, spec.seed)
            if dataset.truth is None:
                self._tables[spec.data] = dataset
                return dataset
            self._generated = {key: dataset}
        return self._generated[key]

    def _bytes(self) -> int:
        return sum(size_of(data) for data in self._prepared.values())


def size_of(data: Prepared) -> int:
    """Return the bytes of prepared rows, all parts together."""
    return sum(
        part.inputs.nbytes + part.targets.nbytes for part in (data.train, data.val, data.test)
    )


def ready(specs: Sequence[RunSpec]) -> tuple[list[RunSpec], list[Prepared]]:
    """Return the specs with their data's fingerprint and resample mode, and the prepared data.

    Raises:
        UsageError, DataError: see data.load and data.prepare.
    """
    loader = Loader()
    data = [loader.prepared(spec) for spec in specs]
    return [loader.known(spec) for spec in specs], data
