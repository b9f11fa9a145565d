"""How much work a training is, and who should do it."""

from __future__ import annotations

from collections.abc import Sequence

from overfit_cli.compiled import kernels_for
from overfit_cli.data.dataset import Prepared
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import CURVE_ROWS, Stack, members_of, network_of


def stack_for_training(specs: Sequence[RunSpec], data: Sequence[Prepared]) -> Stack:
    """Return a stack of these runs, with compiled kernels where the work deserves them."""
    work = sum(operations(spec, rows) for spec, rows in zip(specs, data, strict=True))
    return Stack(tuple(specs), tuple(data), kernels_for(work))


def operations(spec: RunSpec, data: Prepared) -> float:
    """Return the floating-point operations of one run: 6 P per row trained on, 2 P per row seen."""
    layout, inference = network_of(spec, data).layout, spec.inference
    passes, looks, n_rows = float(spec.epochs), spec.epochs // spec.eval_every, len(data.train)
    if inference is not None and inference.epochs is not None:
        looks = inference.epochs(spec.remedies["bayes"])
    if inference is not None and inference.passes is not None:
        share = min(1.0, spec.batch_size / n_rows)
        passes = inference.passes(layout, spec.remedies["bayes"], share)
    seen = min(n_rows, CURVE_ROWS) + len(data.val)
    return members_of(spec) * layout.n_parameters * (6 * passes * n_rows + 2.0 * looks * seen)
