"""How many rows a program takes at a time, so that what passes between its kernels stays in the cache."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.plan.types import ValueType

_CACHE_BYTES = 256 << 10
_NEXT_CACHE_BYTES = 4 << 20
_UNKNOWN_ROW_BYTES = 4 << 10  # of rows that no sample has shown
_VIEW_BYTES, _INDEX_BYTES = 16, 4
_TEXT_BYTES = 128  # of a usual text and the view of it
_MULTIPLE = 64  # vector kernels take rows in groups; whole groups leave no tails but the last


def block_rows(types: Iterable[ValueType], room: Iterable[int], wanted: int = 0) -> int:
    """Return the rows whose slots of these types fit the cache together, a multiple of 64.

    ``room``: the elements expected in a row of each where its type does not say, 0 where nobody knows.  ``wanted``:
    rows that a kernel asks for, whose parameters are larger than the cache: then slots may fill the next.
    """
    row = max(sum(map(row_bytes, types, room)), 1)
    usual = max(_MULTIPLE, min(4096, _CACHE_BYTES // row // _MULTIPLE * _MULTIPLE))
    return max(usual, min(wanted, _NEXT_CACHE_BYTES // row) // _MULTIPLE * _MULTIPLE)


def row_bytes(kind: ValueType, room: int) -> int:
    """Return the bytes of a row of a value, of which ``room`` elements are expected where its type does not say."""
    if kind.layout == "sparse":
        return room * (_INDEX_BYTES + kind.numpy.itemsize) or _UNKNOWN_ROW_BYTES
    if kind.layout == "ragged":
        return room * _VIEW_BYTES or _UNKNOWN_ROW_BYTES
    return kind.columns * (_TEXT_BYTES if kind.is_text else kind.numpy.itemsize)
