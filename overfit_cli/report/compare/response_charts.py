"""How validation and test scores answer to each hyperparameter that a method varied."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overfit_cli.comparison.records import Arm, Problem, Setting
from overfit_cli.report.compare.drawing import Drawing, axes, scaled, shortened
from overfit_cli.report.compare.measures import Measure, measure, typical
from overfit_cli.report.compare.palette import Look
from overfit_cli.report.compare.setting_scores import by_validation
from overfit_cli.report.figures import number
from overfit_cli.report.scale import LOG_FROM
from overfit_cli.words import count

WIDTH, HEIGHT = 340, 236
LOGARITHMIC = frozenset({"lr", "l1", "l2"})
DOTTED = (0, (1, 1.4))
ROOM = 0.06
"""Share of the axis that stays free at each end."""

MOST_TICKS = 8

MOST = 120
"""Settings in one figure: more would hide each other and swell the page."""


def response_charts(problem: Problem, looks: Mapping[str, Look]) -> Iterator[Drawing]:
    """Yield a figure per method and varied hyperparameter that has several values."""
    how = measure(problem.metric)
    for place, (arm, name, tried) in enumerate(_varied(problem), 1):
        shown = _shown(tried, name, how)
        yield Drawing(
            f"response-{place}-{arm.name}-{name}",
            f"{arm.name}: {how.label} by {name}",
            _description(shown, len(tried), name, how),
            partial(_chart, problem, arm.name, shown, name, looks[arm.name]),
        )


def undrawn(problem: Problem) -> str:
    """Return a sentence on settings that the figures leave out, with its blank; "" for none."""
    how = measure(problem.metric)
    left = [
        f"{count(len(tried) - len(shown))} of {count(len(tried))} settings of {arm.name} by {name}"
        for arm, name, tried in _varied(problem)
        if len(shown := _shown(tried, name, how)) < len(tried)
    ]
    said = f"{', '.join(left)}: at each value the best on validation rows are drawn"
    return f" Left out are {said}; --json has all." if left else ""


def _varied(problem: Problem) -> Iterator[tuple[Arm, str, list[Setting]]]:
    """Yield what the figures are of: a method, a hyperparameter, the settings that tell of it."""
    for arm in problem.arms:
        for name in arm.varied:
            tried = _tried(arm, name)
            if len({each.values[name] for each in tried}) > 1:
                yield arm, name, tried


def _shown(tried: Sequence[Setting], name: str, how: Measure) -> list[Setting]:
    """Return at most MOST settings: of some values, evenly, each value's best on validation."""
    by_value: dict[str, list[Setting]] = {}
    for each in tried:
        by_value.setdefault(each.values[name], []).append(each)
    values = list(by_value)[:: math.ceil(len(by_value) / MOST)]
    most = max(1, MOST // len(values)) if len(tried) > MOST else len(tried)
    return [each for value in values for each in by_validation(by_value[value], how)[:most]]


def _tried(arm: Arm, name: str) -> list[Setting]:
    """Return the settings that have `name` and a finite score."""
    return [
        each
        for each in arm.settings
        if name in each.values and (_known(each.val) or _known(each.test))
    ]


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _description(shown: Sequence[Setting], tried: int, name: str, how: Measure) -> str:
    told = (
        f"{each.values[name]}: val {_mean(each.val, how)}, test {_mean(each.test, how)}"
        for each in shown
    )
    some = "" if len(shown) == tried else f" {count(len(shown))} of {count(tried)} settings."
    return f"Means over seeds.{some} {'; '.join(told)}."


def _mean(values: Sequence[float], how: Measure) -> str:
    known = _known(values)
    return number(how.factor * typical(known) if known else None, 3)


def _chart(problem: Problem, arm: str, tried: Sequence[Setting], name: str, look: Look) -> Figure:
    how = measure(problem.metric)
    figure, made = axes(
        WIDTH, HEIGHT, title=arm if arm == name.replace("_", "-") else f"{arm}: {name}"
    )
    places = _places(made, [each.values[name] for each in tried], name)
    val = [how.factor * typical(_known(each.val)) for each in tried]
    test = [how.factor * typical(_known(each.test)) for each in tried]
    best = max if how.higher_is_better else min
    _part(made, places, val, look, best, filled=True)
    _part(made, places, test, look, best, filled=False)
    scaled(made, "y", _known([*val, *test]))
    made.set_xlabel(f"{shortened(name)} (solid: val, dotted: test)")
    made.set_ylabel(how.label)
    return figure


def _places(made: Axes, values: Sequence[str], name: str) -> list[float]:
    """Return where each value stands: as a number if all are, else side by side by name."""
    numbers = [_number(value) for value in values]
    if all(map(math.isfinite, numbers)):
        _numeric(made, sorted(set(numbers)), name)
        return numbers
    names = list(dict.fromkeys(values))
    made.set_xticks(range(len(names)), [shortened(each) for each in names])
    made.set_xlim(-0.5, len(names) - 0.5)
    return [float(names.index(value)) for value in values]


def _numeric(made: Axes, found: Sequence[float], name: str) -> None:
    """Span the values that were tried, each with its tick as far as there is room."""
    low, high = found[0], found[-1]
    log = low > 0 and (name.split(".")[-1] in LOGARITHMIC or high / low >= LOG_FROM)
    made.set_xscale("log" if log else "linear")
    if low < high:
        room = (high / low) ** ROOM if log else ROOM * (high - low)
        made.set_xlim(*((low / room, high * room) if log else (low - room, high + room)))
    shown = found if len(found) <= MOST_TICKS else found[:: math.ceil(len(found) / MOST_TICKS)]
    made.set_xticks(shown, [f"{value:.6g}" for value in shown])
    made.minorticks_off()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _part(
    made: Axes,
    places: Sequence[float],
    values: Sequence[float],
    look: Look,
    best: Callable[[Iterable[float]], float],
    filled: bool,
) -> None:
    """Draw every setting, and a line through the best at each value."""
    known = [(x, y) for x, y in zip(places, values, strict=True) if math.isfinite(y)]
    along = sorted({x for x, _ in known})
    line = [best(y for x, y in known if x == at) for at in along]
    colour = look.colour.light
    made.plot(along, line, color=colour, linestyle="solid" if filled else DOTTED)
    made.plot(
        [x for x, _ in known], [y for _, y in known], color=colour, marker=look.marker,
        linestyle="none", mfc=colour if filled else "none",
    )  # fmt: skip
