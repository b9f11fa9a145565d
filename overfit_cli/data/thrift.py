"""Just enough of Thrift's compact protocol to read what a Parquet file says about its sizes."""

from __future__ import annotations

import struct
from typing import Any

MAX_DEPTH = 16
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

Fields = dict[int, Any]


class Malformed(ValueError):
    """The bytes are not Thrift, or end too early."""


class CompactReader:
    """Reads structs, one after another, from `data`, starting at `at`.

    Structs become {field number: value}; see the Thrift compact protocol specification.
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def read_struct(self, depth: int = 0) -> Fields:
        """Read one struct.

        Raises:
            Malformed: not Thrift.
        """
        if depth > MAX_DEPTH:
            raise Malformed("nested too deeply")
        fields: Fields = {}
        number = 0
        while head := self._byte():
            delta, kind = head >> 4, head & 15
            number = number + delta if delta else self._integer()
            is_flag = kind in (TRUE, FALSE)
            fields[number] = kind == TRUE if is_flag else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (TRUE, FALSE, BYTE):
            return self._byte()
        if kind in (I16, I32, I64):
            return self._integer()
        if kind == DOUBLE:
            return struct.unpack("<d", self._take(8))[0]
        if kind == BINARY:
            return self._take(self._varint())
        if kind in (LIST, SET):
            return self._list(depth)
        if kind == MAP:
            return self._map(depth)
        if kind == STRUCT:
            return self.read_struct(depth + 1)
        raise Malformed(f"no such type: {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        return [self._value(head & 15, depth + 1) for _ in range(self._count(size))]

    def _map(self, depth: int) -> list[tuple[Any, Any]]:
        size = self._count(self._varint())
        kinds = self._byte() if size else 0
        key, value = kinds >> 4, kinds & 15
        return [(self._value(key, depth + 1), self._value(value, depth + 1)) for _ in range(size)]

    def _count(self, size: int) -> int:
        """Return `size` if that many values can be there: each takes a byte at least."""
        if size > len(self._data) - self.at:
            raise Malformed("a list longer than the file")
        return size

    def _integer(self) -> int:
        coded = self._varint()
        return (coded >> 1) ^ -(coded & 1)

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Malformed("a number too long")

    def _byte(self) -> int:
        if not 0 <= self.at < len(self._data):
            raise Malformed("the bytes end too early")
        self.at += 1
        return self._data[self.at - 1]

    def _take(self, size: int) -> bytes:
        self.at += self._count(size)
        return self._data[self.at - size : self.at]
