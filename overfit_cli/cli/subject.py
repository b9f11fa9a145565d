"""What the headline says of a run that is already stored."""

from __future__ import annotations

from overfit_cli.errors import StoreError
from overfit_cli.experiment.stored import result_spec
from overfit_cli.records import RunResult
from overfit_cli.report.headline import Subject


def subject_of_result(result: RunResult) -> Subject:
    """Return the headline's subject from the record alone."""
    try:
        words = result_spec(result).words
    except StoreError:
        # of a version with other options: it is shown all the same
        words = result.method
    return Subject(
        dataset=result.dataset,
        n_train=result.n_train,
        n_val=result.n_val,
        n_test=result.n_test,
        sizes=tuple(result.sizes),
        activation=str(result.spec.get("activation", "")),
        n_parameters=result.n_parameters,
        methods=(words,),
        classes=len(result.classes),
        targets=max(1, len(result.target_names)),
        seeds=(result.seed,),
        label_noise=float(result.spec.get("data", {}).get("label_noise", 0)),
    )
