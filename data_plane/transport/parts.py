"""Constant parts of responses, in the wire format of protobuf.  They are written once per route or output."""

from __future__ import annotations

VARINT, BYTES = 0, 2


def text_field(number: int, value: bytes) -> bytes:
    """Return a field of bytes or a string; empty if the value is, as protobuf leaves that out."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value if value else b""


def number_field(number: int, value: int) -> bytes:
    """Return a field of an integer that is not negative; empty if it is zero."""
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def varint(value: int) -> bytes:
    """Return an integer in groups of seven bits."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
