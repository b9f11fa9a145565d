"""What the headline says of a run that is already stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from overfit_cli.data.registry import TABLES
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
        target=target_told(result.dataset, result.target_names),
        seeds=(result.seed,),
        label_noise=float(result.spec.get("data", {}).get("label_noise", 0)),
    )


def target_told(dataset: str, names: Sequence[str]) -> str:
    """Return the target's name where the data set is a table with one."""
    is_table = PurePath(dataset).suffix.lower() in TABLES
    return names[0] if is_table and len(names) == 1 else ""
