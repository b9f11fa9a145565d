"""What would decide the undecided: so many seeds, or nothing but more rows."""

from __future__ import annotations

from collections.abc import Iterable

from overfit_cli.comparison.records import Problem, Verdict
from overfit_cli.words import count

ASSUMED = "80% power, if mean difference and spread stay as they are"
SHARED = "their splits share rows (test rows are {:.2g} of the training rows); more rows might"


def outlook(problem: Problem) -> str:
    """Return a sentence or two on how many seeds would decide; "" if nothing is undecided.

    McNemar's test is about one pair of networks, so it is left out.
    """
    open_ones = [
        each
        for each in problem.verdicts
        if each.finding == "undecided" and each.test != "McNemar" and each.n > 1
    ]
    sentences = (_enough(open_ones), _shared(open_ones), _hopeless(open_ones))
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
    return f"More seeds would not decide {_arms(found)}: {SHARED.format(share)}."


def _hopeless(verdicts: Iterable[Verdict]) -> str:
    found = [each for each in verdicts if each.enough is None and each.test == "sign flip"]
    return f"No practical number of seeds would decide {_arms(found)}." if found else ""


def _arms(verdicts: Iterable[Verdict]) -> str:
    return ", ".join(each.arm for each in verdicts)
