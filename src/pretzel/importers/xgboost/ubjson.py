"""Read the subset of Universal Binary JSON (draft 12) that XGBoost writes; typed arrays become NumPy arrays."""

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
    """Return the value in the bytes.

    Raises:
        InputError: they end early, continue after the value, hold an unknown marker or are nested too deeply.
    """
    reader = _Reader(data)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(data):
        raise InputError(f"byte {reader.at}: expected the end")
    return value


class _Reader:
    """A position in the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.kinds: dict[str, Callable[[int], Any]] = {"S": self._text, "C": self._character, "[": self._array}
        self.kinds["{"] = self._object

    def marker(self) -> str:
        """Return the next marker, skipping padding."""
        while (marker := self._bytes(1)) == b"N":
            pass
        return marker.decode("latin-1")

    def value(self, marker: str, depth: int) -> Any:
        """Return the value that starts with this marker."""
        if depth > DEPTH:
            raise InputError(f"byte {self.at}: values are nested more than {DEPTH} deep")
        if marker in NUMBERS:
            return self._number(marker)
        if marker in CONSTANTS:
            return CONSTANTS[marker]
        if marker not in self.kinds:
            raise InputError(f"byte {self.at - 1}: expected a value, got the marker {marker!r}")
        return self.kinds[marker](depth)

    def _bytes(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise InputError(f"byte {self.at}: it ends where {count} bytes are expected")
        self.at += count
        return part

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
            raise InputError(f"byte {self.at - count}: a text is not UTF-8") from None

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
        values = []
        while (marker := self.marker()) != "]":
            values.append(self.value(marker, depth + 1))
        return values

    def _typed(self) -> np.ndarray:
        self.at += 1
        marker = self._bytes(1).decode("latin-1")
        if marker not in NUMBERS or self._bytes(1) != b"#":
            raise InputError(f"byte {self.at - 1}: expected a number type and a count")
        dtype, count = np.dtype(NUMBERS[marker]), self._count()
        return np.frombuffer(self._bytes(count * dtype.itemsize), dtype)

    def _object(self, depth: int) -> dict[str, Any]:
        members = {}
        while self._peek() != "}":
            while self._peek() == "N":
                self.at += 1
            key = self._text()
            members[key] = self.value(self.marker(), depth + 1)
        self.at += 1
        return members
