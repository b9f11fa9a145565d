"""What would decide the undecided: so many seeds, or nothing but more rows."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from overfit_cli.comparison.records import Problem, Verdict
from overfit_cli.words import count

STAY = "if mean difference and spread stay as they are"
ASSUMED = f"80% power, {STAY}"
SHARED = "Splits share rows (test rows are {:.2g} of those that can train); more rows might decide."
EVEN = 0.5
"""Below this power seeds are said to decide nothing; from it to 80%, that they may not."""


def outlook(problem: Problem) -> str:
    """Return a sentence or two on how many seeds would decide; "" if nothing is undecided.

    McNemar's test is about one pair of networks, so it is left out.
    """
    open_ones = [
        each
        for each in problem.verdicts
        if each.finding == "undecided" and each.test != "McNemar" and each.n > 1
    ]
    sentences = (_enough(open_ones), _shared(open_ones), _flips(open_ones))
    return " ".join(filter(None, sentences))


def _enough(verdicts: Iterable[Verdict]) -> str:
    found = [(each.enough, each.arm) for each in verdicts if each.enough is not None]
    if not found:
        return ""
    told = ", ".join(f"{arm} with about {count(seeds)}" for seeds, arm in sorted(found))
    return f"More seeds would decide {told} ({ASSUMED})."


def _shared(verdicts: Iterable[Verdict]) -> str:
    found = [each for each in verdicts if each.enough is None and each.test == "corrected t"]
    if not found:
        return ""
    share = max(each.test_over_train or 0.0 for each in found)
    told = _unlikely(found, "More seeds would not")
    return f"{told} {SHARED.format(share)}"


def _flips(verdicts: Iterable[Verdict]) -> str:
    found = [each for each in verdicts if each.enough is None and each.test == "sign flip"]
    return _unlikely(found, "No practical number of seeds would")


def _unlikely(verdicts: Sequence[Verdict], never: str) -> str:
    """Tell those that seeds are not likely to decide from those that they just may."""
    in_vain = [each for each in verdicts if _in_vain(each)]
    doubtful = [each for each in verdicts if each not in in_vain]
    told = (
        f"{never} decide {_arms(in_vain)}, {STAY}." if in_vain else "",
        f"Even many seeds may not decide {_arms(doubtful)}." if doubtful else "",
    )
    return " ".join(filter(None, told))


def _in_vain(verdict: Verdict) -> bool:
    """Say whether even 10,000 seeds more likely than not decide nothing."""
    # scipy, which no other part of a report needs
    from overfit_cli.statistics.power import Design, most_power

    mean, sd = statistics.fmean(verdict.differences), statistics.stdev(verdict.differences)
    seen = Design(
        mean,
        sd,
        verdict.test_over_train or 0.0,
        verdict.rope,
        verdict.comparisons,
        verdict.test == "sign flip",
    )
    return most_power(seen) < EVEN


def _arms(verdicts: Iterable[Verdict]) -> str:
    return ", ".join(each.arm for each in verdicts)
