"""What a comparison found: frozen, JSON-ready records, which the report turns into pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from overfit_cli.records import Metrics, finite

Resample = Literal["splits", "fixed", "draws"]
Test = Literal["corrected t", "sign flip", "McNemar"]
Finding = Literal["better", "worse", "equal", "undecided", "too few"]

# Smaller is better for every metric but these.
HIGHER_IS_BETTER = frozenset({"auc", "r2"})


@dataclass(frozen=True)
class Trial:
    """The run that a method's selection chose for one seed.

    setting: the hyperparameters that the selection could choose, by name, as text. selected_by:
    the validation value that chose it, None without a choice. scores: metrics of "train", "val"
    and "test". seconds: the stack's wall time over its replicas. tried: settings that were tried
    for this seed.
    """

    run_id: str
    seed: int
    setting: Mapping[str, str]
    selected_by: float | None
    scores: Mapping[str, Metrics]
    seconds: float
    best_epoch: int
    restored_epoch: int | None = None
    tried: int = 1


@dataclass(frozen=True)
class Setting:
    """One setting that a method tried: how often it won, and what it scored.

    seeds, val, test: one entry per finished run, values of the comparison's metric (NaN if
    absent); lost: diverged or failed runs.
    """

    values: Mapping[str, str]
    chosen: int
    seeds: tuple[int, ...]
    val: tuple[float, ...]
    test: tuple[float, ...]
    lost: int = 0


@dataclass(frozen=True)
class Band:
    """One curve over seeds: mean and smallest and largest value at each epoch (or draw)."""

    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Curves:
    """A method's curves: bands by name ("train_nll", "val_nll", "train_error", … or rmse).

    n: how many seeds were still training at each epoch.
    """

    axis: Literal["epoch", "draw", "setting"]
    epochs: tuple[int, ...]
    n: tuple[int, ...]
    bands: Mapping[str, Band]

    def shared(self) -> Curves:
        """Return the curves as far as every seed trains: a mean over fewer is of other seeds."""
        whole = [place for place, n in enumerate(self.n) if n == max(self.n)]

        def cut(values: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(values[place] for place in whole)

        bands = {
            name: Band(cut(band.mean), cut(band.low), cut(band.high))
            for name, band in self.bands.items()
        }
        return Curves(self.axis, cut(self.epochs), cut(self.n), bands)

    @property
    def is_cut(self) -> bool:
        """Whether some seeds train longer than others."""
        return len(set(self.n)) > 1


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram: weighted mean confidence in the top label, and accuracy.

    count: of its rows; weight: of all of them, 1 per row on average.
    """

    confidence: float
    accuracy: float
    count: int
    weight: float


@dataclass(frozen=True)
class Arm:
    """One method of a comparison, over all its seeds.

    name: such as "dropout+max-norm", or "dropout (average mc)" where two forms are compared.
    varied: names of the hyperparameters that differ among its settings. diverged, failed: runs of
    this method, whatever their setting. tuned: the most settings that `overfit tune` tried for a
    seed, of which only the winners are among `settings`; 0 if it did not. tied: seeds for which
    several settings did equally well, so that the first of them stands for all. references: the
    problem's, over this method's own seeds; empty where they are those of all.
    """

    name: str
    trials: tuple[Trial, ...]
    settings: tuple[Setting, ...]
    varied: tuple[str, ...] = ()
    diverged: int = 0
    failed: int = 0
    curves: Curves | None = None
    reliability: tuple[Bin, ...] = ()
    tuned: int = 0
    tied: int = 0
    references: Mapping[str, Metrics] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        """How many settings were tried, for the seed that had most if that differs."""
        most = max((trial.tried for trial in self.trials), default=0)
        return max(self.tuned, len(self.settings), most)

    @property
    def fewest_tried(self) -> int:
        """How many were tried for the seed that had the fewest to choose from."""
        return min((trial.tried for trial in self.trials), default=self.tried)

    def values(self, metric: str, part: str = "test") -> dict[int, float]:
        """Return one value per seed."""
        return {t.seed: t.scores.get(part, {}).get(metric, float("nan")) for t in self.trials}


@dataclass(frozen=True)
class Interval:
    """The paired difference in one metric, arm minus baseline: mean and its 95% interval.

    low, high: NaN where the seeds do not bound it (one seed; a sign flip over fewer than six).
    """

    metric: str
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """One arm against the baseline, on one metric, paired by seed.

    differences: arm minus baseline, one per seed both finished. p: of the one test; p_holm:
    adjusted for all comparisons with this baseline; None where nothing was tested. probabilities:
    of better, practically equal and worse (Bayesian twin of the corrected t), else None. rope: in
    the metric's unit. needed: the smallest number of seeds that could decide, for "too few".
    enough: about how many would with 80% power if mean and spread stay as seen, for "undecided";
    None if none up to 10,000 has that power.
    test_over_train: of the variance factor, for the corrected t: test rows over rows that could
    have trained, --train-size or not.
    interval: of the metric; of "error" for McNemar's test, as are differences and rope.
    others: intervals for the other metrics, which get no verdict.
    """

    arm: str
    baseline: str
    test: Test
    finding: Finding
    interval: Interval
    seeds: tuple[int, ...]
    differences: tuple[float, ...]
    p: float | None
    p_holm: float | None
    rope: float
    comparisons: int
    probabilities: tuple[float, float, float] | None = None
    needed: int | None = None
    enough: int | None = None
    test_over_train: float | None = None
    others: tuple[Interval, ...] = ()

    @property
    def n(self) -> int:
        """Number of paired seeds."""
        return len(self.differences)


@dataclass(frozen=True)
class Fidelity:
    """How near a method's predictive distributions are to a reference's, on the same test rows.

    One value per seed of `seeds`: agreement is the share of rows with the same most probable class
    (empty for regression), total_variation the mean over rows, from 0 (equal) to 1. unpaired: by
    reason, seeds that both finished and that could not be held against each other.
    """

    arm: str
    reference: str
    seeds: tuple[int, ...]
    agreement: tuple[float, ...]
    total_variation: tuple[float, ...]
    unpaired: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """One data set, as split and noised, and every method that was run on it.

    metric: what verdicts are about; select: the validation metric that chose settings. common:
    settings all runs share; references: mean test metrics of "majority class" (or "mean"),
    "linear model" and "true probabilities" over the seeds. n_train, n_val, n_test: of the first
    run. warnings: sentences, such as methods that tried unequally many settings. reference: the
    method whose predictive distributions the others' are held against, if any; fidelity: one per
    other method. notes: what was said of the data.
    """

    dataset: str
    resample: Resample
    n_train: int
    n_val: int
    n_test: int
    metric: str
    select: str
    baseline: str | None
    arms: tuple[Arm, ...]
    verdicts: tuple[Verdict, ...]
    common: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Metrics] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    reference: str | None = None
    fidelity: tuple[Fidelity, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether the metrics are rmse, mae and r2."""
        return any("rmse" in t.scores.get("test", {}) for arm in self.arms for t in arm.trials)


@dataclass(frozen=True)
class Comparison:
    """A report's content. title: the batch's name or the selection; date: ISO 8601, or None."""

    title: str
    problems: tuple[Problem, ...]
    n_runs: int
    date: str | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON, non-finite numbers None."""
        return dict(finite(asdict(self)))
