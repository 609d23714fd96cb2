"""Choose the rows per block of a program so that values between its kernels stay in the cache."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.plan.types import ValueType

_CACHE_BYTES = 256 << 10
_NEXT_CACHE_BYTES = 4 << 20
_UNKNOWN_ROW_BYTES = 4 << 10  # of a row of unknown size
_VIEW_BYTES, _INDEX_BYTES = 16, 4
_TEXT_BYTES = 128  # of a typical text and its view
_MULTIPLE = 64  # vector kernels process groups of rows; only the last block may have a tail


def block_rows(types: Iterable[ValueType], room: Iterable[int], rows_wanted: int = 0) -> int:
    """Return the number of rows whose slots of these types fit the cache together, a multiple of 64.

    ``room``: expected elements per row of each value if its type does not fix them, 0 if unknown.  ``rows_wanted``:
    rows requested by a kernel whose parameters exceed the cache; then slots may fill the next cache level.
    """
    row = max(sum(map(row_bytes, types, room)), 1)
    fitting = max(_MULTIPLE, min(4096, _CACHE_BYTES // row // _MULTIPLE * _MULTIPLE))
    return max(fitting, min(rows_wanted, _NEXT_CACHE_BYTES // row) // _MULTIPLE * _MULTIPLE)


def row_bytes(kind: ValueType, room: int) -> int:
    """Return the bytes per row of a value, with ``room`` expected elements if its type does not fix them."""
    if kind.layout == "sparse":
        return room * (_INDEX_BYTES + kind.numpy.itemsize) or _UNKNOWN_ROW_BYTES
    if kind.layout == "ragged":
        return room * _VIEW_BYTES or _UNKNOWN_ROW_BYTES
    return kind.columns * (_TEXT_BYTES if kind.is_text else kind.numpy.itemsize)
