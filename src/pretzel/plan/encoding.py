"""Encode values canonically for hashing: the deterministic subset of CBOR (RFC 8949, section 4.2).

Protobuf promises no canonical form, so digests are taken over these bytes.  Integers take their shortest form, map
keys are text sorted by their encoded bytes, lengths are definite, and every float is eight bytes (one difference from
the RFC's *preferred* form, so that a value never changes size).  The decoder accepts only the encoder's output.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pretzel.errors import CorruptObjectError

MAX_DEPTH = 64
_UINT, _NEGINT, _BYTES, _TEXT, _ARRAY, _MAP, _SIMPLE = 0, 1, 2, 3, 4, 5, 7
_SIMPLE_VALUES = {0xF4: False, 0xF5: True, 0xF6: None}
_NAN = struct.pack(">Bd", 0xFB, math.nan)


def encode(value: Any) -> bytes:
    """Return the canonical bytes of ``value``: None, bool, int, float, str, bytes, sequences, and maps of text keys."""
    out = bytearray()
    _encode(value, out, 0)
    return bytes(out)


def decode(data: bytes | memoryview) -> Any:
    """Return the value that :func:`encode` wrote as ``data``; sequences come back as lists.

    Raises:
        CorruptObjectError: the bytes are truncated, not canonical, too deeply nested, or have trailing data.
    """
    reader = _Reader(bytes(data))
    value = reader.value(0)
    if reader.at != len(reader.data):
        raise CorruptObjectError(f"canonical bytes: {len(reader.data) - reader.at} bytes follow the value")
    return value


def _head(major: int, n: int) -> bytes:
    if n < 24:
        return _SHORT[major << 5 | n]
    for code, form, limit in ((24, ">BB", 1 << 8), (25, ">BH", 1 << 16), (26, ">BI", 1 << 32), (27, ">BQ", 1 << 64)):
        if n < limit:
            return struct.pack(form, major << 5 | code, n)
    raise OverflowError(f"integer {n} does not fit 64 bits")


def _encode(value: Any, out: bytearray, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError(f"value nested deeper than {MAX_DEPTH}")
    (_WRITERS.get(type(value)) or _writer(value))(value, out, depth)


def _writer(value: Any) -> _Write:
    """Return the writer for a value of a subclass or of a rare type."""
    for kind, write in (*_WRITERS.items(), (Mapping, _encode_map)):
        if isinstance(value, kind):
            return write
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _encode_none(value: None, out: bytearray, depth: int) -> None:
    out.append(0xF6)


def _encode_bool(value: bool, out: bytearray, depth: int) -> None:
    out.append(0xF5 if value else 0xF4)


def _encode_int(value: int, out: bytearray, depth: int) -> None:
    out += _head(_UINT, value) if value >= 0 else _head(_NEGINT, -1 - value)


def _encode_float(value: float, out: bytearray, depth: int) -> None:
    out += _NAN if math.isnan(value) else struct.pack(">Bd", 0xFB, value)


def _encode_text(value: str, out: bytearray, depth: int) -> None:
    data = value.encode()
    out += _head(_TEXT, len(data))
    out += data


def _encode_bytes(value: bytes | bytearray | memoryview, out: bytearray, depth: int) -> None:
    out += _head(_BYTES, len(value))
    out += value


def _encode_array(value: Sequence[Any], out: bytearray, depth: int) -> None:
    out += _head(_ARRAY, len(value))
    for item in value:
        _encode(item, out, depth + 1)


def _encode_map(value: Mapping[str, Any], out: bytearray, depth: int) -> None:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("only text keys have a canonical form")
    keys = sorted((_encoded_key(key), key) for key in value)
    out += _head(_MAP, len(keys))
    for encoded, key in keys:
        out += encoded
        _encode(value[key], out, depth + 1)


@lru_cache(1024)
def _encoded_key(key: str) -> bytes:
    # Nearly all keys are field names, which stay cached; column names evict each other.
    return encode(key)


_Write = Callable[[Any, bytearray, int], None]
_KEYS: dict[bytes, str] = {}
"""Keys of maps by their bytes: the first ones of at most 23 characters, mostly names of fields."""
_MOST_KEYS = 1024
_SHORT = [bytes([head]) for head in range(256)]
_WRITERS: dict[type, _Write] = {
    type(None): _encode_none,
    bool: _encode_bool,  # before int, its base class
    int: _encode_int,
    float: _encode_float,
    str: _encode_text,
    bytes: _encode_bytes,
    bytearray: _encode_bytes,
    memoryview: _encode_bytes,
    list: _encode_array,
    tuple: _encode_array,
    dict: _encode_map,
}


class _Reader:
    """A cursor over canonical bytes that never reads past the end nor recurses without bound."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        end = self.at + n
        if end > len(self.data):
            raise CorruptObjectError(f"canonical bytes: truncated at {len(self.data)}, {end} needed")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CorruptObjectError(f"canonical bytes: nested deeper than {MAX_DEPTH}")
        first = self.data[self.at] if self.at < len(self.data) else self.take(1)[0]
        self.at += 1
        major, n = first >> 5, first & 31
        if major == _SIMPLE:
            return self.simple(first)
        if n >= 24:
            n = self.length(n)
        if major == _TEXT:
            return self.text(n)
        if major == _UINT:
            return n
        if major == _MAP:
            return self.map(self.count(n), depth)
        if major == _ARRAY:
            return [self.value(depth + 1) for _ in range(self.count(n))]
        if major == _BYTES:
            return self.take(n)
        if major == _NEGINT:
            return -1 - n
        raise CorruptObjectError(f"canonical bytes: major type {major} is not used")

    def simple(self, first: int) -> Any:
        if first == 0xFB:
            return self.double()
        if first in _SIMPLE_VALUES:
            return _SIMPLE_VALUES[first]
        raise CorruptObjectError(f"canonical bytes: unknown value 0x{first:02x}")

    def double(self) -> float:
        data = self.take(8)
        value: float = struct.unpack(">d", data)[0]
        if math.isnan(value) and data != _NAN[1:]:
            raise CorruptObjectError(f"canonical bytes: NaN is written {_NAN[1:].hex()}, not {data.hex()}")
        return value

    def length(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CorruptObjectError("canonical bytes: indefinite lengths are not used")
        size = 1 << (info - 24)
        n = int.from_bytes(self.take(size), "big")
        if n < (24 if size == 1 else 1 << (4 * size)):
            raise CorruptObjectError(f"canonical bytes: {n} is not in its shortest form")
        return n

    def count(self, n: int) -> int:
        # Each item takes at least one byte, so a count past the end is false and must not allocate.
        if n > len(self.data) - self.at:
            raise CorruptObjectError(f"canonical bytes: {n} items announced, {len(self.data) - self.at} bytes left")
        return n

    def text(self, n: int) -> str:
        try:
            return self.take(n).decode()
        except UnicodeDecodeError as error:
            raise CorruptObjectError(f"canonical bytes: text is not UTF-8: {error}") from None

    def map(self, n: int, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        last = b""
        for _ in range(n):
            key, encoded = self.key(depth)
            if not isinstance(key, str) or encoded <= last:
                raise CorruptObjectError(f"canonical bytes: map key {key!r} is not text in sorted order")
            out[key], last = self.value(depth + 1), encoded
        return out

    def key(self, depth: int) -> tuple[Any, bytes]:
        """Return the key of a map and its bytes; usual keys are decoded once and are then one object."""
        start = self.at
        encoded = self.data[start : start + 1 + (self.data[start] & 31)] if start < len(self.data) else b""
        known = _KEYS.get(encoded)
        if known is not None:  # the first of these bytes says that they are a text of just this length
            self.at = start + len(encoded)
            return known, encoded
        key = self.value(depth + 1)
        encoded = self.data[start : self.at]
        if isinstance(key, str) and len(encoded) <= 24 and len(_KEYS) < _MOST_KEYS:
            _KEYS[encoded] = sys.intern(key)
        return key, encoded
