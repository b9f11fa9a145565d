"""Directories of IDX files: MNIST and its relatives (Fashion-MNIST, EMNIST, …)."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import FREE, TEST, Dataset
from overfit_cli.data.files import DEFLATE_RATIO, check_memory, is_gzip, opened, regular_file
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.request import DataRequest
from overfit_cli.data.roles import TABLE_FIELDS, refuse_fields
from overfit_cli.errors import DataError, UsageError

UNSIGNED_BYTE = 8
CHUNK = 1 << 20
ROLES = {
    (part, kind): re.compile(rf"(.*[-_])?({names})-{kind}s[.-]idx{rank}-ubyte(\.gz)?")
    for part, names in (("train", "train"), ("test", "t10k|test"))
    for kind, rank in (("image", 3), ("label", 1))
}


def load(request: DataRequest, options: Mapping[str, str], seed: int) -> Dataset:
    """Load `mnist`, or a directory with the four files of an IDX data set.

    Pixels stay uint8 (N, h w) with pixel_range 255; rows of the training files are FREE, rows of
    the test files TEST; row ids count training rows, then test rows, from 0.

    Raises:
        DataError: files missing, damaged, or not telling the same number of rows.
    """
    if request.dataset != "mnist":
        # a folder of anything else is told so first, whatever else was asked
        _find(Path(request.dataset), "train", "image")
    refuse_fields(request, TABLE_FIELDS, "IDX images")
    if request.task == "regression":
        raise UsageError("IDX images come with class labels; --task regression cannot be done.")
    if request.dataset == "mnist":
        return _mnist()
    return load_directory(Path(request.dataset))


def load_directory(folder: Path) -> Dataset:
    """Load the four IDX files of `folder`; see `load`."""
    files = {role: _find(folder, *role) for role in ROLES}
    train, test = (read_shape(files[part, "image"]) for part in ("train", "test"))
    if len(train) != 3 or 0 in train + test:
        raise DataError(f"{folder}: images need (rows, height, width); declared are {train}.")
    if train[1:] != test[1:]:
        raise DataError(f"{folder}: images of {train[1:]} and of {test[1:]} pixels do not mix.")
    n = train[0] + test[0]
    check_memory(n * math.prod(train[1:]), str(folder))
    images = np.empty((n, *train[1:]), np.uint8)
    labels = np.empty(n, np.uint8)
    for part, rows in (("train", slice(0, train[0])), ("test", slice(train[0], n))):
        read_into(files[part, "image"], images[rows])
        read_into(files[part, "label"], labels[rows])
    return _dataset(str(folder), images, labels, n_train=train[0])


def _dataset(name: str, images: NDArray[Any], labels: NDArray[Any], n_train: int) -> Dataset:
    n, height, width = images.shape
    pixels = images.reshape(n, height * width)
    found, codes = np.unique(labels, return_inverse=True)
    if len(found) < 2:
        raise DataError(f"{name}: the labels hold one class only; two are needed.")
    part = np.repeat(np.array([FREE, TEST], np.int8), [n_train, n - n_train])
    return Dataset(
        name=name,
        task="classification",
        numeric=pixels,
        numeric_names=pixel_names(height, width),
        codes=np.empty((n, 0), np.int64),
        categories=(),
        target=codes.astype(np.int64),
        target_names=("label",),
        classes=tuple(map(str, found)),
        row_ids=np.arange(n),
        fingerprint=fingerprint("idx", pixels, labels, part),
        part=part,
        pixel_range=255.0,
    )


def pixel_names(height: int, width: int) -> tuple[str, ...]:
    """Name the pixels of an image, row by row."""
    return tuple(f"pixel_{row}_{column}" for row in range(height) for column in range(width))


def read_idx(path: str) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes, gzipped or not.

    Raises:
        DataError: see `read_shape` and `read_into`.
    """
    array = np.empty(read_shape(path), np.uint8)
    read_into(path, array)
    return array


def read_shape(path: str) -> tuple[int, ...]:
    """Read the shape an IDX file declares, and check that the file can hold that much.

    Raises:
        DataError: not IDX, not unsigned bytes, too short or too large for its shape.
    """
    with opened(path) as stream:
        shape = _header(stream, path)
    check_memory(math.prod(shape), path)
    file = regular_file(path)
    size = file.stat().st_size
    if is_gzip(file):
        fits = math.prod(shape) <= DEFLATE_RATIO * size
    else:
        fits = math.prod(shape) + 4 + 4 * len(shape) == size
    if not fits:
        raise DataError(f"{path}: {size:,} bytes cannot hold the declared shape {shape}.")
    return shape


def read_into(path: str, array: NDArray[np.uint8]) -> None:
    """Fill `array` (C-contiguous) from an IDX file.

    Raises:
        DataError: another shape is declared, or the content is shorter or longer than declared.
    """
    with opened(path) as stream:
        shape = _header(stream, path)
        if shape != array.shape:
            raise DataError(f"{path}: declares the shape {shape}; {array.shape} is needed.")
        flat = array.reshape(-1)
        at = 0
        while at < len(flat) and (chunk := stream.read(min(CHUNK, len(flat) - at))):
            flat[at : at + len(chunk)] = np.frombuffer(chunk, np.uint8)
            at += len(chunk)
        if at < len(flat) or stream.read(1):
            raise DataError(f"{path}: not the {len(flat):,} bytes that {shape} needs.")


def _header(stream: BufferedIOBase, path: str) -> tuple[int, ...]:
    """Read magic number and dimensions (big-endian 32-bit)."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or not 1 <= magic[3] <= 4:
        raise DataError(f"{path}: not an IDX file (it starts with {magic.hex(' ')}).")
    if magic[2] != UNSIGNED_BYTE:
        raise DataError(f"{path}: IDX type 0x{magic[2]:02x}; only unsigned bytes (0x08) are read.")
    dimensions = stream.read(4 * magic[3])
    if len(dimensions) < 4 * magic[3]:
        raise DataError(f"{path}: ends within its header.")
    return tuple(int(size) for size in np.frombuffer(dimensions, ">u4"))


def _find(folder: Path, part: str, kind: str) -> str:
    """Return the one file of `folder` that plays this role; a plain one before a gzipped one."""
    pattern = ROLES[part, kind]
    try:
        names = sorted(path.name for path in folder.iterdir() if pattern.fullmatch(path.name))
    except OSError as error:
        raise DataError(f"{folder}: not a directory that can be read.") from error
    if len({name.removesuffix(".gz") for name in names}) != 1:
        usual = f"{'train' if part == 'train' else 't10k'}-{kind}s-idx{3 if kind == 'image' else 1}"
        what = f"several ({', '.join(names)})" if names else "none"
        raise DataError(
            f"{folder}: a directory of IDX images needs one {usual}-ubyte file (or .gz); "
            f"found {what}."
        )
    return str(folder / names[0])


def mnist_folders() -> list[Path]:
    """Return where MNIST may lie: `$OVERFIT_DATA/mnist`, then the user's cache directory."""
    import platformdirs

    shared = os.environ.get("OVERFIT_DATA")
    cache = Path(platformdirs.user_cache_dir("overfit")) / "mnist"
    return [*([Path(shared) / "mnist"] if shared else []), cache]


def _mnist() -> Dataset:
    """Load MNIST from a folder that has it, else from OpenML."""
    for folder in mnist_folders():
        if folder.is_dir():
            return replace(load_directory(folder), name="mnist")
    from overfit_cli.data.openml import fetch_mnist

    return fetch_mnist()
