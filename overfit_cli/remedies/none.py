"""No remedy: the unit of every combination."""

from __future__ import annotations

from collections.abc import Sequence

from overfit_cli.core.hooks import Hooks
from overfit_cli.core.layout import Layout
from overfit_cli.remedies.remedy import Remedy, Settings


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return hooks that change nothing."""
    del layout, settings
    return Hooks()


NONE = Remedy(
    name="none",
    summary="no remedy: the mean nll on training rows is minimised, and nothing else",
    formula="minimise  nll = -(1/N) sum_n log p(t_n | x_n, w)",
    source="Rumelhart, Hinton & Williams 1986, Nature 323",
    example="overfit run --method none",
    options=(),
    build=build,
    words=lambda settings: "no remedy",
    neutral={},
)
