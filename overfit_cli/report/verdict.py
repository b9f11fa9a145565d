"""What the figures say about overfitting, in a sentence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from overfit_cli.records import TRUTHS, Metrics, RunResult
from overfit_cli.report.figures import at_epochs, mean, rounded, whole_range
from overfit_cli.report.seeds import by_method, finished, losses
from overfit_cli.report.summary import reference_part
from overfit_cli.words import plural

OVERFITS = 0.1
"""Nats of nll beyond training from which a run overfits: new rows' true answers then get, in
geometric mean, at least a tenth less probability than training rows' (exp(.1) = 1.105). In nats
it means the same for any number of classes and, for densities, in any unit."""

SLIGHTLY = 0.02
"""Nats from which it overfits slightly: two hundredths less probability. Differences below are
called equal, also to baselines; test sets of a few hundred rows say no more."""

LATE = 0.9
"""After this share of the epochs a lowest validation nll may only be where training ended."""

FEW = 30
"""With fewer judging rows the sentence ends in a reservation: one row more or less decides."""

MANY = 100
"""Test rows from which not a single mistake, by a linear model either, is too good to be true."""

Kind = Literal[
    "overfits", "slightly", "fine", "underfits", "early", "diverged", "failed", "unknown"
]
PLACES = {"test": "test", "val": "validation"}
HEADS = {
    "overfits": "overfits",
    "slightly": "overfits slightly",
    "fine": "does not overfit",
    "underfits": "underfits",
    "early": "trained too briefly to judge",
    "unknown": "cannot be judged",
}


@dataclass(frozen=True)
class Judgement:
    """What is said about the runs of one method, and its sentence."""

    kind: Kind
    sentence: str


def verdict(runs: Sequence[RunResult]) -> str:
    """Return one sentence about the runs of one method, which differ by seed."""
    return judge(runs).sentence


def verdicts(results: Sequence[RunResult]) -> dict[str, Judgement]:
    """Return the judgement on each method."""
    return {method: judge(runs) for method, runs in by_method(results).items()}


def judge(runs: Sequence[RunResult]) -> Judgement:
    """Return what the finished seeds say; the others are counted beside.

    Each seed is judged as if it were alone, and the kind is that of most of them; among equally
    many the kind of their means, if it is one of these.

    Where every validation nll was lowest at the very last epoch, "early" is said of such a gap.
    Overfitting is the nll of test (else validation) rows less that of training rows; with label
    noise that of validation rows, whose labels are as noisy as training's. A run
    underfits if it does not overfit, stays above the best possible, and fits its own training
    rows no better than the majority class (or mean), or worse than a linear model does new ones.
    """
    used, lost = finished(runs), losses(runs)
    if not used:
        return _unfinished(runs, lost)
    part = _judging_part(used)
    if _kind(used, part) == "unknown":
        return Judgement("unknown", "; ".join([_unknown(used, part), *lost]))
    kinds = _kinds(used, part)
    kind = kinds[0][0]
    told = [
        f"{_head(kinds, len(used))}: {_figures(used, part)}",
        _clean_test_rows(used),
        _where_lowest(used),
        *_beside_baselines(used, reference_part(used), kind),
        "no test rows" if reference_part(used) == "val" else "",
        *lost,
        _few_rows(used, part),
    ]
    return Judgement(kind, "; ".join(filter(None, told)))


def too_good(results: Sequence[RunResult]) -> str:
    """Return what to suspect where some method and its linear model make no mistake, else ""."""
    groups = (finished(runs) for runs in by_method(results).values())
    if not any(runs and all(map(_without_mistake, runs)) for runs in groups):
        return ""
    return "every test row is right, by the linear model too: does a column hold the answer?"


def _without_mistake(run: RunResult) -> bool:
    """Whether network and linear model get many rows right, none of them a generator's."""
    linear, own = run.baselines.get("linear model", {}), run.final.get("test", {})
    known = not run.baselines.keys().isdisjoint(TRUTHS)
    return not known and run.n_test >= MANY and own.get("error") == linear.get("error") == 0


def _few_rows(runs: Sequence[RunResult], part: str) -> str:
    fewest = min(run.n_test if part == "test" else run.n_val for run in runs)
    if fewest >= FEW:
        return ""
    return f"only {plural(fewest, f'{PLACES[part]} row')}: little can be said"


def _judging_part(runs: Sequence[RunResult]) -> str:
    """Return which rows to hold against training rows: those whose labels are as noisy."""
    if _noisy(runs) and any(run.final.get("val") for run in runs):
        return "val"
    return reference_part(runs)


def _noisy(runs: Sequence[RunResult]) -> bool:
    return any(run.spec.get("data", {}).get("label_noise", 0) > 0 for run in runs)


def _clean_test_rows(runs: Sequence[RunResult]) -> str:
    if not _noisy(runs) or reference_part(runs) != "test":
        return ""
    return f"test nll, labels as they are, {rounded(_nll(runs, 'test'))}"


def _unfinished(runs: Sequence[RunResult], lost: list[str]) -> Judgement:
    if not any(run.status == "diverged" for run in runs):
        return Judgement("failed", "; ".join(lost))
    return Judgement("diverged", f"{'; '.join(lost)}: try {_calmer(runs)}")


def _calmer(runs: Sequence[RunResult]) -> str:
    """Return what keeps such runs from diverging: a sampler has no learning rate."""
    inference = inference_of(runs[0])
    if inference == "hmc":
        return "more --warmup"
    name, words = ("step_size", "--step-size") if inference == "sghmc" else ("lr", "learning rate")
    specs = [{**run.spec, **run.spec.get("remedies", {}).get("bayes", {})} for run in runs]
    now = dict.fromkeys(f"{spec[name]:g}" for spec in specs if name in spec)
    return f"a {words} smaller" + (f" than {', '.join(now)}" if now else "")


def inference_of(run: RunResult) -> str:
    """Return how a Bayesian average was approximated, "" for other methods."""
    return str(run.spec.get("remedies", {}).get("bayes", {}).get("inference", ""))


def _kind(runs: Sequence[RunResult], part: str) -> Kind:
    gap = _nll(runs, part) - _nll(runs, "train")
    if part == "train" or math.isnan(gap):
        return "unknown"
    if gap >= OVERFITS:
        return "early" if _cut_short(runs) else "overfits"
    if _underfits(runs, part):
        return "underfits"
    if gap < SLIGHTLY:
        return "fine"
    return "early" if _cut_short(runs) else "slightly"


def _cut_short(runs: Sequence[RunResult]) -> bool:
    """Whether the validation nll of every run was lowest at the very last epoch.

    A stop rule that restored that one has not stopped anything.
    """
    return all(
        run.axis == "epoch"
        and run.n_val > 0
        and run.best_epoch >= run.epochs_run
        and run.restored_epoch in (None, run.epochs_run)
        for run in runs
    )


def _kinds(runs: Sequence[RunResult], part: str) -> list[tuple[Kind, int]]:
    """Return how many seeds are of which kind, most first; ties begin with that of the means."""
    found = Counter(_kind([run], part) for run in runs).most_common()
    means = _kind(runs, part)
    return sorted(found, key=lambda pair: (-pair[1], pair[0] != means))


def _underfits(runs: Sequence[RunResult], part: str) -> bool:
    above = _nll(runs, part) - min(_baseline(runs, truth) for truth in TRUTHS)
    as_good_as_possible = math.isfinite(above) and above < SLIGHTLY
    # training rows with wrong labels are not to be fitted as well as clean test rows
    return not as_good_as_possible and not _noisy(runs) and bool(_unreached(runs))


def _unreached(runs: Sequence[RunResult]) -> list[str]:
    """Return the baselines whose nll on new rows the network misses on its own training rows."""
    train, majority = _nll(runs, "train"), _baseline(runs, "majority class")
    # of a rare class the majority knows nearly all: there a tenth of what is left is much
    margins = {
        "linear model": SLIGHTLY,
        "majority class": -min(SLIGHTLY, majority / 10),
        "mean": -SLIGHTLY,
    }
    return [name for name, margin in margins.items() if train > _baseline(runs, name) + margin]


def _nll(runs: Sequence[RunResult], part: str) -> float:
    return _mean_of([run.final.get(part, {}) for run in runs], math.nan)


def _baseline(runs: Sequence[RunResult], name: str) -> float:
    """Return the mean nll of a baseline, infinity where there is none."""
    return _mean_of([run.baselines.get(name, {}) for run in runs], math.inf)


def _mean_of(metrics: Sequence[Metrics], absent: float, metric: str = "nll") -> float:
    found = [each[metric] for each in metrics if metric in each]
    return mean(found) if found else absent


def _head(kinds: Sequence[tuple[Kind, int]], seeds: int) -> str:
    """Say which kinds the seeds are: `overfits in 4 of 5 seeds, underfits in 1`."""
    (first, most), *others = kinds
    if seeds == 1:
        return HEADS[first]
    if not others:
        return f"{HEADS[first]} in {'both' if seeds == 2 else f'all {seeds}'} seeds"
    beside = (f"{HEADS[kind]} in {count}" for kind, count in others)
    return ", ".join([f"{HEADS[first]} in {most} of {seeds} seeds", *beside])


def _figures(runs: Sequence[RunResult], part: str) -> str:
    mean_of = "mean " if len(runs) > 1 else ""
    new, old = rounded(_nll(runs, part)), rounded(_nll(runs, "train"))
    labels = " (noisy labels in both)" if _noisy(runs) and part == "val" else ""
    return f"{mean_of}{PLACES[part]} nll {new} against {old} in training{labels}"


def _unknown(runs: Sequence[RunResult], part: str) -> str:
    if part == "train":
        return (
            f"nothing can be said about overfitting: training nll {rounded(_nll(runs, 'train'))}"
            ", and neither test nor validation rows"
        )
    return f"nothing can be said about overfitting: {_figures(runs, part)}"


def _where_lowest(runs: Sequence[RunResult]) -> str:
    """Say which epoch was restored, or where the validation nll was lowest."""
    trained = whole_range(run.epochs_run for run in runs)
    restored = [run.restored_epoch for run in runs if run.restored_epoch is not None]
    if restored:
        return f"{at_epochs(restored)} of {trained} restored"
    if runs[0].axis != "epoch":
        return ""
    if not any(run.n_val for run in runs):
        return "no validation rows, so where it was lowest is not known"
    ending = ", and may fall further" if still_falling(runs) else ""
    lowest = at_epochs([run.best_epoch for run in runs])
    return f"validation nll lowest at {lowest} of {trained}{ending}"


def still_falling(runs: Sequence[RunResult]) -> bool:
    """Whether the validation nll of every run was lowest near the end of training.

    A grid of settings has no end that could be farther away.
    """
    if any(run.axis == "setting" for run in runs):
        return False
    return all(run.n_val > 0 and run.best_epoch >= LATE * run.epochs_run for run in runs)


def _beside_baselines(runs: Sequence[RunResult], part: str, kind: Kind) -> Iterable[str]:
    if part != "test":
        return
    own = _nll(runs, part)
    if kind == "underfits":
        # the means of seeds of which only most underfit may miss no baseline
        few = next(each for each in (runs, *([run] for run in runs)) if _unreached(each))
        name = _unreached(few)[0]
        reached = rounded(_baseline(few, name))
        yield f"its own training rows are fitted no better than new rows by the {name} ({reached})"
    else:
        better = {
            name: _baseline(runs, name) for name in ("linear model", "majority class", "mean")
        }
        for name in [name for name, value in better.items() if value < own - SLIGHTLY]:
            by = _though_not_by(runs, name)
            yield f"the {name} does better{by and ' by nll'} ({rounded(better[name])}){by}"
    for truth in TRUTHS:
        above = own - _baseline(runs, truth)
        if math.isfinite(above):
            yield f"{rounded(above, 3)} nats above the {truth}"


def _though_not_by(runs: Sequence[RunResult], name: str) -> str:
    """Say that a baseline's better nll does not come from better predictions; "" if it may."""
    for point in ("error", "rmse"):
        own = _mean_of([run.final.get("test", {}) for run in runs], math.inf, point)
        if own < _mean_of([run.baselines.get(name, {}) for run in runs], -math.inf, point):
            return f", though not by {point}"
    return ""
