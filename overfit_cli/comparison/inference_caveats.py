"""What approximations of the Bayesian average say of themselves; when a reference is poor."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence

from overfit_cli.comparison.records import Arm
from overfit_cli.comparison.run import Run
from overfit_cli.records import HIGH_R_HAT, LOW_ESS_PER_CHAIN

MOST_SEEDS = 8

_NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


def warnings_told(arms: Sequence[Arm], runs: Sequence[Run]) -> Iterator[str]:
    """Yield each kind of warning of each method's chosen runs once; kinds differ beyond numbers."""
    for arm in arms:
        own, kinds = chosen(arm, runs), dict[str, list[str]]()
        for run in own:
            for said in dict.fromkeys(run.warnings):
                kinds.setdefault(_NUMBER.sub("#", said), []).append(said)
        for found in kinds.values():
            runs_of = f"{len(found)} of {len(own)} runs" if len(own) > 1 else "the run"
            warn = "warns" if len(found) == 1 else "warn"
            such = "such as: " if len(set(found)) > 1 else ""
            yield f"{runs_of} of '{arm.name}' {warn}: {such}{found[0]}"


def chosen(arm: Arm, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that stand for a method, one per seed."""
    ids = {trial.run_id for trial in arm.trials}
    return [run for run in runs if run.run_id in ids]


def poor_reference(name: str, runs: Sequence[Run]) -> Iterator[str]:
    """Yield why a sampler's runs may not be quite the posterior."""
    beside = "distances from it hold its own error too."
    high = {run.seed: run.r_hat for run in runs if run.r_hat > HIGH_R_HAT}
    if high:
        yield (
            f"the chains of the reference '{name}' disagree for {seeds_told(high)} "
            f"(R-hat of the predictions up to {max(high.values()):.2f}, above {HIGH_R_HAT}): it "
            f"is not quite the posterior, and {beside}"
        )
    samplers = [run for run in runs if "chains" in run.settings]
    unknown = [run for run in samplers if math.isnan(run.r_hat)]
    if unknown:
        alone = all(run.settings["chains"] == "1" for run in unknown)
        why = "one chain" if alone else "there is no R-hat"
        yield (
            f"whether the reference '{name}' is the posterior cannot be judged: {why} "
            f"({seeds_told([run.seed for run in unknown])})."
        )
    few = {run.seed: run.ess for run in samplers if run.ess < _low_ess(run)}
    if few:
        under = max(map(_low_ess, samplers))
        yield (
            f"the predictions of the reference '{name}' are worth few independent draws for "
            f"{seeds_told(few)} (down to {min(few.values()):.0f}, under {under}): {beside}"
        )


def _low_ess(run: Run) -> int:
    return LOW_ESS_PER_CHAIN * int(run.settings["chains"])


def other_priors(
    reference: str, runs: Sequence[Run], name: str, own: Sequence[Run]
) -> Iterator[str]:
    """Yield that a method has another prior than the reference, where both state one."""
    there, here = ({run.prior for run in each} for each in (runs, own))
    if "" not in there | here and there != here:
        yield (
            f"'{name}' has another prior ({' or '.join(sorted(here))}) than the reference "
            f"'{reference}' ({' or '.join(sorted(there))}): the distance between them is not of "
            "the approximation alone."
        )


def seeds_told(seeds: Collection[int]) -> str:
    """Return `seed 3`, or `seeds 1, 2`, the first eight of them."""
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {some(sorted(seeds))}"


def some(found: Sequence[int]) -> str:
    """Return the first eight seeds, and how many more there are."""
    more = f" and {len(found) - MOST_SEEDS} more" if len(found) > MOST_SEEDS else ""
    return ", ".join(map(str, found[:MOST_SEEDS])) + more
