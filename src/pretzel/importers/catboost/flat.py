"""Read FlatBuffers without a schema compiler: a table is a position, and every read is bounds-checked."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from pretzel.errors import InputError

READ_AGAIN = 16
"""Limit on reading the bytes again: tables may share bytes, so a hostile file could loop endlessly."""


class Buffer:
    """The bytes of one FlatBuffer, and the number that may still be read."""

    def __init__(self, data: memoryview) -> None:
        self.data, self._left = data, READ_AGAIN * len(data) + 4096

    def take(self, at: int, size: int) -> memoryview:
        """Return ``size`` bytes.

        Raises:
            InputError: they are out of bounds, or too many bytes were read before.
        """
        if not 0 <= at <= at + size <= len(self.data):
            raise InputError(f"it is truncated: expected {size} bytes at {at}, but it has {len(self.data)}")
        self._left -= size + 8
        if self._left < 0:
            raise InputError("its parts refer to the same bytes too often")
        return self.data[at : at + size]

    def number(self, at: int, form: str) -> Any:
        """Return one little-endian number."""
        return struct.unpack("<" + form, self.take(at, struct.calcsize("<" + form)))[0]

    def follow(self, at: int) -> int:
        """Return the position that the offset at ``at`` refers to."""
        return at + int(self.number(at, "I"))


class Table:
    """One table; fields are named by their number in the schema, and an absent field has its default."""

    def __init__(self, buffer: Buffer, at: int) -> None:
        self._buffer, self._at = buffer, at
        self._fields = at - int(buffer.number(at, "i"))
        self._size = int(buffer.number(self._fields, "H"))

    @classmethod
    def root(cls, data: memoryview) -> Table:
        """Return the root table of a buffer."""
        buffer = Buffer(data)
        return cls(buffer, buffer.follow(0))

    def number(self, field: int, form: str, default: float = 0) -> Any:
        """Return a number, by its :mod:`struct` format."""
        at = self._position(field)
        return self._buffer.number(at, form) if at else default

    def table(self, field: int) -> Table | None:
        """Return a table, or None if it is absent."""
        at = self._position(field)
        return Table(self._buffer, self._buffer.follow(at)) if at else None

    def text(self, field: int) -> str:
        """Return a string, empty if it is absent."""
        at = self._position(field)
        return self._text(at) if at else ""

    def array(self, field: int, dtype: Any) -> np.ndarray:
        """Return a vector of numbers or structs without copying, empty if it is absent."""
        kind = np.dtype(dtype)
        at = self._position(field)
        if not at:
            return np.empty(0, kind)
        start, count = self._vector(at)
        return np.frombuffer(self._buffer.take(start, count * kind.itemsize), kind)

    def tables(self, field: int) -> list[Table]:
        """Return a vector of tables."""
        return [Table(self._buffer, self._buffer.follow(at)) for at in self._offsets(field)]

    def texts(self, field: int) -> list[str]:
        """Return a vector of strings."""
        return [self._text(at) for at in self._offsets(field)]

    def _position(self, field: int) -> int:
        entry = 4 + 2 * field
        offset = int(self._buffer.number(self._fields + entry, "H")) if entry < self._size else 0
        return self._at + offset if offset else 0

    def _vector(self, at: int) -> tuple[int, int]:
        start = self._buffer.follow(at)
        return start + 4, int(self._buffer.number(start, "I"))

    def _offsets(self, field: int) -> range:
        at = self._position(field)
        if not at:
            return range(0)
        start, count = self._vector(at)
        self._buffer.take(start, 4 * count)
        return range(start, start + 4 * count, 4)

    def _text(self, at: int) -> str:
        start, count = self._vector(at)
        try:
            return bytes(self._buffer.take(start, count)).decode()
        except UnicodeDecodeError as error:
            raise InputError(f"a name is not UTF-8: {error}") from None
