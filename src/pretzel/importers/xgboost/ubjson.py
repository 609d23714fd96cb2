"""Reads the part of Universal Binary JSON (draft 12) that XGBoost writes; typed arrays become NumPy's, not lists."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.errors import InputError

DEPTH = 64
NUMBERS = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}  # of struct and of NumPy
CONSTANTS = {"Z": None, "T": True, "F": False}


def decode(data: bytes) -> Any:
    """Return the value that the bytes hold.

    Raises:
        InputError: they end early, go on behind the value, hold an unknown marker or lie too deep.
    """
    reader = _Reader(data)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(data):
        raise InputError(f"byte {reader.at}: expected the end")
    return value


class _Reader:
    """Where reading has come to in the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.kinds: dict[str, Callable[[int], Any]] = {"S": self._text, "C": self._character, "[": self._array}
        self.kinds["{"] = self._object

    def marker(self) -> str:
        """Return the next marker that is no padding."""
        while (marker := self._bytes(1)) == b"N":
            pass
        return marker.decode("latin-1")

    def value(self, marker: str, depth: int) -> Any:
        """Return the value that begins with this marker."""
        if depth > DEPTH:
            raise InputError(f"byte {self.at}: more than {DEPTH} values within one another")
        if marker in NUMBERS:
            return self._number(marker)
        if marker in CONSTANTS:
            return CONSTANTS[marker]
        if marker not in self.kinds:
            raise InputError(f"byte {self.at - 1}: expected a value, got the marker {marker!r}")
        return self.kinds[marker](depth)

    def _bytes(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        if len(found) < count:
            raise InputError(f"byte {self.at}: it ends where {count} bytes are expected")
        self.at += count
        return found

    def _number(self, marker: str) -> Any:
        form = NUMBERS[marker]
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _count(self) -> int:
        marker = self.marker()
        count = self._number(marker) if marker in "iUIlL" else -1
        if count < 0:
            raise InputError(f"byte {self.at}: expected a count")
        return int(count)

    def _text(self, depth: int = 0) -> str:
        count = self._count()
        try:
            return self._bytes(count).decode()
        except UnicodeDecodeError:
            raise InputError(f"byte {self.at - count}: a text is no UTF-8") from None

    def _character(self, depth: int) -> str:
        return self._bytes(1).decode("latin-1")

    def _peek(self) -> str:
        return self.data[self.at : self.at + 1].decode("latin-1")

    def _array(self, depth: int) -> Any:
        if self._peek() == "$":
            return self._typed()
        if self._peek() == "#":
            self.at += 1
            return [self.value(self.marker(), depth + 1) for _ in range(self._count())]
        found = []
        while (marker := self.marker()) != "]":
            found.append(self.value(marker, depth + 1))
        return found

    def _typed(self) -> np.ndarray:
        self.at += 1
        marker = self._bytes(1).decode("latin-1")
        if marker not in NUMBERS or self._bytes(1) != b"#":
            raise InputError(f"byte {self.at - 1}: expected the type of numbers and how many")
        dtype, count = np.dtype(NUMBERS[marker]), self._count()
        return np.frombuffer(self._bytes(count * dtype.itemsize), dtype)

    def _object(self, depth: int) -> dict[str, Any]:
        found = {}
        while self._peek() != "}":
            while self._peek() == "N":
                self.at += 1
            key = self._text()
            found[key] = self.value(self.marker(), depth + 1)
        self.at += 1
        return found
