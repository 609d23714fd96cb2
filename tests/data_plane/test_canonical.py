"""Canonical bytes as workers read them: the decoder of the plans is the oracle, for its values and for its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.canonical import decode
from pretzel.errors import CorruptObjectError
from pretzel.plan import encoding
from tests.plan.test_encoding import same, values

SHORTEST = [b"\x18\x17", b"\x19\x00\xff", b"\x1a\x00\x00\xff\xff", b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff"]
ODD = [b"", b"\x1c", b"\x5f", b"\xc0", b"\xe0", b"\xf7", b"\xf8\xff", b"\x62a", b"\x61\xff", b"\x9b" + b"\xff" * 8]
KEYS = [b"\xa1\x01\x01", b"\xa2\x61b\x01\x61a\x01", b"\xa2\x61a\x01\x61a\x01", b"\xa2\x61b\x01\x62aa\x01\xf6"]
NUMBERS = [b"\xfb" + b"\x7f\xf8" + bytes(5) + b"\x01", b"\xfb\x00", b"\x3b" + b"\xff" * 8, b"\x1b" + b"\xff" * 8]
DEEP = [b"\x81" * depth + b"\x00" for depth in (encoding.MAX_DEPTH, encoding.MAX_DEPTH + 1, 100_000)]


def outcome(read: Callable[[bytes], Any], data: bytes) -> tuple[Any, str]:
    try:
        return read(data), ""
    except CorruptObjectError as error:
        return None, str(error)


def assert_alike(data: bytes) -> None:
    (value, error), (expected, reason) = outcome(decode, data), outcome(encoding.decode, data)
    assert error == reason
    assert same(value, expected)


@given(values)
def test_values_are_read_as_they_were_written(value: Any):
    assert same(decode(memoryview(encoding.encode(value))), value)


@given(values, st.data())
def test_changed_bytes_are_accepted_or_rejected_alike(value: Any, data: st.DataObject):
    encoded = bytearray(encoding.encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    assert_alike(bytes(encoded))
    assert_alike(bytes(encoded[: data.draw(st.integers(0, len(encoded)))]))


@given(st.binary())
def test_any_bytes_are_accepted_or_rejected_alike(data: bytes):
    assert_alike(data)


@pytest.mark.parametrize("data", [*SHORTEST, *ODD, *KEYS, *NUMBERS, *DEEP], ids=lambda data: data[:12].hex())
def test_unusual_bytes_are_accepted_or_rejected_alike(data: bytes):
    assert_alike(data)


def test_names_of_fields_are_one_object():
    first, second = (decode(encoding.encode([{"a name": i}])) for i in range(2))
    assert next(iter(first[0])) is next(iter(second[0]))
