"""The store: finished runs in one SQLite file, one transaction a run."""

from __future__ import annotations

import contextlib
import difflib
import sqlite3
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

from overfit_cli.errors import StoreError, UsageError
from overfit_cli.records import TUNING, RunResult
from overfit_cli.store import batches, record, rows, selection
from overfit_cli.store import connection as opening
from overfit_cli.store.codec import Malformed
from overfit_cli.store.faults import told
from overfit_cli.store.health import copies, missing, problems, rescue
from overfit_cli.store.merge import Merged, put
from overfit_cli.store.rows import Row
from overfit_cli.store.summary import RunSummary, summarise
from overfit_cli.store.transaction import transaction

Mode = Literal["write", "read"]
LAST = "last"
FEWEST_DIGITS = 4
"""Of a run's id: a letter or two are sooner a batch that is no more."""
TUNED = frozenset(TUNING)


class Store:
    """Stored runs. Use as a context manager; one thread, one process per object.

    Any number of processes may write and read one file at once, each through its own Store. Every
    number that is read has passed its checksum. All methods raise StoreError when the file or the
    disk refuses.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, scratch: contextlib.ExitStack):
        self.path = path
        self._connection = connection
        self._scratch = scratch

    @classmethod
    def open(cls, path: str | Path, mode: Mode = "write") -> Self:
        """Open the store at `path`; mode "write" makes it if there is none.

        Raises:
            StoreError: no store, newer than this program, not readable or writable.
        """
        path = Path(path)
        if "\0" in str(path):
            raise StoreError(f"store {str(path)!r}: a path cannot hold a null character.")
        scratch = contextlib.ExitStack()
        with told(path), contextlib.ExitStack() as undo:
            undo.push(scratch)
            connect = opening.writing if mode == "write" else opening.reading
            connection = connect(path, scratch)
            undo.pop_all()
        return cls(path, connection, scratch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last process to do so leaves nothing beside it."""
        self._connection.close()
        self._scratch.close()

    def save(self, result: RunResult, batch: str | None = None, keep_model: bool = False) -> None:
        """Store one run, or nothing of it, in place of an earlier record of the same run.

        What trained to the end stays: it gives way neither to a run that failed nor to one
        without the model that it has; and what is known of its tuning stays. The run becomes `last`
        either way. keep_model: also a model
        of record.MODEL_BYTES or more.
        """
        data, parts = record.split(result, keep_model)
        needed = len(data) + sum(map(len, parts.values()))
        with told(self.path, needed), transaction(self._connection):
            old = rows.find(self._connection, result.run_id)
            known = old.sound() if old else None
            batches = _joined(old.batch_names() if old and known else (), batch)
            if old and known and _keeps(known, result, parts):
                rows.rebatch(self._connection, old, batches)
            else:
                if known and not TUNED.isdisjoint(known.get("diagnostics", {})):
                    data, parts = record.split(_still_tuned(result, known), keep_model)
                if old:
                    rows.delete(self._connection, [result.run_id])
                row = Row.sealed(result.run_id, result.status, batches, data)
                rows.insert(self._connection, row, parts)

    def tag(self, batch: str, run_ids: Iterable[str]) -> None:
        """Make stored runs members of a batch, in one transaction; unknown ones are passed over."""
        with told(self.path), transaction(self._connection):
            for run_id in run_ids:
                row = rows.find(self._connection, run_id)
                if row and row.is_whole():
                    rows.rebatch(self._connection, row, _joined(row.batch_names(), batch))

    def save_select(self, batch: str, metric: str, planned: int | None = None) -> None:
        """Note by which validation metric a batch chooses settings, in place of an earlier note.

        planned: how many runs it is to have; None leaves what is noted of that.
        """
        news = {"select": metric} | ({} if planned is None else {"planned": planned})
        with told(self.path), transaction(self._connection):
            note = batches.read(self._connection).get(batch, {}) | news
            batches.learn(self._connection, {batch: note})

    def load_select(self, batch: str) -> str | None:
        """Return the validation metric by which a batch chooses settings, None if not noted."""
        with self._reading():
            found = batches.read(self._connection).get(batch, {}).get("select")
        return None if found is None else str(found)

    def load_planned(self, batch: str) -> int | None:
        """Return how many runs a batch is to have, None if not noted."""
        with self._reading():
            found = batches.read(self._connection).get(batch, {}).get("planned")
        return None if found is None else int(found)

    def has(self, run_id: str) -> bool:
        """Tell whether this run trained to the end and its record is intact."""
        with self._reading():
            row = rows.find(self._connection, run_id)
        return row is not None and row.status == "done" and row.is_whole()

    def statuses(self, batch: str | None = None) -> dict[str, str]:
        """Return run id -> status, of a batch if one is named. Damaged records count as missing."""
        with self._reading():
            return {
                row.run_id: row.status
                for row in rows.every(self._connection)
                if row.is_intact()
                and (batch is None or batch in row.batch_names())
                and row.is_whole()
            }

    def members(self, batch: str) -> set[str]:
        """Return the ids of a batch's runs, by their checksums alone: faster than `statuses`."""
        with self._reading():
            found = rows.every(self._connection)
            return {row.run_id for row in found if row.is_intact() and batch in row.batch_names()}

    def load(self, name: str, blobs: bool = False) -> RunResult:
        """Return the run `name`: its id, the unique beginning of it (four digits), or `last`.

        blobs: with predictions and model, where they were stored.

        Raises:
            UsageError: no such run, or several.
            StoreError: the record is damaged.
        """
        with self._reading():
            return self._read(self._one(name), record.PARTS if blobs else ("curves",))

    def results(
        self, run_ids: Iterable[str], parts: Collection[str] = ("curves",)
    ) -> Iterator[RunResult]:
        """Yield the runs with these (whole) ids, one at a time, in the order given.

        parts: what to read of record.PARTS; the others are left empty. Curves take most of the
        time and memory: leave them out for thousands of runs.
        """
        for run_id in run_ids:
            with self._reading():
                result = self._read(run_id, parts)
            yield result

    def scan(self, run_ids: Container[str]) -> Iterator[RunResult]:
        """Yield those of these runs that are stored, no part read, in the order saved.

        One pass over one state of the file: for thousands of runs faster than `results`. The
        store can do nothing else until the pass is over.

        Raises:
            StoreError: at the end, if runs of the store are damaged or missing, whichever.
        """
        with self._reading():
            for row in rows.intact(self._connection):
                if row.run_id in run_ids:
                    yield record.join(row.decoded(), {})

    def summaries(self) -> list[RunSummary]:
        """Return every run, in the order saved."""
        with self._reading():
            return [_summary(row) for row in rows.intact(self._connection)]

    def select(self, text: str = "") -> list[RunSummary]:
        """Return the runs of a SELECTION (see `selection`), in the order saved.

        Raises:
            UsageError: a name, key or value that fits no run, or an ambiguous beginning.
        """
        wanted = selection.parse(text)
        runs = self.summaries()
        if wanted.names:
            named = {run_id for name in wanted.names for run_id in self._named(name, runs)}
            runs = [run for run in runs if run.run_id in named]
        return selection.narrow(runs, wanted.pairs)

    def resolve(self, text: str) -> list[str]:
        """Return the run ids of a SELECTION; whole ids also of damaged runs, for `overfit rm`."""
        names = selection.parse(text).names
        if names and not selection.parse(text).pairs and all(map(self._is_stored, names)):
            return list(dict.fromkeys(names))
        return [run.run_id for run in self.select(text)]

    def leave(self, text: str) -> dict[str, str]:
        """Take out of the batches of a SELECTION the runs that are of other batches too.

        Return another batch of each by id. Runs that are named by their own ids stay members.
        """
        runs, names = self.summaries(), set(selection.parse(text).names)
        left = names & {batch for run in runs for batch in run.batches}
        if not left:
            return {}
        own = {run_id for name in names - left for run_id in self._named(name, runs)}
        shared = {
            run.run_id: kept[-1]
            for run in self.select(text)
            if run.run_id not in own
            and left.intersection(run.batches)
            and (kept := [batch for batch in run.batches if batch not in left])
        }
        with told(self.path), transaction(self._connection):
            for run_id in shared:
                row = rows.find(self._connection, run_id)
                if row:
                    others = [batch for batch in row.batch_names() if batch not in left]
                    rows.rebatch(self._connection, row, others)
        return shared

    def last_batch(self) -> str | None:
        """Return the batch that was last added to, or None."""
        with self._reading():
            newest = rows.every(self._connection, newest_first=True)
            members = (row.batch_names() for row in newest if row.is_intact())
            return next((names[-1] for names in members if names), None)

    def remove(self, run_ids: Iterable[str]) -> int:
        """Remove runs, all or none, and give their space back; return how many there were."""
        with told(self.path):
            with transaction(self._connection):
                count = rows.delete(self._connection, run_ids)
            # As a script: Python's execute() would stop after giving back one page.
            self._connection.executescript("PRAGMA incremental_vacuum")
        return count

    def complete_ids(self, prefix: str = "") -> list[str]:
        """Return the run ids that begin so, for shell completion, `last` among them."""
        with self._reading():
            found = rows.ids(self._connection, prefix)
        return [*found, *([LAST] if LAST.startswith(prefix) else [])]

    def check(self) -> list[str]:
        """Read everything; return what is wrong, one sentence each. Empty: all is well."""
        return problems(self._connection)

    def rescue(self, into: str | Path) -> tuple[list[str], list[str]]:
        """Copy every intact run to a new store; return the ids copied and those lost.

        Raises:
            StoreError: if there is a file at `into`, or the disk refuses.
        """
        if Path(into).exists():
            raise StoreError(f"store {into}: it exists; runs are rescued into a new file only.")
        with Store.open(into) as fresh, told(fresh.path):
            return rescue(self._connection, fresh._connection)

    def missing(self) -> int:
        """Return how many runs should be here and have vanished; 0 if that cannot be told."""
        return missing(self._connection)

    def merge(self, source: Store) -> Merged:
        """Copy every intact run of `source`, with its batches, that is not here or less far here.

        One transaction a run: after a fault the runs copied so far are whole, and the same merge
        copies the others. What is noted here of a batch stays.
        """
        found = Merged()
        with source._reading():
            for run_id, copy in copies(source._connection):
                if copy is None:
                    found.damaged.append(run_id)
                    continue
                with told(self.path, sum(map(len, copy[1].values()))):
                    getattr(found, put(self._connection, *copy)).append(run_id)
            found.missing = missing(source._connection)
            news = batches.read(source._connection)
        with told(self.path), transaction(self._connection):
            known = batches.read(self._connection)
            batches.learn(self._connection, news | known)
        choices = {
            name: (known[name].get("select"), news[name].get("select"))
            for name in known.keys() & news.keys()
        }
        found.disputed = {
            name: (str(here), str(there))
            for name, (here, there) in choices.items()
            if here and there and here != there
        }
        return found

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Read one unchanging state of the file."""
        with told(self.path), transaction(self._connection, "DEFERRED"):
            yield

    def _read(self, run_id: str, parts: Collection[str]) -> RunResult:
        row = rows.find(self._connection, run_id)
        if row is None:
            if rows.find(self._connection, run_id, indexed=False):
                raise Malformed(f"the index of runs is damaged: run {run_id} is not in it")
            raise UsageError(self._no_such(run_id))
        document = row.decoded()
        names = [name for name in document["parts"] if name in parts]
        return record.join(document, rows.parts(self._connection, row.run_id, names))

    def _is_stored(self, run_id: str) -> bool:
        with self._reading():
            return rows.find(self._connection, run_id) is not None

    def _named(self, name: str, runs: list[RunSummary]) -> list[str]:
        members = [run.run_id for run in runs if name in run.batches]
        with self._reading():
            return members or [self._one(name)]

    def _one(self, name: str) -> str:
        last = rows.last_id(self._connection) if name == LAST else None
        known = len(name) >= FEWEST_DIGITS
        found = [last] if last else rows.ids(self._connection, name) if known else []
        if len(found) > 1 and name not in found:
            shown = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
            raise UsageError(f"run '{name}' is ambiguous: {len(found)} begin so: {shown}.")
        if not found:
            raise UsageError(self._no_such(name))
        return name if name in found else found[0]

    def _no_such(self, name: str) -> str:
        known = rows.ids(self._connection)
        if not known:
            return f"there is no run '{name}': store {self.path} holds none yet."
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        return f"there is no run or batch '{name}'.{hint} `overfit list` shows all {len(known)}."


def _summary(row: Row) -> RunSummary:
    return summarise(row.decoded(), row.batch_names())


def _joined(earlier: tuple[str, ...], batch: str | None) -> tuple[str, ...]:
    if batch is None:
        return earlier
    return (*(name for name in earlier if name != batch), batch)


def _still_tuned(result: RunResult, old: Mapping[str, Any]) -> RunResult:
    """Return the run as the winner of the tuning that its earlier record tells of."""
    known = {name: value for name, value in old["diagnostics"].items() if name in TUNED}
    return replace(result, diagnostics=known | dict(result.diagnostics))


def _keeps(old: Mapping[str, Any], result: RunResult, parts: dict[str, bytes]) -> bool:
    if old["status"] != "done":
        return False
    had_model = "model" in old["parts"]
    return result.status != "done" or (had_model and "model" not in parts)
