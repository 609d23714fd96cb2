"""Parse the bytes of an input for mutation: not at all, or to a tree of plain values.

A form is (parse, write): ``parse`` returns a tree of lists, dicts, bytes, str, numbers, bool and None, or raises;
``write`` returns the bytes of such a tree, or raises.  Mutated bytes rarely pass a reader that checks lengths; a
mutated tree, written back, does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pretzel.plan.encoding import decode, encode

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_SIZES = {EIGHT: 8, FOUR: 4}


@dataclass(frozen=True)
class Form:
    """A pair of functions that parse inputs to trees and write trees."""

    parse: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def _unsupported(data: bytes) -> Any:
    raise ValueError("this form has no trees")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128 or shift > 63:
            return value, at


def read_message(data: bytes) -> list[list[Any]]:
    """Return the fields of a protobuf message as [number << 3 | wire type, value], nested where bytes parse."""
    fields, at = [], 0
    while at < len(data):
        tag, at = _varint(data, at)
        size = _SIZES.get(tag & 7, 0)
        if tag & 7 == VARINT:
            value, at = _varint(data, at)
        elif tag & 7 == BYTES:
            size, at = _varint(data, at)
            value = _message_or_bytes(data[at : at + size])
        elif size:
            value = data[at : at + size]
        else:
            raise ValueError(f"unknown wire type {tag & 7}")
        at += size if tag & 7 != VARINT else 0
        fields.append([tag, value])
    if at != len(data):
        raise ValueError("truncated message")
    return fields


def _message_or_bytes(data: bytes) -> Any:
    try:
        return data if not data or data.isascii() and data.decode().isprintable() else read_message(data)
    except (ValueError, IndexError):
        return data


def write_message(fields: Any) -> bytes:
    out = bytearray()
    for tag, value in fields:
        if isinstance(value, int):
            out += _encoded_varint(tag & ~7 | VARINT) + _encoded_varint(value)
            continue
        data = write_message(value) if isinstance(value, list) else bytes(value)
        fixed = _SIZES.get(tag & 7) == len(data)
        out += _encoded_varint(tag) if fixed else _encoded_varint(tag & ~7 | BYTES) + _encoded_varint(len(data))
        out += data
    return bytes(out)


def _encoded_varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


PLAIN = Form(_unsupported, _unsupported)
CANONICAL = Form(decode, encode)
JSON = Form(json.loads, lambda tree: json.dumps(tree).encode())
PROTOBUF = Form(read_message, write_message)
