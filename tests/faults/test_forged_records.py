"""Row 3 with right checksums: a record or a part that someone made up is damage like any other.

Every value of a record is replaced by values of every JSON type, every array of a part by others,
and the checksums are made again. Each command then says that the run is damaged, and names it, or
takes it for a run; none ends in an internal error, a traceback, or a large allocation.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from batch_samples import digest
from forgery import CONFIG, forge, forged_part, forged_records, row_of, run_ids, with_part

from overfit_cli.cli.app import execute

READING = ("list", "show", "show --json", "compare", "predict", "export", "doctor")
# What `doctor` calls sound can be read by these; the others also ask what this program can train.
WHOLE = ("list", "compare", "export", "merge")
# 2, 65: a text in place of another, such as a data set's name; 5: other numbers than were trained.
ENDS = {0, 74, 2, 65, 5}
MOST_BYTES = 300 << 20


@dataclass(frozen=True)
class Case:
    """What was changed, and what one run is then to be."""

    told: str
    record: Any
    parts: Mapping[str, bytes]


@dataclass(frozen=True)
class Scene:
    """A store of four runs, and one of them."""

    folder: Path
    run_id: str

    @property
    def whole(self) -> Path:
        return self.folder / "whole.db"

    @property
    def store(self) -> Path:
        return self.folder / "s.db"

    def words(self, command: str) -> list[str]:
        """Return the words of a command over the forged store."""
        first, *rest = command.split()
        more = {
            "show": [self.run_id],
            "verify": [self.run_id],
            "refit": [self.run_id],
            "predict": [self.run_id, str(self.folder / "rows.csv")],
            "compare": ["forged"],
            "export": ["--predictions", "--output", str(self.folder / "tables")],
            "batch": [str(self.folder / "batch.toml"), "--executor", "serial"],
            "merge": [str(self.store)],
        }
        store = self.folder / "merged.db" if first == "merge" else self.store
        return [first, *more.get(first, []), *rest, "--store", str(store)]

    def cases(self) -> Iterator[Case]:
        _, _, record, parts = row_of(self.whole, self.run_id)
        yield from (Case(told, forged, {}) for told, forged in forged_records(record))
        for name, data in parts.items():
            for told, forged in forged_part(data):
                yield Case(f"{name}: {told}", with_part(record, name, forged), {name: forged})

    def prepare(self, case: Case) -> None:
        for path in (*self.folder.glob("s.db*"), *self.folder.glob("merged.db*")):
            path.unlink()
        forge(self.whole, self.store, self.run_id, case.record, case.parts)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("forged")
    (folder / "batch.toml").write_text(CONFIG)
    (folder / "rows.csv").write_text("x1,x2\n0,1\n")
    store = folder / "whole.db"
    words = ["batch", str(folder / "batch.toml"), "--executor", "serial", "--store", str(store)]
    assert execute(words) == 0
    return Scene(folder, run_ids(store)[2])


def looked_at(scene: Scene, case: Case, capsys: Any, commands: Sequence[str]) -> dict[str, int]:
    """Return how each command ended; all must have ended well, or have named the run."""
    ends: dict[str, int] = {}
    for command in commands:
        if command not in READING:
            scene.prepare(case)
        ends[command] = execute(scene.words(command))
        said = "".join(capsys.readouterr())
        told = (case.told, command, ends[command], said)
        assert ends[command] in ENDS, told
        assert "internal error" not in said, told
        assert "Traceback" not in said, told
        if ends[command] == 74:
            assert scene.run_id in said, told
    return ends


def judge(scene: Scene, cases: Sequence[Case], capsys: Any, commands: Sequence[str]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    damaged = 0
    for case in cases:
        scene.prepare(case)
        ends = looked_at(scene, case, capsys, commands)
        if ends["doctor"] == 0:
            assert [ends[name] for name in WHOLE if ends.get(name)] == [], case.told
        else:
            damaged += 1
            # each reads its own parts; all three are read by what predicts
            assert ends["predict"] == 74, case.told
    print(f"\n{len(cases)} forgeries, {len(commands)} commands each, {damaged} damage to doctor")
    assert damaged > len(cases) / 3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    assert peak - before < MOST_BYTES


def drawn(scene: Scene, count: int) -> list[Case]:
    return random.Random(11).sample(list(scene.cases()), count)


def test_row_3_some_forgeries_everywhere(scene: Scene, capsys: Any) -> None:
    judge(scene, drawn(scene, 12), capsys, (*READING, "verify", "refit", "merge"))


@pytest.mark.slow
def test_row_3_every_forgery(scene: Scene, capsys: Any) -> None:
    judge(scene, list(scene.cases()), capsys, READING)


@pytest.mark.slow
def test_row_3_many_forgeries_everywhere(scene: Scene, capsys: Any) -> None:
    judge(scene, drawn(scene, 300), capsys, (*READING, "verify", "refit", "merge"))


@pytest.mark.parametrize("count", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_row_3_a_forged_run_is_trained_again(scene: Scene, capsys: Any, count: int) -> None:
    unbroken, mended = digest(scene.whole), 0
    for case in drawn(scene, count):
        scene.prepare(case)
        if execute(scene.words("doctor")) == 0:
            continue
        mended += 1
        record_is_wrong = execute(scene.words("list")) == 74
        if not record_is_wrong:  # a part: the batch does not read it
            assert execute(scene.words("doctor --repair")) == 0, case.told
        assert execute(scene.words("batch")) == 0, case.told
        assert digest(scene.store) == unbroken, case.told
        scene.prepare(case)
        assert execute(scene.words("doctor --repair")) == 0, case.told
        assert execute(scene.words("batch")) == 0, case.told
        assert digest(scene.store) == unbroken, case.told
    capsys.readouterr()
    assert mended > count / 3


FORGED_COLUMNS = ({"status": "x"}, {"status": 3}, {"batches": b"3"}, {"batches": b"{}"},
                  {"batches": b'[["x"]]'}, {"batches": "x"}, {"status": "failed"})  # fmt: skip


@pytest.mark.parametrize("columns", FORGED_COLUMNS, ids=str)
def test_row_3_forged_columns_of_a_row(scene: Scene, capsys: Any, columns: Any) -> None:
    _, _, record, _ = row_of(scene.whole, scene.run_id)
    for command in ("list", "show", "compare", "doctor", "merge", "batch", "doctor --repair"):
        scene.prepare(Case("", record, {}))
        forge(scene.whole, scene.store, scene.run_id, record, {}, **columns)
        ended = execute(scene.words(command))
        said = "".join(capsys.readouterr())
        if command in ("batch", "doctor --repair"):
            assert ended == 0, (command, said)
        else:
            assert ended == 74, (command, said)
            assert scene.run_id in said
