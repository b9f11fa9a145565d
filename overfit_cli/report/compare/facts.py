"""What a comparison was made of, in words."""

from __future__ import annotations

from overfit_cli.comparison.records import Comparison, Problem, Resample
from overfit_cli.report.compare.grids import lost_text
from overfit_cli.words import count, plural

RESAMPLE: dict[Resample, str] = {
    "splits": "a new split per seed",
    "fixed": "the same test rows for every seed",
    "draws": "fresh rows per seed from a generator",
}


def run_facts(comparison: Comparison, times: bool) -> str:
    """Return how many runs there are, with the date if times are wanted."""
    date = f", {comparison.date}" if times and comparison.date else ""
    return plural(comparison.n_runs, "run") + date


def problem_facts(problem: Problem) -> str:
    """Return rows, resampling, baseline, and what settings were selected by."""
    rows = f"{count(problem.n_train)} train, {count(problem.n_val)} val"
    facts = [f"{rows}, {count(problem.n_test)} test rows", RESAMPLE[problem.resample]]
    if problem.baseline is not None:
        facts.append(f"baseline {problem.baseline}")
    if any(arm.tried > 1 for arm in problem.arms):
        facts.append(f"settings chosen per method and seed by val {problem.select}")
    return "; ".join(facts)


def common_text(problem: Problem) -> str:
    """Return the settings all runs share, as `name=value` separated by commas."""
    return ", ".join(f"{name}={value}" for name, value in problem.common.items())


def lost_lines(problem: Problem) -> list[str]:
    """Return a line per method that lost runs: counted here, averaged nowhere."""
    return [
        f"{arm.name}: {lost_text(arm)} ({plural(len(arm.trials), 'seed')} finished)"
        for arm in problem.arms
        if lost_text(arm)
    ]


def capital(words: str) -> str:
    """Return words as a sentence begins."""
    return words[:1].upper() + words[1:]
