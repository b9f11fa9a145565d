"""The arrays of an NPZ file, each checked against its own header before a byte of it is read."""

from __future__ import annotations

import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from overfit_cli.data.files import DEFLATE_RATIO, check_memory, regular_file
from overfit_cli.data.naming import no_such, shown, shown_path
from overfit_cli.errors import DataError

MAX_MEMBERS = 10_000
MAX_HEADER = 10_000
KINDS = {"b": "booleans", "i": "integers", "u": "integers", "f": "numbers", "U": "text"}
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, ValueError, TypeError, SyntaxError, KeyError),
    *(EOFError, OSError, NotImplementedError, RuntimeError, MemoryError, OverflowError),
    *(tokenize.TokenError, Warning),
)


class Members:
    """An open NPZ file: names, and arrays by name."""

    def __init__(self, archive: zipfile.ZipFile, path: str) -> None:
        self._archive = archive
        self.path = path
        infos = archive.infolist()
        if len(infos) > MAX_MEMBERS:
            raise DataError(f"{path}: {len(infos):,} arrays; the limit is {MAX_MEMBERS:,}.")
        self._infos = {i.filename.removesuffix(".npy"): i for i in infos}
        self.names = tuple(self._infos)
        self._n_bytes = 0

    def read(self, name: str) -> NDArray[Any]:
        """Read one array, in native byte order; sizes of all arrays read add up to a limit.

        Raises:
            DataError: no such array, Python objects, a header that does not fit its content.
        """
        if name not in self._infos:
            raise DataError(f"{self.path}: " + no_such(name, self.names, "array"))
        info = self._infos[name]
        where = f"{self.path}, array {shown(name)}"
        self._n_bytes += info.file_size
        check_memory(self._n_bytes, where)
        if info.file_size > DEFLATE_RATIO * max(info.compress_size, 1):
            raise DataError(
                f"{where}: {info.compress_size:,} bytes cannot hold {info.file_size:,}."
            )
        try:
            with warnings.catch_warnings():
                # NumPy warns of headers that only Python 2 wrote, or nobody.
                warnings.simplefilter("error")
                array = self._read(info, where)
        except BROKEN as error:
            raise DataError(f"{where}: damaged ({error}).") from error
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def _read(self, info: zipfile.ZipInfo, where: str) -> NDArray[Any]:
        with self._archive.open(info) as stream:
            _check_header(stream, info.file_size, where)
        with self._archive.open(info) as stream:
            array = npy.read_array(stream, allow_pickle=False, max_header_size=MAX_HEADER)
            # Reading past the end is what makes zipfile compare the checksum.
            stream.read(1)
        return array


@contextmanager
def open_npz(path: str) -> Iterator[Members]:
    """Open an NPZ file.

    Raises:
        DataError: not an NPZ file, or as `regular_file`.
    """
    file = regular_file(path)
    check_memory(file.stat().st_size, shown_path(path))
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise DataError(f"{shown_path(path)}: not an NPZ file ({error}).") from error
    with archive:
        yield Members(archive, shown_path(path))


def _check_header(stream: IO[bytes], size: int, where: str) -> None:
    """Compare what an array's header declares with the number of bytes there are."""
    version = npy.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(stream, max_header_size=MAX_HEADER)
    elif version == (2, 0):
        shape, _, dtype = npy.read_array_header_2_0(stream, max_header_size=MAX_HEADER)
    else:
        raise DataError(f"{where}: format version {version} of .npy is not read.")
    if dtype.hasobject:
        raise DataError(f"{where}: holds Python objects (a pickle), which are never loaded.")
    if dtype.kind not in KINDS or dtype.names:
        raise DataError(
            f"{where}: type {dtype}; allowed: {', '.join(dict.fromkeys(KINDS.values()))}."
        )
    declared = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or declared != size - stream.tell():
        raise DataError(
            f"{where}: its header declares {declared:,} bytes {shape}; there are "
            f"{size - stream.tell():,}."
        )
