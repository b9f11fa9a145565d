"""Damaged data files and configs, made from sound ones, and every way a user can have them read."""

from __future__ import annotations

import gzip
import io
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from overfit_cli.data import idx, npz, table
from overfit_cli.data.dataset import Dataset
from overfit_cli.data.new_rows import read_new_rows
from overfit_cli.data.request import DataRequest
from overfit_cli.errors import OverfitError
from overfit_cli.experiment.config import read_batch
from overfit_cli.experiment.plan import Plan

ROWS = 40
SCHEMA = {"numeric_names": ["a", "b"], "categories": [["c", ["x", "y"]]]}


CONFIG = b"""name = "mutant"
dataset = "moons:n=60,n_test=40"
hidden = [8, 8]
lr = 0.05
epochs = 3
seeds = 2
label_noise = 0.1
task = "classification"
[[methods]]
method = "dropout+early-stopping"
grid.p = [0.5, 0.8]
grid.patience = [3, 5]
[[methods]]
method = 'bayes'
members = 3
[select]
metric = "nll"
"""


def frame() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "a": rng.normal(size=ROWS),
            "b": [None if i % 9 == 0 else i / 3 for i in range(ROWS)],
            "c": ["x" if i % 3 else "y" for i in range(ROWS)],
            "y": [i % 2 for i in range(ROWS)],
        }
    )


def parquet(**options: Any) -> bytes:
    stream = io.BytesIO()
    frame().write_parquet(stream, **options)
    return stream.getvalue()


def npz_bytes(compressed: bool) -> bytes:
    stream = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(stream, X=frame()["a"].to_numpy().reshape(-1, 2), y=np.arange(ROWS // 2) % 2)
    return stream.getvalue()


def idx_bytes(array: np.ndarray) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def originals() -> list[tuple[str, bytes]]:
    """Return sound files, with the names that their kind is told by."""
    text = frame().write_csv()
    quoted = frame().write_csv(quote_style="always")
    images = np.arange(4 * 5 * 5).reshape(4, 5, 5)
    return [
        ("t.csv", text.encode()),
        ("t.csv", text.replace(",", ";").encode("utf-8-sig")),
        ("t.csv", quoted.encode()),
        ("t.csv.gz", gzip.compress(text.encode(), mtime=0)),
        ("t.parquet", parquet()),
        ("t.parquet", parquet(compression="uncompressed")),
        ("t.parquet", parquet(compression="snappy", row_group_size=8)),
        ("t.npz", npz_bytes(False)),
        ("t.npz", npz_bytes(True)),
        ("train-images-idx3-ubyte", idx_bytes(images)),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx_bytes(images), mtime=0)),
        ("train-labels-idx1-ubyte", idx_bytes(np.arange(4) % 2)),
    ]


def configs() -> list[tuple[str, bytes]]:
    """Return sound configs: those that are shipped, and one with every kind of value."""
    folder = Path(__file__).parents[1] / "configs"
    return [("c.toml", CONFIG)] + [("c.toml", file.read_bytes()) for file in folder.glob("*.toml")]


def by_kind() -> dict[str, list[tuple[str, bytes]]]:
    """Return the sound files of every kind."""
    names = {"csv": ".csv", "npz": ".npz", "idx": "ubyte", "parquet": ".parquet"}
    files = originals()
    data = {kind: [file for file in files if part in file[0]] for kind, part in names.items()}
    return data | {"toml": sorted(configs())}


def mutants(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` damaged files: bytes changed, flipped, cut out, put in, doubled, cut short."""
    rng = random.Random(seed)
    pool = originals()
    for _ in range(count):
        yield mutant(*rng.choice(pool), rng)


def mutant(name: str, content: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Return a file damaged in one place or a few."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        damage(data, rng)
    return name, bytes(data)


def damage(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    size = rng.randrange(1, 20)
    match rng.randrange(6):
        case 0 | 1 if at < len(data):
            data[at] = rng.choice((0, 255, ord('"'), ord("\n"), ord(","), rng.randrange(256)))
        case 2 if at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        case 3:
            del data[at : at + size]
        case 4:
            data[at:at] = data[at : at + size] or rng.randbytes(size)
        case 5 if rng.random() < 0.2:
            del data[max(at, 1) :]
        case _:
            del data[at : at + 1]


def load_everywhere(name: str, content: bytes, folder: Path) -> None:
    """Read a file in every way a user can."""
    if "idx" in name:
        write_images(folder)
        (folder / name.removesuffix(".gz")).unlink()
    path = folder / name
    path.write_bytes(content)
    if name.endswith(".toml"):
        attempt(lambda: read_batch(str(path), {}), name)
        attempt(lambda: read_config(str(path)))
        return
    attempt(lambda: read_new_rows(str(path), SCHEMA))
    if "idx" in name:
        attempt(lambda: idx.load(DataRequest(str(folder)), {}, 0))
    else:
        source = npz if name.endswith("npz") else table
        attempt(lambda: source.load(DataRequest(str(path)), {}, 0))
    path.unlink()


def write_images(folder: Path) -> None:
    images, labels = np.arange(4 * 5 * 5).reshape(4, 5, 5), np.arange(4) % 2
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


def read_config(path: str) -> None:
    """Read a config and check every value of it, as `batch` does before it looks at data."""
    plan = Plan(read_batch(path, {}))
    plan.check()
    assert len(plan) > 0


def attempt(read: Callable[[], object], name: str = "") -> None:
    """Read; what is wrong must be told as such, with the name of the file."""
    try:
        found = read()
    except OverfitError as error:
        found = error
    if isinstance(found, OverfitError):
        assert name in str(found)
        assert str(found)
        assert found.exit_code in (2, 65)
    if isinstance(found, Dataset):
        assert len(found.numeric) == len(found.codes) == len(found.target) > 0
        assert np.isfinite(found.target).all()
        assert not np.isinf(found.numeric).any()
