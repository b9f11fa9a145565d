"""The data of runs: loaded once, prepared once per seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from overfit_cli.data import Dataset, Prepared, load, prepare, resample_of
from overfit_cli.data.request import DataRequest
from overfit_cli.experiment.spec import RunSpec


def ready(specs: Sequence[RunSpec]) -> tuple[list[RunSpec], list[Prepared]]:
    """Return the specs with their data's fingerprint and resample mode, and the prepared data.

    Raises:
        UsageError, DataError: see data.load and data.prepare.
    """
    prepared: dict[tuple[DataRequest, int, str], Prepared] = {}
    tables: dict[DataRequest, Dataset] = {}
    resolved: dict[DataRequest, DataRequest] = {}
    for spec in specs:
        key = (spec.data, spec.seed, spec.dtype)
        if key in prepared:
            continue
        dataset = tables.get(spec.data) or load(spec.data, spec.seed)
        if dataset.truth is None:
            # only a generator gives other rows to another seed
            tables[spec.data] = dataset
        # said or unsaid, the same resample mode is the same run
        resolved[spec.data] = replace(spec.data, resample=resample_of(dataset, spec.data))
        prepared[key] = prepare(dataset, spec.data, spec.seed, np.dtype(spec.dtype))
    data = [prepared[spec.data, spec.seed, spec.dtype] for spec in specs]
    known = [
        spec.model_copy(update={"fingerprint": own.fingerprint, "data": resolved[spec.data]})
        for spec, own in zip(specs, data, strict=True)
    ]
    return known, data
