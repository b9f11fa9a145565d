"""What `bench` prints: how fast each method trains here, and what a batch would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from overfit_cli.report.figures import duration
from overfit_cli.report.json_text import document
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.report.tables import Column, fitted
from overfit_cli.words import plural


@dataclass(frozen=True)
class BenchSubject:
    """What is measured: the machine and its libraries in words, the network, the batch's runs."""

    machine: str
    network: str
    batch_size: int
    name: str
    runs: int


@dataclass(frozen=True)
class BenchLine:
    """One method trained `width` runs side by side; seconds are per step and run.

    bare_seconds: of the step's matrix products alone; ratio: the median of the turns' ratios.
    """

    method: str
    width: int
    seconds: float
    bare_seconds: float
    ratio: float


@dataclass(frozen=True)
class BenchCost:
    """What the batch would take: seconds of one core; `width` runs of it are trained at a time."""

    seconds: float
    cores: int
    width: int


def bench_head(subject: BenchSubject) -> Fitted:
    """Return the line that is printed before the first measurement."""
    words = f"{subject.machine} | {subject.network}, batch {subject.batch_size} | one thread"
    return Fitted(lambda surface: surface.text(words, "bold"))


def bench_page(
    subject: BenchSubject, lines: Sequence[BenchLine], left_out: Sequence[str], cost: BenchCost
) -> Fitted:
    """Return the table of steps and the estimate below it."""
    best = min(
        (line for line in lines if line.method == lines[0].method),
        key=lambda line: line.seconds,
        default=None,
    )
    words = [
        "us: microseconds per training step and run; bare: its matrix products alone; "
        "x bare: the ratio.",
        *(f"left out: {name}, whose steps are not minibatch descent's." for name in left_out),
    ]
    if best is not None:
        words.append(
            f"{best.method} is fastest with {plural(best.width, 'run')} side by side; "
            f"a batch would take {cost.width} at a time."
        )
    words.append(
        f"{subject.name}: {plural(subject.runs, 'run')}, about {duration(cost.seconds)} on one "
        f"core, {duration(cost.seconds / cost.cores)} on {cost.cores}"
    )

    def draw(surface: Surface) -> RenderableType:
        return Group(_table(lines, surface), Text(""), surface.lines(words))

    return Fitted(draw)


def _table(lines: Sequence[BenchLine], surface: Surface) -> RenderableType:
    methods = list(dict.fromkeys(line.method for line in lines))
    key = Column(
        Text("method"), tuple(surface.text(name) for name in (*methods, "bare")), align="left"
    )
    columns: list[Column] = []
    for width in sorted({line.width for line in lines}):
        own = {line.method: line for line in lines if line.width == width}
        first = next(iter(own.values()))
        columns += [
            Column(
                Text(f"R={width} us"),
                (*(_us(own, name) for name in methods), Text(f"{first.bare_seconds * 1e6:.1f}")),
                group=str(width),
            ),
            Column(
                Text("x bare"),
                (*(_ratio(own, name) for name in methods), Text("1")),
                group=str(width),
            ),
        ]
    return fitted(key, columns, surface)


def _us(own: dict[str, BenchLine], method: str) -> Text:
    return Text(f"{own[method].seconds * 1e6:.1f}" if method in own else "-")


def _ratio(own: dict[str, BenchLine], method: str) -> Text:
    return Text(f"{own[method].ratio:.2f}" if method in own else "-")


def bench_json(
    subject: BenchSubject, lines: Sequence[BenchLine], left_out: Sequence[str], cost: BenchCost
) -> str:
    """Return the document of `bench --json`, schema `overfit.bench/1`; times in seconds."""
    return document(
        "overfit.bench/1",
        **asdict(subject),
        steps=[asdict(line) for line in lines],
        left_out=list(left_out),
        estimate=asdict(cost),
    )
