"""JSON and plain arrays to bytes and back. Nothing is ever pickled.

A pack is: b"OFP1", the header's length (uint32, little-endian), the header (JSON: the document
and name, dtype and shape of every array), then the arrays' bytes in C order, one after another.
Arrays are not compressed: trained floats shrink by a tenth at most, for many times the cost, and
what is not compressed cannot be a decompression bomb.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PREFIX = struct.Struct("<4sI")
_MAGIC = b"OFP1"
_DTYPE = re.compile(r"[<>|](?:[biuf][1248]|[US]\d{1,6})")
_MOST_AXES = 8
DIGEST_BYTES = 16


class Malformed(ValueError):
    """Bytes that are not what `pack` or `to_json` writes."""


def pack(document: Any, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return `document` (JSON, see `to_json`) and `arrays` as bytes.

    Raises:
        TypeError: for an array of objects, records or dates.
    """
    plain = {name: np.asarray(array) for name, array in arrays.items()}
    described = [[name, _dtype_text(a.dtype), a.shape] for name, a in plain.items()]
    header = to_json({"document": document, "arrays": described})
    body = (array.tobytes() for array in plain.values())
    return b"".join([_PREFIX.pack(_MAGIC, len(header)), header, *body])


def unpack(data: bytes) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Return what was packed; declared sizes are checked before anything is allocated.

    Raises:
        Malformed: if `data` is not exactly one pack.
    """
    try:
        magic, length = _PREFIX.unpack_from(data)
        start = _PREFIX.size + length
        header = from_json(data[_PREFIX.size : start])
        if magic != _MAGIC or start > len(data):
            raise Malformed("not a pack")
        return header["document"], _arrays(header["arrays"], data, start)
    except (struct.error, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"not a pack of arrays: {error}") from error


def to_json(document: Any) -> bytes:
    """Return ASCII JSON; floats round-trip exactly, NaN and infinities as Python's literals."""
    return _JSON.encode(document).encode("ascii")


def from_json(data: bytes) -> Any:
    """Return what `to_json` wrote.

    Raises:
        Malformed: if `data` is no JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error


def digest(*fields: object) -> bytes:
    """Return 16 bytes of BLAKE2b over `fields`, each with its length, so none runs into the next.

    Any type is taken, since a flipped bit can turn what SQLite holds into another type.
    """
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for value in fields:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.digest()


@cache
def _dtype_text(dtype: np.dtype[Any]) -> str:
    if not _DTYPE.fullmatch(dtype.str):
        raise TypeError(f"arrays of dtype {dtype} cannot be stored: numbers, booleans or text only")
    return dtype.str


def _arrays(described: Any, data: bytes, start: int) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for name, text, shape in described:
        sizes = len(shape) <= _MOST_AXES and all(type(n) is int and 0 <= n < 2**40 for n in shape)
        if type(name) is not str or not _DTYPE.fullmatch(text) or not sizes:
            raise Malformed(f"array '{name}' declares dtype {text}, shape {shape}")
        dtype = np.dtype(text)
        end = start + dtype.itemsize * math.prod(shape)
        if end > len(data):
            raise Malformed(f"array '{name}' declares {end - len(data)} bytes more than there are")
        arrays[name] = np.ndarray(tuple(shape), dtype, buffer=data, offset=start).copy()
        start = end
    if start != len(data):
        raise Malformed(f"{len(data) - start} bytes too many")
    return arrays


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


_JSON = json.JSONEncoder(default=_plain, separators=(",", ":"))
