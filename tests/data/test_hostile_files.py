"""Damaged and malicious files: an error for the user or a data set, nothing else, and soon."""

from __future__ import annotations

import gzip
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutated_files import ROWS, load_everywhere, mutants, originals, parquet

from overfit_cli.data import idx, npz, table
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.data.parquet_check import check_parquet
from overfit_cli.data.request import DataRequest
from overfit_cli.data.thrift import CompactReader, Malformed
from overfit_cli.errors import DataError, UsageError

MUTANTS = 200


def test_row_10_mutated_files_end_in_an_error_for_the_user_or_a_data_set(tmp_path: Path) -> None:
    for name, content in mutants(seed=1, count=MUTANTS):
        load_everywhere(name, content, tmp_path)


def test_row_10_the_sound_files_are_read(tmp_path: Path) -> None:
    for name, content in originals():
        if "idx" not in name:
            path = tmp_path / name
            path.write_bytes(content)
            source = npz if name.endswith("npz") else table
            assert source.load(DataRequest(str(path)), {}, 0).classes == ("0", "1")


@given(st.binary(max_size=200))
def test_row_10_thrift_reader_ends_on_any_bytes(data: bytes) -> None:
    reader = CompactReader(data)
    try:
        fields = reader.read_struct()
    except Malformed:
        return
    assert reader.at <= len(data)
    assert isinstance(fields, dict)


def test_row_10_a_negative_count_in_a_parquet_page_is_refused_before_polars_reads_it() -> None:
    # Polars 2.1 allocates what a page header counts, and the failure aborts the process.
    sound = bytearray(parquet(compression="uncompressed"))
    found = [at for at in range(4, 40) if sound[at] == 2 * ROWS]
    assert found
    check_parquet(bytes(sound), "f")
    for at in found:
        broken = sound.copy()
        broken[at] = 2 * ROWS - 1
        with pytest.raises(DataError, match=r"negative count|values declared|no such type|damaged"):
            check_parquet(bytes(broken), "f")


class Trap:
    """Loading its pickle runs code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("trapped",)


def test_row_11_pickles_in_npz_are_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    y = np.array([Trap(), Trap()], dtype=object)
    np.savez("trap.npz", X=np.ones((2, 3)), y=y)
    with pytest.raises(DataError, match="Python objects"):
        npz.load(DataRequest("trap.npz"), {}, 0)
    np.savez("trap.npz", X=np.array([[Trap()]], dtype=object), y=np.ones(1))
    with pytest.raises(DataError, match="Python objects"):
        read_new_rows("trap.npz", {"numeric_names": ["x0"], "categories": []})
    assert not Path("trapped").exists()


def npy_header(shape: str, descr: str = "<f8") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def save_members(path: Path, **members: bytes) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return str(path)


@pytest.mark.parametrize(
    "shape",
    [
        "(1000000000, 1000)",
        "(4, 3)",
        "(4, 5)",
        "(-4, -4)",
        "(4, -4)",
        "()",
        "(99999999999999999999,)",
    ],
)
def test_row_12_npz_headers_that_lie_about_shape(tmp_path: Path, shape: str) -> None:
    path = save_members(tmp_path / "lie.npz", X=npy_header(shape) + bytes(8 * 16), y=b"")
    with pytest.raises(DataError, match="declares"):
        npz.load(DataRequest(path), {}, 0)


def test_row_12_npz_decompression_bomb_is_refused_by_its_declared_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    save_members(path, X=npy_header("(1000, 1000)") + bytes(8_000_000), y=b"")
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 3_000_000_000)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"needs about 2,861 MiB; the limit is 1,024 MiB"):
        npz.load(DataRequest(str(path)), {}, 0)


def test_row_12_gzip_bomb_stops_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overfit_cli.data.files.read_bytes.__defaults__", (1 << 20,))
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,y\n" + b"1,2\n" * 1_000_000))
    with pytest.raises(DataError, match="more than 1 MiB once unzipped"):
        table.load(DataRequest(str(path)), {}, 0)


@pytest.mark.parametrize("zipped", [False, True])
def test_row_12_idx_headers_that_lie_about_shape(tmp_path: Path, zipped: bool) -> None:
    for shape in ((60_000, 28, 28), (2**31, 28, 28), (2**32 - 1,) * 3):
        content = struct.pack(">HBB3I", 0, 8, 3, *shape) + bytes(100)
        path = tmp_path / "train-images-idx3-ubyte"
        path.write_bytes(gzip.compress(content) if zipped else content)
        with pytest.raises(DataError, match=r"cannot hold|the limit is"):
            idx.read_idx(str(path))


def test_row_12_parquet_row_counts_that_lie() -> None:
    sound = parquet(compression="uncompressed")
    footer = len(sound) - 8 - int.from_bytes(sound[-8:-4], "little")
    refused = []
    for at in [at for at in range(footer, len(sound) - 8) if sound[at] == 2 * ROWS]:
        broken = bytearray(sound)
        broken[at] = 2 * ROWS + 2
        try:
            check_parquet(bytes(broken), "f")
        except DataError as error:
            refused.append(str(error))
    # Each of the four columns, the row group and the file tell the number of rows.
    assert sum("values declared" in message for message in refused) == 4
    assert sum("rows" in message for message in refused) == 6 - 4


def test_special_files_are_not_opened(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.csv"
    os.mkfifo(fifo)
    (tmp_path / "folder.csv").mkdir()
    for path, wrong in (
        (fifo, "not a regular file"),
        (tmp_path / "folder.csv", "not a regular file"),
        (tmp_path / "none.csv", "no such file"),
        (tmp_path / ("x" * 300 + ".csv"), "cannot be opened|no such file"),
    ):
        with pytest.raises(DataError, match=wrong):
            table.load(DataRequest(str(path)), {}, 0)
    with pytest.raises(DataError, match=r"a\\x00b"):
        table.load(DataRequest("a\0b.csv"), {}, 0)


def test_a_star_in_a_name_is_a_file_name(tmp_path: Path) -> None:
    (tmp_path / "a1.parquet").write_bytes(parquet())
    with pytest.raises(DataError, match=r"no such file"):
        table.load(DataRequest(str(tmp_path / "a*.parquet")), {}, 0)
    (tmp_path / "a*.parquet").write_bytes(parquet())
    assert len(table.load(DataRequest(str(tmp_path / "a*.parquet")), {}, 0).target) == ROWS


def test_escape_sequences_in_cells_and_names_are_shown_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{i},{i % 2}\n" for i in range(40))
    path.write_text(f"\x1b]0;pwned\x07,y\n{rows}\x1b[31mred,1\n")
    with pytest.raises(DataError) as caught:
        table.load(DataRequest(str(path)), {}, 0)
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[31mred" in str(caught.value)


def test_a_user_can_raise_the_limit_and_mistakes_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "1.5,0\n2.5,1\n" * 20_000)
    request = DataRequest(str(path))
    monkeypatch.setenv("OVERFIT_MEMORY", "0.0001")
    with pytest.raises(DataError, match=r"OVERFIT_MEMORY=1 \(GiB\)"):
        table.load(request, {}, 0)
    monkeypatch.setenv("OVERFIT_MEMORY", "1")
    assert len(table.load(request, {}, 0).target) == 40_000
    for said in ("0", "-1", "4GB", ".", "nan", "1e9", "9" * 400):
        monkeypatch.setenv("OVERFIT_MEMORY", said)
        with pytest.raises(UsageError, match="number of GiB"):
            table.load(request, {}, 0)
    monkeypatch.setattr("overfit_cli.data.files.MAX_COLUMNS", 3)
    path.write_text("a,b,c,d,y\n" + "1,2,3,4,0\n1,2,3,4,1\n" * 20)
    monkeypatch.setenv("OVERFIT_MEMORY", "1")
    with pytest.raises(DataError, match="5 columns; the limit is 3"):
        table.load(request, {}, 0)
    monkeypatch.setenv("OVERFIT_MEMORY", "2")
    assert len(table.load(request, {}, 0).target) == 40
