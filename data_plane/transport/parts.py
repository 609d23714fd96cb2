"""Parts of responses in the wire format of protobuf.

Constant fields are written once per route or output; numbers become a field without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

VARINT, BYTES = 0, 2
Part = bytes | np.ndarray


def text_field(number: int, value: bytes) -> bytes:
    """Return a field of bytes or a string; empty if the value is, as protobuf leaves that out."""
    return field_head(number, len(value)) + value if value else b""


def number_field(number: int, value: int) -> bytes:
    """Return a field of an integer that is not negative; empty if it is zero."""
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def delimited(number: int, parts: Sequence[Part]) -> list[Part]:
    """Return parts as a length-delimited field."""
    return [field_head(number, sum(map(length, parts))), *parts]


def field_head(number: int, size: int) -> bytes:
    """Return the tag and the length of a length-delimited field of ``size`` bytes."""
    return varint(number << 3 | BYTES) + varint(size)


def length(part: Part) -> int:
    """Return the bytes of a part."""
    return part.nbytes if isinstance(part, np.ndarray) else len(part)


def varint(value: int) -> bytes:
    """Return an integer in groups of seven bits."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
