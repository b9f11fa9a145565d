"""How near predictive distributions are to a reference's: tables, and what their numbers mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overfit_cli.comparison.records import Fidelity, Problem
from overfit_cli.report.compare.grids import Cells, Grid
from overfit_cli.report.figures import decimals, number
from overfit_cli.report.summary import spread

AGREEMENT, VARIATION = "agreement %", "total variation"
POINTS = 2
"""Decimals of an agreement."""


def fidelity_grid(problem: Problem, plus_minus: str = "±") -> Grid | None:
    """Return agreement and total variation over seeds, a row per method; None without any."""
    found = problem.fidelity
    if not found:
        return None
    columns = [Cells("seeds", tuple(str(len(each.seeds)) for each in found))]
    if not problem.is_regression:
        same = [[100 * value for value in each.agreement] for each in found]
        columns.append(_spreads(AGREEMENT, same, POINTS, plus_minus))
    apart = [each.total_variation for each in found]
    columns.append(_spreads(VARIATION, apart, _places(found), plus_minus))
    names = tuple(each.arm for each in found)
    return Grid(Cells(f"against {problem.reference}", names, words=True), tuple(columns))


def fidelity_by_seed(problem: Problem) -> Iterator[tuple[str, Grid]]:
    """Yield a title and every seed's value, a column per method, for each of the two."""
    found = problem.fidelity
    if any(each.agreement for each in found):
        same = [[100 * value for value in each.agreement] for each in found]
        yield f"{AGREEMENT} with {problem.reference} by seed", _by_seed(found, same, POINTS)
    if any(each.seeds for each in found):
        apart = [each.total_variation for each in found]
        title = f"{VARIATION} from {problem.reference} by seed"
        yield title, _by_seed(found, apart, _places(found))


def fidelity_note(problem: Problem) -> str:
    """Return what the numbers mean, in a sentence without its stop."""
    if problem.is_regression:
        return (
            "total variation: between the Normals with each test row's mean and standard "
            "deviation; 0 is equal, 1 is disjoint"
        )
    return (
        "agreement: test rows with the same most probable class; total variation: half the summed "
        "differences of their probabilities; 0 is equal, 1 is disjoint"
    )


def _spreads(header: str, table: Sequence[Sequence[float]], places: int, plus_minus: str) -> Cells:
    return Cells(header, tuple(spread(values, places, plus_minus) or "-" for values in table))


def _places(found: Sequence[Fidelity]) -> int:
    return decimals(value for each in found for value in each.total_variation)


def _by_seed(found: Sequence[Fidelity], table: Sequence[Sequence[float]], places: int) -> Grid:
    seeds = sorted({seed for each in found for seed in each.seeds})
    columns = []
    for each, values in zip(found, table, strict=True):
        known = dict(zip(each.seeds, values, strict=True))
        cells = (number(known.get(seed), places) for seed in seeds)
        columns.append(Cells(each.arm, tuple(cells)))
    return Grid(Cells("seed", tuple(map(str, seeds))), tuple(columns))
