"""Which runs train together: equal shapes and remedies, as many as the cache holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.loading import size_of
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack, network_of, stack_key

# Parameters, gradient, velocity and room for one more of a whole stack; beyond about this many
# bytes a wider stack was not faster (tests/benchmarks/stack_width.py).
STACK_BYTES = 4 * 2**20
COPIES = 4

# Runs of different seeds bring rows of their own; a stack holds them all.
ROW_BYTES = 2**28


def stacks_of(specs: Sequence[RunSpec], data: Sequence[Prepared]) -> list[Stack]:
    """Return stacks that hold every run once, in the order of their first runs."""
    groups: dict[Hashable, list[int]] = {}
    for place, (spec, prepared) in enumerate(zip(specs, data, strict=True)):
        groups.setdefault(stack_key(spec, prepared), []).append(place)
    stacks = []
    for places in groups.values():
        size = most_runs(specs[places[0]], data[places[0]])
        for start in range(0, len(places), size):
            chosen = places[start : start + size]
            stacks.append(Stack(tuple(specs[i] for i in chosen), tuple(data[i] for i in chosen)))
    return stacks


def most_runs(spec: RunSpec, data: Prepared) -> int:
    """Return how many runs like this one a stack should hold."""
    inference, layout = spec.inference, network_of(spec, data).layout
    members = 1 if inference is None else inference.members(spec.remedies["bayes"])
    itemsize = 4 if spec.dtype == "float32" else 8
    per_run = layout.n_parameters * itemsize * COPIES * members
    if inference is not None and inference.state_size is not None:
        per_run += 8 * inference.state_size(layout, spec.remedies["bayes"]) * members
    # a sampler's chains have the training rows before them, each its own copy
    copies = 1 if inference is None or inference.descends else 1 + members
    return max(1, min(STACK_BYTES // per_run, ROW_BYTES // max(1, copies * size_of(data))))
