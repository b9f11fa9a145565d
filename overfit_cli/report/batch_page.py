"""What `batch` prints: what it is about to do, what that would take, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from overfit_cli.report.escape import shell
from overfit_cli.report.figures import duration, size
from overfit_cli.report.json_text import document
from overfit_cli.report.surface import Fitted
from overfit_cli.words import plural

SEPARATOR = " | "


@dataclass(frozen=True)
class BatchSubject:
    """A batch before it begins. stored: runs that need not be trained, None where not counted."""

    name: str
    datasets: tuple[str, ...]
    methods: tuple[str, ...]
    total: int
    stored: int | None
    executor: str
    workers: int
    shard: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class BatchEnd:
    """A batch when it is over, in runs. reasons: run id -> why it failed.

    stored_diverged, stored_failed: those among `stored`.
    """

    stored: int
    done: int
    diverged: int
    failed: int
    reasons: Mapping[str, str]
    stored_diverged: int = 0
    stored_failed: int = 0


def batch_line(subject: BatchSubject) -> Fitted:
    """Return the line that is printed before the first run."""
    words = SEPARATOR.join(_words(subject))
    return Fitted(lambda surface: surface.text(words, "bold"))


def batch_plan(subject: BatchSubject, seconds: float, size_bytes: float) -> Fitted:
    """Return what `--plan` says; seconds: wall time with that many workers."""
    stored = subject.stored or 0
    left = subject.total - stored
    lines = [
        SEPARATOR.join(_words(subject)),
        f"stored already: {stored:,}; left: {left:,}",
        f"estimate: {duration(seconds)} on {_where(subject)}, "
        f"{size(size_bytes)} in the store; nothing was run",
    ]
    return Fitted(lambda surface: surface.lines(lines))


def batch_end(
    name: str, end: BatchEnd, seconds: float, store: str | None, shards: int = 1
) -> Fitted:
    """Return the last lines: counts, why runs failed, and the command that compares or merges."""
    counts = [
        f"{end.done:,} trained in {duration(seconds)}",
        _stored(end) if end.stored else "",
        f"{end.diverged:,} diverged" if end.diverged else "",
        f"{end.failed:,} failed" if end.failed else "",
    ]
    total = end.stored + end.done + end.diverged + end.failed
    lines = [f"{plural(total, 'run')}: {', '.join(filter(None, counts))}"]
    reasons = Counter(end.reasons.values())
    lines += [f"  failed ({count:,}): {reason}" for reason, count in reasons.most_common(5)]
    own = ["--store", store] if store else []
    if shards == 1:
        lines.append(f"next: {shell(['overfit', 'compare', name, *own])}")
    else:
        command = shell(["overfit", "merge", store or "overfit.db", "OTHERS", "--store", "all.db"])
        lines.append(f"next, with the stores of the other {plural(shards - 1, 'shard')}: {command}")
    return Fitted(lambda surface: surface.lines(lines))


def _stored(end: BatchEnd) -> str:
    lost = {"diverged": end.stored_diverged, "failed": end.stored_failed}
    among = ", ".join(f"{count:,} {how}" for how, count in lost.items() if count)
    return f"{end.stored:,} stored before" + (f" ({among})" if among else "")


def batch_json(
    subject: BatchSubject,
    seconds: float,
    size_bytes: float | None = None,
    end: BatchEnd | None = None,
) -> str:
    """Return the document of `batch --json`, schema `overfit.batch/1`.

    seconds: estimated if there is no `end`, else wall time.
    """
    return document(
        "overfit.batch/1",
        **asdict(subject),
        seconds=seconds,
        bytes=size_bytes,
        end=None if end is None else asdict(end),
    )


def _words(subject: BatchSubject) -> list[str]:
    part, parts = subject.shard
    return [
        f"batch {subject.name}" + (f", part {part} of {parts}" if parts > 1 else ""),
        ", ".join(subject.datasets),
        f"{subject.total:,} runs: {', '.join(subject.methods)}",
        _where(subject),
    ]


def _where(subject: BatchSubject) -> str:
    if subject.executor == "processes":
        return plural(subject.workers, "process")
    return "a Dask cluster" if subject.executor == "dask" else "one process"
