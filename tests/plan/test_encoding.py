"""Canonical bytes: one form per value, and no input that crashes the decoder, hangs it or exhausts memory."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import CorruptObjectError
from pretzel.plan.encoding import MAX_DEPTH, decode, encode

texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-(2**64), 2**64 - 1)
values = st.recursive(
    st.none() | st.booleans() | integers | st.floats() | texts | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    """Return whether values are equal, with 0.0, -0.0, 1, 1.0 and True distinct, and NaN equal to itself."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    return type(a) is type(b) and a == b


@given(values)
def test_a_value_round_trips_through_its_bytes(value: Any) -> None:
    assert same(decode(encode(value)), value)


@given(st.dictionaries(texts, integers))
def test_the_order_of_keys_does_not_matter(mapping: dict[str, int]) -> None:
    assert encode(dict(reversed(mapping.items()))) == encode(mapping)


@given(st.binary())
def test_accepted_bytes_are_the_only_form_of_their_value(data: bytes) -> None:
    try:
        value = decode(data)
    except CorruptObjectError:
        return
    assert encode(value) == data


@given(values, st.data())
def test_mutated_bytes_are_rejected_or_canonical(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert encode(decode(bytes(encoded))) == bytes(encoded)
    except CorruptObjectError:
        pass


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"\x18\x17", "shortest form"),
        (b"\x1b" + bytes(8), "shortest form"),
        (b"\x19\x00\xff", "shortest form"),
        (b"\x9f\xff", "indefinite"),
        (b"\x9b" + b"\xff" * 8, "items announced"),
        (b"\x5b" + b"\xff" * 8, "truncated"),
        (b"\xbb" + b"\xff" * 8, "items announced"),
        (b"\x62\xff\xff", "not UTF-8"),
        (b"\x63\xed\xa0\x80", "not UTF-8"),
        (b"\xa2\x61b\x01\x61a\x02", "sorted order"),
        (b"\xa2\x61a\x01\x61a\x02", "sorted order"),
        (b"\xa1\x01\x02", "not text"),
        (b"\xc0\x01", "major type 6"),
        (b"\xf9\x3c\x00", "unknown value"),
        (b"\xf7", "unknown value"),
        (b"\x01\x01", "follow the value"),
        (b"\x81" * (MAX_DEPTH + 2) + b"\x01", "nested deeper"),
        (b"\x81" * 1_000_000, "nested deeper"),
        (b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x01", "NaN"),
    ],
)
def test_non_canonical_bytes_are_rejected(data: bytes, why: str) -> None:
    with pytest.raises(CorruptObjectError, match=why):
        decode(data)


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, {1: 2}, [b"x", object()]])
def test_values_without_a_canonical_form_are_rejected(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_too_large_and_too_deep_values_are_rejected() -> None:
    with pytest.raises(OverflowError):
        encode(2**64)
    nested: list[Any] = []
    for _ in range(MAX_DEPTH + 1):
        nested = [nested]
    with pytest.raises(RecursionError):
        encode(nested)
