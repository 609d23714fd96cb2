"""Messages in shared memory: a header in JSON, then arrays at multiples of 64 bytes; sockets carry only its length.

Both sides copy what they read, so that the other cannot change it afterwards.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Column = tuple[str, int, Sequence[Any]]
NOTE = struct.Struct("<4sQ")
"""The prefix of each message: its kind, and the number of bytes of its header."""
HEADER_BYTES = 1 << 20
"""Largest header of a call or an answer: the server parses it with the GIL."""
ALIGN = 64


def write(memory: int, fields: Mapping[str, Any], columns: Sequence[Column], raw: Any = None) -> int:
    """Write a message with columns, or one with raw bytes, to shared memory; return the bytes of its header.

    Raises:
        OSError: it does not fit.
        ValueError: its header is too large.
    """
    arrays = [array for _, _, parts in columns for array in parts if array is not None]
    flat = [memoryview(raw).cast("B")] if raw is not None else [_bytes_of(array) for array in arrays]
    sizes = [len(piece) for piece in flat]
    header = header_of(fields, columns, sizes)
    if len(header) > HEADER_BYTES:
        raise ValueError(f"a header of {len(header)} bytes; expected at most {HEADER_BYTES}")
    _put(memory, header, 0)
    at = _aligned(len(header))
    for piece in flat:
        _put(memory, piece, at)
        at = _aligned(at + len(piece))
    return len(header)


def header_of(fields: Mapping[str, Any], columns: Sequence[Column], sizes: Sequence[int]) -> bytes:
    """Return the header of a message: its fields, and the columns and the sizes of the arrays that follow."""
    shapes = [[kind, rows, [array is not None for array in parts]] for kind, rows, parts in columns]
    return json.dumps({**fields, "columns": shapes, "sizes": sizes}).encode()


def read(memory: int, length: int, most: int) -> tuple[Mapping[str, Any], list[np.ndarray]]:
    """Return the header and the arrays, as bytes, of a message of at most ``most`` bytes.

    Raises:
        ValueError: it is malformed.
    """
    if length > min(HEADER_BYTES, most):
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(_get(memory, length, 0).tobytes())
    at, arrays = _aligned(length), []
    for size in header["sizes"]:
        if type(size) is not int or not 0 <= size <= most - at:
            raise ValueError(f"an array of {size!r:.40} bytes")
        arrays.append(_get(memory, size, at))
        at = _aligned(at + size)
    return header, arrays


def columns_of(header: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> list[Column]:
    """Return the columns of a message, with arrays of bytes."""
    rest, columns = iter(arrays), list[Column]()
    for kind, rows, present in header["columns"]:
        columns.append((kind, rows, [next(rest) if one else None for one in present]))
    return columns


def _bytes_of(array: np.ndarray) -> Any:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _aligned(at: int) -> int:
    return -(-at // ALIGN) * ALIGN


def _put(memory: int, data: Any, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(memory, view, at)
        view, at = view[done:], at + done


def _get(memory: int, size: int, at: int) -> np.ndarray:
    data = np.empty(size, np.uint8)
    rest = data.data if size else memoryview(b"")
    while rest:
        done = os.preadv(memory, [rest], at)
        if not done:
            raise ValueError("it is cut off")
        rest, at = rest[done:], at + done
    return data
