"""What the user asks of the data: which source, how to read it, how to split it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from overfit_cli.data.dataset import Task

Resample = Literal["splits", "fixed", "draws"]


@dataclass(frozen=True)
class DataRequest:
    """One data set as asked for on the command line or in a config; None means "not said".

    dataset: a name with options (`moons:n=200,noise=0.3`), `openml:NAME`, or a path.
    val_size, test_size: a fraction of all rows (< 1) or a number of rows (>= 2); 0 is none.
    train_size: at most this many training rows (validation rows not among them).
    label_noise: fraction of training and validation labels replaced by another class
    (regression: standard deviation of added noise, in units of the target's own).
    resample None: what suits the source (see Source.resample).
    """

    dataset: str = "digits"
    target: str | None = None
    task: Task | None = None
    features: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    val_file: str | None = None
    test_file: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    time_column: str | None = None
    weight_column: str | None = None
    val_size: float = 0.2
    test_size: float | None = None
    train_size: int | None = None
    label_noise: float = 0.0
    resample: Resample | None = None

    def __post_init__(self) -> None:
        """Make fractions floats: a run's id is of their text, and a store gives back 0.0 for 0."""
        for name in ("val_size", "test_size", "label_noise"):
            if isinstance(value := getattr(self, name), int):
                object.__setattr__(self, name, float(value))
