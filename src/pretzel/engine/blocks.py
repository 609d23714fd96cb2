"""How many rows a program takes at a time, so that what passes between its kernels stays in the cache."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.plan.types import ValueType

_CACHE_BYTES = 256 << 10
_NEXT_CACHE_BYTES = 4 << 20
_SPARSE_ROW_BYTES = 4 << 10  # a guess until statistics of the sample are used
_MULTIPLE = 64  # vector kernels take rows in groups; whole groups leave no tails but the last


def block_rows(types: Iterable[ValueType], wanted: int = 0) -> int:
    """Return the rows whose slots of these types fit the cache together, a multiple of 64.

    ``wanted``: rows that a kernel asks for, whose parameters are larger than the cache: then slots may fill the next.
    """
    row = max(sum(_row_bytes(kind) for kind in types), 1)
    usual = max(_MULTIPLE, min(4096, _CACHE_BYTES // row // _MULTIPLE * _MULTIPLE))
    return max(usual, min(wanted, _NEXT_CACHE_BYTES // row) // _MULTIPLE * _MULTIPLE)


def _row_bytes(kind: ValueType) -> int:
    if kind.layout != "dense":
        return _SPARSE_ROW_BYTES
    return kind.columns * (16 if kind.is_text else kind.numpy.itemsize)
