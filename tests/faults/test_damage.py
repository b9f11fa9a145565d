"""Row 3: a store cut short or with bits flipped gives no wrong number, and can be used again.

After each damage the report of the batch is its old bytes or an error that says so. Then the same
command again, with `doctor --repair` in between where it refuses, gives the old bytes.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_samples import run_here, written

from overfit_cli.cli.app import execute
from overfit_cli.store import Store

PLACES, ALL_PLACES = 16, 1000
PAGE = 4096
TINY = """
name = "tiny"
dataset = "moons:n=60,n_test=20"
hidden = [3]
epochs = 2
seeds = 2
[[methods]]
method = "none"
[[methods]]
method = "l2"
"""


class Sound:
    """A store of a batch, as it lies when its writer was closed, and when it was killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = written(folder, TINY)
        self.store = folder / "s.db"
        Store.open(self.store).close()
        with Store.open(self.store):  # open in two places: the log stays when the batch ends
            assert run_here(self.config, self.store) == 0
            self.killed = self.files()
        self.closed = self.files()
        assert set(self.killed) - set(self.closed) == {"s.db-wal"}
        self.report = self.compared()[1]

    def files(self) -> dict[str, bytes]:
        found = self.folder.glob("s.db*")
        return {path.name: path.read_bytes() for path in found if path.suffix != ".db-shm"}

    def put(self, files: dict[str, bytes]) -> None:
        for old in self.folder.glob("s.db*"):
            old.unlink()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def compared(self) -> tuple[int, bytes]:
        """Return the exit code of `compare`, and its report."""
        output = self.folder / "report.json"
        output.unlink(missing_ok=True)
        words = ["compare", "tiny", "--store", str(self.store), "--no-times", "--format", "json"]
        code = execute([*words, "--output", str(output)])
        return code, output.read_bytes() if output.exists() else b""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return Sound(tmp_path_factory.mktemp("sound"))


def damaged(content: bytes, places: int, seed: int) -> Iterator[bytes]:
    """Yield copies: cut short; a bit flipped anywhere; one in a page's header; a page lost."""
    chance = random.Random(seed)
    for number in range(places):
        copy = bytearray(content)
        at = chance.randrange(len(copy))
        page = at // PAGE * PAGE
        match number % 4:
            case 0:
                del copy[at:]
            case 1:
                copy[at] ^= 1 << chance.randrange(8)
            case 2:
                copy[min(page + chance.randrange(40), len(copy) - 1)] ^= 1 << chance.randrange(8)
            case 3:
                copy[page : page + PAGE] = bytes(len(copy[page : page + PAGE]))
        yield bytes(copy)


def recovered(sound: Sound) -> str:
    """Run the same batch until its report is there again; return what that took."""
    if run_here(sound.config, sound.store) == 0 and sound.compared()[0] == 0:
        return "the same command again"
    if execute(["doctor", "--repair", "--store", str(sound.store)]) == 0:
        assert run_here(sound.config, sound.store) == 0
        return "doctor --repair"
    # nothing can be read of it; it was refused and left as it is
    assert sound.compared()[0] == 74
    sound.store.rename(sound.folder / "s.db.unreadable")
    for side in sound.folder.glob("s.db-*"):
        side.unlink()
    assert run_here(sound.config, sound.store) == 0
    return "unreadable: moved away by hand"


@pytest.mark.parametrize("places", [PLACES, pytest.param(ALL_PLACES, marks=pytest.mark.slow)])
def test_row_3_a_damaged_store_gives_no_wrong_number(
    sound: Sound, places: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: Counter[str] = Counter()
    for content in damaged(sound.closed["s.db"], places, seed=3):
        sound.put({"s.db": content})
        capsys.readouterr()
        code, report = sound.compared()
        if code == 0:
            assert report == sound.report
            seen["report unchanged"] += 1
        else:
            said = capsys.readouterr().err
            assert (code, said.startswith(f"overfit: store {sound.store}: ")) == (74, True), said
            seen["named"] += 1
        seen[recovered(sound)] += 1
        assert sound.compared() == (0, sound.report)
    tell(seen, capsys)
    assert seen["named"] > places / 4


@pytest.mark.parametrize("places", [PLACES // 2, pytest.param(ALL_PLACES, marks=pytest.mark.slow)])
def test_row_3_a_damaged_log_loses_runs_and_gives_no_wrong_number(
    sound: Sound, places: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: Counter[str] = Counter()
    for content in damaged(sound.killed["s.db-wal"], places, seed=4):
        sound.put(sound.killed | {"s.db-wal": content})
        seen[recovered(sound)] += 1
        assert sound.compared() == (0, sound.report)
    tell(seen, capsys)


def tell(seen: Counter[str], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{dict(seen)}")


def test_doctor_repairs_what_is_left_and_keeps_the_rest(
    sound: Sound, capsys: pytest.CaptureFixture[str]
) -> None:
    value = b'"method":"l2"'
    first = sound.closed["s.db"].index(value)
    content = sound.closed["s.db"][:first] + b'"method":"l3"' + sound.closed["s.db"][first + 13 :]
    sound.put({"s.db": content})
    words = ["doctor", "--store", str(sound.store)]
    assert execute(words) == 74
    assert "overfit doctor --repair" in capsys.readouterr().err
    assert sound.files() == {"s.db": content}
    assert execute([*words, "--repair", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["repaired"]["kept"]) == 3
    assert (len(found["repaired"]["damaged"]), found["repaired"]["missing"]) == (1, 0)
    assert Path(found["repaired"]["aside"]).read_bytes() == content
    assert execute([*words, "--repair"]) == 0  # nothing is left to repair
    assert sorted(sound.files()) == ["s.db", "s.db.damaged"]
    assert run_here(sound.config, sound.store) == 0
    assert sound.compared() == (0, sound.report)


@pytest.mark.parametrize("place", [17, 18, 19, 22, 47, 70])
def test_doctor_repairs_a_damaged_header(
    sound: Sound, place: int, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(sound.closed["s.db"])
    content[place] ^= 8
    sound.put({"s.db": bytes(content)})
    assert execute(["doctor", "--store", str(sound.store)]) == 74
    assert execute(["doctor", "--repair", "--store", str(sound.store)]) == 0
    assert run_here(sound.config, sound.store) == 0
    assert sound.compared() == (0, sound.report)


def test_doctor_does_not_repair_what_is_no_store(
    sound: Sound, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(sound.folder / "stranger.db") as connection:
        connection.execute("CREATE TABLE runs (run_id TEXT)")
    connection.close()
    for content in ((sound.folder / "stranger.db").read_bytes(), b"text" * 3000, b"t"):
        sound.put({"s.db": content})
        assert execute(["doctor", "--repair", "--store", str(sound.store)]) == 74
        assert sound.files() == {"s.db": content}


def test_doctor_repairs_with_the_log_that_a_killed_writer_left(sound: Sound) -> None:
    # what the log holds is newer than the damaged file, and no log may lie beside the new one
    content = bytearray(sound.killed["s.db"])
    content[-1] ^= 1
    sound.put(sound.killed | {"s.db": bytes(content)})
    assert execute(["doctor", "--repair", "--store", str(sound.store)]) == 0
    assert sound.compared() == (0, sound.report)


def test_doctor_does_not_repair_under_a_running_batch(
    sound: Sound, capsys: pytest.CaptureFixture[str]
) -> None:
    from overfit_cli.store import held

    content = sound.closed["s.db"].replace(b'"method":"l2"', b'"method":"l3"')
    sound.put({"s.db": content})
    with held(sound.store, "any", "a batch"):
        assert execute(["doctor", "--repair", "--store", str(sound.store)]) == 74
    assert "in use by process" in capsys.readouterr().err
    assert sound.files() == {"s.db": content}
