"""Which setting a method would have used: chosen per seed, on that seed's validation rows only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from overfit_cli.comparison.grouping import ArmRuns
from overfit_cli.comparison.records import HIGHER_IS_BETTER, Arm, Setting, Trial
from overfit_cli.comparison.run import Run
from overfit_cli.errors import UsageError


def arm_of(runs: ArmRuns, select: str, metric: str) -> Arm:
    """Return a method with the run that its selection chose for every seed.

    The best validation value of `select` wins; among equals the first in order of settings. A run
    that diverged or failed, or has no such value, is never chosen. With one setting there is
    nothing to choose. metric: what the settings' scores are listed in.

    Raises:
        UsageError: there is a choice, and no validation value to make it by.
    """
    settings, tuned = runs.settings(), max((run.trials for run in runs.runs), default=0)
    choice = len(settings) > 1
    if choice:
        _require_validation(runs, select, len(settings))
    chosen = _chosen(list(settings.values()), select if choice else None)
    told = select if choice or tuned > 1 else None
    tried = {
        seed: _tried([run for run in runs.runs if run.seed == seed])
        for seed in {run.seed for run in chosen}
    }
    return Arm(
        name=runs.name,
        trials=tuple(_trial(runs, run, told, tried[run.seed]) for run in chosen),
        settings=tuple(_setting(runs, group, chosen, metric) for group in settings.values()),
        varied=runs.varied,
        diverged=sum(run.status == "diverged" for run in runs.runs),
        failed=sum(run.status == "failed" for run in runs.runs),
        tuned=tuned,
        tied=_tied(runs.runs, chosen, select) if choice else 0,
    )


def _tried(runs: Sequence[Run]) -> int:
    """Return how many settings one seed's runs stand for: a tuning's winner for all it was best of.

    What a grid has trained as well, or a tuning with fewer settings, does not count again.
    """
    winners, total = list[Run](), 0
    for run in sorted(runs, key=lambda run: -run.trials):
        if not any(_was_tried_with(winner, run) for winner in winners):
            total += max(1, run.trials)
        if run.trials:
            winners.append(run)
    return total


def _was_tried_with(winner: Run, run: Run) -> bool:
    """Whether the tuning that `winner` is of tried every value of `run`, or of its own tuning."""
    names = winner.settings.keys() | run.settings.keys()
    return all(_values(run, name) <= _values(winner, name) for name in names)


def _values(run: Run, name: str) -> set[str]:
    return {*run.tried.get(name, ()), run.settings.get(name, "")}


def _require_validation(runs: ArmRuns, select: str, n_settings: int) -> None:
    done = [run for run in runs.runs if run.is_done]
    if not done or any(not math.isnan(_score(run, "val", select)) for run in done):
        return
    known = sorted({name for run in done for name in run.scores.get("val", {})})
    if known:
        raise UsageError(
            f"'{runs.name}' was run with {n_settings} settings, and its validation rows have no "
            f"'{select}' to choose by: use --select {known[0]} (allowed: {', '.join(known)})."
        )
    raise UsageError(
        f"'{runs.name}' was run with {n_settings} settings ({', '.join(runs.varied)} differ) and "
        "without validation rows, so nothing but the test rows could choose among them. Select "
        f"one, such as {runs.varied[0]}=VALUE, or run with --val-size."
    )


def _chosen(settings: Sequence[Sequence[Run]], select: str | None) -> list[Run]:
    """Return one run per seed, by seed."""
    best: dict[int, tuple[float, Run]] = {}
    for run in (run for group in settings for run in group if run.is_done):
        value = 0.0 if select is None else _loss(run, select)
        # settings come in their order, and only what is better takes the place of an earlier one
        if not math.isnan(value) and (run.seed not in best or value < best[run.seed][0]):
            best[run.seed] = (value, run)
    return [run for _, (_, run) in sorted(best.items())]


def _tied(runs: Sequence[Run], chosen: Sequence[Run], select: str) -> int:
    """Return for how many seeds a run that was not chosen is as good as the one that was."""
    best = {run.seed: _loss(run, select) for run in chosen}
    winners = {run.run_id for run in chosen}
    rest = [run for run in runs if run.is_done and run.run_id not in winners]
    return len({run.seed for run in rest if _loss(run, select) == best.get(run.seed)})


def _loss(run: Run, metric: str) -> float:
    value = _score(run, "val", metric)
    return -value if metric in HIGHER_IS_BETTER else value


def _score(run: Run, part: str, metric: str) -> float:
    return run.scores.get(part, {}).get(metric, math.nan)


def _trial(runs: ArmRuns, run: Run, select: str | None, tried: int) -> Trial:
    return Trial(
        run_id=run.run_id,
        seed=run.seed,
        setting=_told(runs, run),
        selected_by=None if select is None else _score(run, "val", select),
        scores=run.scores,
        seconds=run.seconds,
        best_epoch=run.best_epoch,
        restored_epoch=run.restored_epoch,
        tried=tried,
    )


def _told(runs: ArmRuns, run: Run) -> dict[str, str]:
    return {name: run.settings[name] for name in runs.told if name in run.settings}


def _setting(arm: ArmRuns, runs: Sequence[Run], chosen: Sequence[Run], metric: str) -> Setting:
    done = sorted((run for run in runs if run.is_done), key=lambda run: run.seed)
    winners = {run.run_id for run in chosen}
    return Setting(
        values=_told(arm, runs[0]),
        chosen=sum(run.run_id in winners for run in runs),
        seeds=tuple(run.seed for run in done),
        val=tuple(_score(run, "val", metric) for run in done),
        test=tuple(_score(run, "test", metric) for run in done),
        lost=len(runs) - len(done),
    )
