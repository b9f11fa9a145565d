"""What a reader of a comparison must know before believing it, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from overfit_cli.comparison.edges import edges_told
from overfit_cli.comparison.grouping import ArmRuns, ProblemRuns, values_tried
from overfit_cli.comparison.inference_caveats import (
    chosen,
    other_priors,
    poor_reference,
    some,
    warnings_told,
)
from overfit_cli.comparison.records import Arm, Fidelity
from overfit_cli.comparison.run import Run, order
from overfit_cli.comparison.tails import tails_told
from overfit_cli.words import plural

# The training of every method; a remedy's own options have no counterpart in another.
TRAINING = (
    "hidden", "activation", "optimizer", "lr", "lr_schedule", "momentum", "batch_size", "epochs",
)  # fmt: skip


def told(
    group: ProblemRuns, arms: Sequence[Arm], baseline: str | None, metric: str, select: str
) -> Iterator[str]:
    """Yield every warning about one problem."""
    yield from _comparability(arms, baseline, metric)
    yield from _unequal_choice(arms)
    yield from _ties(arms, select)
    yield from edges_told(group.arms, arms)
    yield from _other_training(group.arms, baseline)
    yield from _lost_seeds(arms, group.runs)
    yield from _no_numbers(arms, metric)
    yield from tails_told(arms, metric)
    yield from warnings_told(arms, group.runs)
    yield from _versions(group)


def _comparability(arms: Sequence[Arm], baseline: str | None, metric: str) -> Iterator[str]:
    if len(arms) == 1:
        yield f"'{arms[0].name}' is the only method here: there is nothing to compare it with."
    elif baseline is None:
        yield "the baseline was not run here: there are no verdicts."
    elif all(arm.name != "none" for arm in arms):
        yield f"'none' was not run here: verdicts are against '{baseline}' (see --baseline)."
    values = [value for arm in arms for value in arm.values(metric).values()]
    if values and all(value != value for value in values):
        yield f"no run has a test {metric}: there are no verdicts."


def _unequal_choice(arms: Sequence[Arm]) -> Iterator[str]:
    by_seed: dict[int, set[int]] = {}
    for arm in arms:
        for trial in arm.trials:
            by_seed.setdefault(trial.seed, set()).add(trial.tried)
    if len({arm.tried for arm in arms}) > 1 or any(len(own) > 1 for own in by_seed.values()):
        tried = {arm.name: tried_told(arm) for arm in arms}
        yield (
            "the methods tried unequally many settings "
            f"({_listed(tried)}): who tries more has the better chance of a good one."
        )
    for arm in arms:
        fewer = sum(trial.tried < arm.tried for trial in arm.trials)
        if fewer:
            yield (
                f"'{arm.name}': for {fewer} of {plural(len(arm.trials), 'seed')} not all of its "
                f"{arm.tried} settings were tried; how often one was chosen counts every seed."
            )


def tried_told(arm: Arm) -> str:
    """Return how many settings an arm tried: `3`, or `1 to 3` where that depends on the seed."""
    fewest = arm.fewest_tried
    return f"{fewest} to {arm.tried}" if fewest < arm.tried else str(arm.tried)


def _ties(arms: Sequence[Arm], select: str) -> Iterator[str]:
    for arm in arms:
        if arm.tied:
            yield (
                f"'{arm.name}': for {arm.tied} of {plural(len(arm.trials), 'seed')} several "
                f"settings are equally good by val {select}; the first is called the chosen one."
            )


def _other_training(arms: Sequence[ArmRuns], baseline: str | None) -> Iterator[str]:
    """Name options of the training of which an arm tried no value that the baseline tried."""
    values = {arm.name: values_tried(arm.runs) for arm in arms}
    base = values.get(baseline or "", {})
    for option in TRAINING:
        others = {
            name: own[option]
            for name, own in values.items()
            if option in own and option in base and own[option].isdisjoint(base[option])
        }
        if others:
            shown = {str(baseline): base[option]} | others
            said = {name: " or ".join(sorted(own, key=order)) for name, own in shown.items()}
            yield f"{option} differs between methods ({_listed(said)}), besides the method itself."


def _lost_seeds(arms: Sequence[Arm], runs: Sequence[Run]) -> Iterator[str]:
    seeds = {run.seed for run in runs}
    for arm in arms:
        missing = sorted(seeds.difference(trial.seed for trial in arm.trials))
        if missing and not arm.trials:
            yield f"'{arm.name}': no run finished, so nothing can be said about it."
        elif missing:
            noun = "seed" if len(missing) == 1 else "seeds"
            yield (
                f"'{arm.name}': no run to use for {noun} {some(missing)}; "
                f"it is judged by the other {len(seeds) - len(missing)}."
            )


def _no_numbers(arms: Sequence[Arm], metric: str) -> Iterator[str]:
    """Name seeds that finished with a test metric that no difference can be taken of."""
    for arm in arms:
        values = arm.values(metric)
        unusable = [seed for seed, value in values.items() if not math.isfinite(value)]
        if 0 < len(unusable) < len(values):
            noun, those = ("seed", "it is") if len(unusable) == 1 else ("seeds", "they are")
            yield (
                f"'{arm.name}': the test {metric} of {noun} {some(unusable)} is not a finite "
                f"number; {those} left out of its verdicts."
            )


def about_reference(
    group: ProblemRuns,
    arms: Sequence[Arm],
    asked: str | None,
    reference: str | None,
    fidelity: Sequence[Fidelity],
) -> Iterator[str]:
    """Yield what to know of the reference, and who could not be held against it."""
    if reference is None and asked is not None:
        yield f"the reference '{asked}' was not run here: nothing is held against it."
    runs = {arm.name: chosen(arm, group.runs) for arm in arms if fidelity}
    base = runs.pop(str(reference), [])
    if base:
        yield from poor_reference(str(reference), base)
    for name, own in runs.items():
        yield from other_priors(str(reference), base, name, own)
    for each in fidelity:
        for reason, seeds in each.unpaired.items():
            noun = "seed" if len(seeds) == 1 else "seeds"
            yield (
                f"'{each.arm}' is not held against '{each.reference}' for {noun} {some(seeds)}: "
                f"{reason}."
            )


def _versions(group: ProblemRuns) -> Iterator[str]:
    """Name what trained these runs in several versions, and how many runs each."""
    if group.superseded:
        yield (
            f"{_runs(len(group.superseded))} left out: the same seeds and settings are among the "
            "others, trained by the same version or a newer one."
        )
    counts: dict[str, dict[int, int]] = {}
    for run in group.runs:
        for name, version in run.versions.items():
            of = counts.setdefault(name, {})
            of[version] = of.get(version, 0) + 1
    for name, found in sorted(counts.items()):
        if len(found) > 1:
            said = {f"version {version}": _runs(found[version]) for version in sorted(found)}
            yield (
                f"several versions of {name} trained these runs ({_listed(said)}): the same "
                "spec need not give the same numbers. Train the older ones again."
            )


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _listed(items: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in items.items())
