"""Verdicts in plain sentences: difference, interval, n and test; never a star."""

from __future__ import annotations

import math
from collections import Counter

from overfit_cli.comparison.records import Finding, Interval, Problem, Verdict
from overfit_cli.report.compare.measures import (
    bounds,
    enough_decimals,
    measure,
    plain,
    takes_exponent,
)
from overfit_cli.report.compare.winner import linear_wins, trivial_wins, winner
from overfit_cli.report.figures import fixed
from overfit_cli.words import plural

TESTS = {
    "corrected t": "corrected resampled t",
    "sign flip": "exact sign flip",
    "McNemar": "McNemar's test",
}
ALPHA = 0.05
WORDS: dict[Finding, str] = {
    "better": "better",
    "worse": "worse",
    "equal": "practically equal",
    "undecided": "undecided",
    "too few": "with too few seeds",
}


def verdict_sentence(verdict: Verdict, problem: Problem) -> str:
    """Return what was found about one arm against the baseline, as one sentence.

    A difference reads as the arm's: `lower by 0.041 nats [0.022, 0.060]` with the interval turned
    the same way, so that a negative end means higher.
    """
    if verdict.finding == "too few":
        return _too_few(verdict) + _reservation(verdict, problem) + "."
    head = f"{_claim(verdict)}{_about(verdict, problem)}: {_size(verdict)}"
    told = [head, plural(verdict.n, "seed"), TESTS[verdict.test], _p(verdict)]
    return ", ".join(told) + _probabilities(verdict) + _reservation(verdict, problem) + "."


def answer(problem: Problem) -> str:
    """Return which method wins, by how much and how sure, or that none does.

    If no mean beats a model that ignores the inputs, or a linear one, that comes first.
    """
    simpler = trivial_wins(problem) or linear_wins(problem)
    return f"{simpler}. {_answer(problem)}" if simpler else _answer(problem)


def _answer(problem: Problem) -> str:
    if not problem.verdicts:
        return "Nothing was tested: there is no baseline with another method beside it."
    best = winner(problem)
    if best is None:
        return _no_winner(problem)
    others = [each for each in problem.verdicts if each.finding == "better" and each != best]
    first = (
        f"{best.arm} wins over {best.baseline}{_about(best, problem)}: {_size(best)}, {_p(best)}"
    )
    told = [first + _reservation(best, problem), *_runners_up(best, others)]
    return ". ".join(told) + "."


def _runners_up(best: Verdict, others: list[Verdict]) -> list[str]:
    if not others:
        return []
    names = ", ".join(each.arm for each in others)
    verb = "is" if len(others) == 1 else "are"
    return [f"Better than {best.baseline} {verb} also {names}, not tested against {best.arm}"]


def _no_winner(problem: Problem) -> str:
    found = Counter(each.finding for each in problem.verdicts)
    tally = ", ".join(f"{count} {WORDS[finding]}" for finding, count in found.items())
    return f"No method is shown to be better than {problem.verdicts[0].baseline}: {tally}."


def _claim(verdict: Verdict) -> str:
    arm, baseline = verdict.arm, verdict.baseline
    if verdict.finding in ("better", "worse"):
        return f"{arm} is {verdict.finding} than {baseline}"
    rope = f"{_scaled(verdict.rope, verdict)}{measure(verdict.interval.metric).unit}"
    if verdict.finding == "equal":
        return f"{arm} is practically equal to {baseline} (within {rope})"
    if verdict.p_holm is not None and verdict.p_holm <= ALPHA:
        return f"{arm} differs from {baseline}, but whether by more than {rope} is undecided"
    return f"{arm} against {baseline} is undecided"


def _too_few(verdict: Verdict) -> str:
    needed = "" if verdict.needed is None else f"; at least {verdict.needed} are needed"
    holm = f", Holm over {verdict.comparisons}" if verdict.comparisons > 1 else ""
    known = math.isfinite(verdict.interval.difference)
    return (
        f"{verdict.arm} against {verdict.baseline}: cannot decide with {plural(verdict.n, 'seed')}"
        f"{needed} ({TESTS[verdict.test]}{holm})"
        f"{f'; {_size(verdict)} so far' if known else ''}"
    )


def _about(verdict: Verdict, problem: Problem) -> str:
    """Say that draws speak about what the generator makes, not about one table."""
    if problem.resample != "draws" or verdict.test == "McNemar":
        return ""
    return f", on new data from {problem.dataset}"


def _scaled(value: float, verdict: Verdict) -> str:
    return plain(value * measure(verdict.interval.metric).factor)


def _size(verdict: Verdict) -> str:
    """Return `test nll lower by 0.041 nats [0.022, 0.060]`."""
    interval = verdict.interval
    if not math.isfinite(interval.difference):
        return f"no difference in test {interval.metric} is known"
    decimals, unit = enough_decimals(interval), measure(interval.metric).unit
    middle, low, high = _turned(interval)
    exponent = takes_exponent(interval)
    written = fixed(middle, decimals, exponent)
    way = "differs" if float(written) == 0 else "lower" if interval.difference < 0 else "higher"
    size = f"test {interval.metric} {way} by {written}{unit}"
    return f"{size} {bounds(low, high, decimals, exponent)}".rstrip()


def _turned(interval: Interval) -> tuple[float, float, float]:
    """Return difference and interval in the page's unit, the difference made positive."""
    factor = measure(interval.metric).factor
    middle, low, high = (factor * v for v in (interval.difference, interval.low, interval.high))
    return (-middle, -high, -low) if middle < 0 else (middle, low, high)


def _p(verdict: Verdict) -> str:
    p = verdict.p_holm if verdict.p_holm is not None else verdict.p
    if p is None or not math.isfinite(p):
        return "no p-value"
    adjusted = verdict.p_holm is not None and verdict.comparisons > 1
    return p_value(p) + (f" (Holm over {verdict.comparisons})" if adjusted else "")


def p_value(p: float) -> str:
    """Return `p = .003`, `p < .001`; enough digits to tell on which side of .05 it lies."""
    if p < 0.001:
        return "p < .001"
    decimals = 3 if p < 0.1 else 2
    while round(p, decimals) == ALPHA != p and decimals < 9:
        decimals += 1
    return f"p = {_pointed(p, decimals)}"


def _pointed(share: float, decimals: int) -> str:
    """Return a probability without the zero before its point."""
    return f"{share:.{decimals}f}".removeprefix("0")


def _probabilities(verdict: Verdict) -> str:
    if verdict.probabilities is None:
        return ""
    better, equal, worse = map(_share, verdict.probabilities)
    unit = measure(verdict.interval.metric).unit
    within = f" (within {_scaled(verdict.rope, verdict)}{unit})"
    if verdict.finding == "equal":
        within = ""
    return f"; probability of better {better}, practically equal{within} {equal}, worse {worse}"


def _share(share: float) -> str:
    if share < 0.005:
        return "< .01"
    return "> .99" if share > 0.995 else _pointed(share, 2)


def _reservation(verdict: Verdict, problem: Problem) -> str:
    if verdict.test == "McNemar":
        return ", for these two networks on these rows"
    return ", on these rows" if problem.resample == "fixed" else ""
