"""One short name for a pile of bytes: what the identity of a run takes from its data."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Part = bytes | str | NDArray[Any] | None


def fingerprint(*parts: Part) -> str:
    """Return the SHA-256, in hex, over kind, dtype, shape and bytes of every part in order.

    Every part starts with its own header and length, so that ("ab", "c") and ("a", "bc") differ.
    Arrays count in C order and little-endian, so that the name does not depend on the machine.

    Raises:
        TypeError: for an array of Python objects, whose bytes are addresses.
    """
    digest = hashlib.sha256()
    for part in parts:
        _add(digest, part)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, part: Part) -> None:
    if isinstance(part, np.ndarray):
        if part.dtype.hasobject:
            raise TypeError("an array of Python objects has no bytes to hash")
        plain = np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<")).reshape(part.shape)
        digest.update(f"array {plain.dtype.str} {plain.shape}\n".encode())
        digest.update(plain.reshape(-1).view(np.uint8).data)
        return
    raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part or b""
    digest.update(f"{type(part).__name__} {len(raw)}\n".encode())
    digest.update(raw)
