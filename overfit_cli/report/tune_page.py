"""What `tune` prints: the budget, the settings tried, what they cost, and which won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.report.escape import shell
from overfit_cli.report.figures import deviation, duration, mean, number
from overfit_cli.report.json_text import document
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted
from overfit_cli.words import count, plural

# Winning settings shown per method; all are in the JSON.
MOST_SETTINGS = 3
WIDEST = 60


@dataclass(frozen=True)
class TuneSubject:
    """What is tuned. budget: the epochs that each method may spend per seed."""

    name: str
    methods: tuple[str, ...]
    select: str
    eta: int
    budget: int
    workers: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wins:
    """A setting and the number of seeds for which it won."""

    setting: Mapping[str, str]
    seeds: int


@dataclass(frozen=True)
class TuneLine:
    """One method on one data set.

    settings: of its grid; trials: those that raced. rungs: one list per part of the grid that
    trains as one stack, of [settings, epoch up to which they train]. epochs: trained, one entry
    per seed; whole: what the grid would have taken per seed. scores: the winners' validation
    metric, one per seed that finished. diverged: seeds of which no setting finished; failed:
    those that no worker could train.
    """

    dataset: str
    method: str
    settings: int
    trials: int
    rungs: Sequence[Sequence[tuple[int, int]]]
    epochs: tuple[int, ...]
    whole: int
    wins: tuple[Wins, ...]
    scores: tuple[float, ...]
    diverged: int = 0
    failed: int = 0


@dataclass(frozen=True)
class TuneEnd:
    """How it ended. stored: races whose winner was stored before. reasons: why races failed."""

    seconds: float
    stored: int
    reasons: tuple[str, ...] = ()


def tune_head(subject: TuneSubject) -> Fitted:
    """Return the line that is printed before the first race."""
    words = " | ".join(
        [
            f"tune {subject.name}",
            ", ".join(subject.methods),
            f"at most {plural(subject.budget, 'epoch')} per method and seed",
            f"1 of {subject.eta} survives a rung, by val {subject.select}",
            plural(subject.workers, "process"),
        ]
    )
    return Fitted(lambda surface: surface.text(words, "bold"))


def tune_page(
    subject: TuneSubject, lines: Sequence[TuneLine], end: TuneEnd, store: str | None
) -> Fitted:
    """Return the table of methods and what to do next."""
    spent, whole = sum(sum(own.epochs) for own in lines), sum(_whole(own) for own in lines)
    words = [
        "epochs: trained per seed, of all settings together (an ensemble's networks count as one); "
        "whole grid: what it would have taken.",
        f"{count(spent)} epochs in place of {count(whole)}, {duration(end.seconds)}"
        + (f"; {plural(end.stored, 'winner')} stored before" if end.stored else ""),
        *_crossing(lines),
        *(f"left out: {name}; it has no epochs to halve." for name in subject.left_out),
        *(f"{own.method}: {_lost(own)}" for own in lines if own.diverged or own.failed),
        *(f"  failed ({n}): {reason}" for reason, n in Counter(end.reasons).most_common(5)),
        "next: " + shell(["overfit", "compare", subject.name, *_store(store)]),
    ]

    def draw(surface: Surface) -> RenderableType:
        return Group(_table(lines, subject.select, surface), Text(""), surface.lines(words))

    return Fitted(draw)


def _crossing(lines: Sequence[TuneLine]) -> list[str]:
    """Say what halving cannot see, where it halved anything."""
    if all(part[-1][0] == part[0][0] for line in lines for part in line.rungs):
        return []
    largest = max(line.whole for line in lines)
    return [
        "a rung judges by the epochs so far: what learns fast and overfits later is favoured; "
        f"--budget {largest} trains every setting to the end."
    ]


def _whole(line: TuneLine) -> int:
    return line.whole * len(line.epochs)


def _lost(line: TuneLine) -> str:
    said = {"diverged whatever the setting": line.diverged, "failed": line.failed}
    return ", ".join(f"{plural(number, 'seed')} {how}" for how, number in said.items() if number)


def _store(store: str | None) -> list[str]:
    return ["--store", store] if store else []


def _table(lines: Sequence[TuneLine], select: str, surface: Surface) -> RenderableType:
    key = Column(Text("method"), tuple(surface.text(own.method) for own in lines), align="left")
    columns = [
        _column("tried", [_tried(own) for own in lines]),
        _column("rungs", [_rungs(own) for own in lines], optional=2),
        _column("seeds", [str(len(own.epochs)) for own in lines], optional=1),
        _column("epochs", [_mean(own.epochs) for own in lines]),
        _column("whole grid", [count(own.whole) for own in lines]),
        _column(f"val {select}", [_spread(own.scores, surface.plus_minus) for own in lines]),
        Column(
            Text("won"),
            tuple(surface.text(_won(own)) for own in lines),
            align="left",
            most=WIDEST,
        ),
    ]
    if len({own.dataset for own in lines}) > 1:
        names = tuple(surface.text(own.dataset) for own in lines)
        columns.insert(0, Column(Text("data"), names, align="left"))
    return fitted(key, columns, surface)


def _column(header: str, cells: Sequence[str], optional: int = 0) -> Column:
    return Column(Text(header), tuple(Text(cell) for cell in cells), optional)


def _tried(line: TuneLine) -> str:
    same = line.trials == line.settings
    return str(line.trials) if same else f"{line.trials} of {line.settings}"


def _rungs(line: TuneLine) -> str:
    """Return `9 to 11, 3 to 33, 1 to 100`: settings, and the epoch up to which they train."""
    return "; ".join(", ".join(f"{n} to {end}" for n, end in part) for part in line.rungs)


def _mean(values: Sequence[int]) -> str:
    return count(round(mean(values))) if values else "-"


def _spread(values: Sequence[float], plus_minus: str) -> str:
    if not values:
        return "-"
    sd = deviation(values)
    return number(mean(values)) + (f" {plus_minus} {number(sd)}" if sd is not None else "")


def _won(line: TuneLine) -> str:
    """Return `lr=0.1, p=0.5 (7 of 10); lr=0.05, p=0.5 (3)`, the most frequent first."""
    total, shown = sum(own.seeds for own in line.wins), line.wins[:MOST_SETTINGS]
    words = [f"{_setting(own.setting)} ({own.seeds})" for own in shown]
    if words:
        words[0] = words[0][:-1] + f" of {total})"
    rest = line.wins[MOST_SETTINGS:]
    if rest:
        words.append(f"{plural(len(rest), 'other')} ({sum(own.seeds for own in rest)})")
    return "; ".join(words) or "-"


def _setting(setting: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in setting.items()) or "the only setting"


def tune_json(subject: TuneSubject, lines: Sequence[TuneLine], end: TuneEnd) -> str:
    """Return the document of `tune --json`, schema `overfit.tune/1`."""
    return document(
        "overfit.tune/1",
        **asdict(subject) | {"methods": [asdict(line) for line in lines]},
        end=asdict(end),
    )
