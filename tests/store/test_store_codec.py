import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from overfit_cli.store.codec import Malformed, digest, from_json, pack, to_json, unpack

DTYPES = st.one_of(
    nps.boolean_dtypes(),
    nps.integer_dtypes(endianness="?"),
    nps.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    nps.unicode_string_dtypes(max_len=5),
)
ARRAYS = DTYPES.flatmap(lambda dtype: nps.arrays(dtype, nps.array_shapes(min_dims=0, min_side=0)))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=8), ARRAYS, max_size=3))
def test_arrays_come_back_to_the_bit(arrays: dict[str, Any]) -> None:
    document, found = unpack(pack({"a": [1, None]}, arrays))
    assert document == {"a": [1, None]}
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(data)


def test_every_damaged_byte_of_the_frame_is_refused() -> None:
    data = pack(None, {"x": np.arange(3.0)})
    for place in range(len(data) - 24):  # the values themselves are the checksum's affair
        damaged = bytearray(data)
        damaged[place] ^= 0x5A
        with pytest.raises(Malformed):
            unpack(bytes(damaged) + b"\0" * 8)


@pytest.mark.parametrize(
    "described",
    [
        ["x", "<f8", [10**12]],
        ["x", "<f8", [10**6, 10**6, 10**6]],
        ["x", "<f8", [-1, -2]],
        ["x", "<f8", [True, 2]],
        ["x", "<f8", [1.0]],
        ["x", "|O", [2]],
        ["x", "<M8[s]", [2]],
        ["x", "<U999999", [10**9]],
        ["x", "f4,f4", [2]],
        ["x", "<f8", [1]],
    ],
)
def test_headers_that_lie_are_refused(described: list[Any]) -> None:
    header = json.dumps({"document": None, "arrays": [described]}).encode()
    with pytest.raises(Malformed):
        unpack(struct.pack("<4sI", b"OFP1", len(header)) + header + bytes(16))


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        pack(None, {"x": np.array([{}], dtype=object)})


def test_deep_json_is_refused() -> None:
    with pytest.raises(Malformed):
        from_json(b"[" * 200_000)


def test_json_takes_numpy_and_keeps_odd_floats() -> None:
    found = from_json(to_json({"a": np.arange(2), "b": np.float32(0.1), "c": [-0.0, math.inf]}))
    assert found == {"a": [0, 1], "b": float(np.float32(0.1)), "c": [0.0, math.inf]}
    assert math.copysign(1, found["c"][0]) == -1


def test_digest_tells_fields_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(b"ab") == digest("ab")
