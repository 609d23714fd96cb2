"""References of the operators on feature names, row by row in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import Value, reference
from pretzel.plan.reference.text import ngrams
from pretzel.plan.values import Csr

_32_BITS = 0xFFFFFFFF


@reference(ops.HashNgrams)
def hash_ngrams(node: ops.HashNgrams, x: Value) -> Value:
    """Hash and count the n-grams of each row, sorted by column."""
    rows = []
    for grams in ngrams(x, node.unit, node.low, node.high):
        counts: dict[int, int] = defaultdict(int)
        for gram in grams:
            column, sign = _place(gram, node.width)
            counts[column] += sign if node.alternate_sign else 1
        rows.append([(column, 1 if node.binary else counts[column]) for column in sorted(counts)])
    return _csr(rows, node.type.numpy, node.width)


@reference(ops.HashFeatures)
def hash_features(node: ops.HashFeatures, names: Value, values: Value) -> Value:
    """Hash the names, then add values in the order of the names."""
    number, rows = node.type.numpy.type, []
    for pairs in _pairs(names, values):
        sums: dict[int, np.floating] = {}
        for name, value in pairs:
            if value != 0:
                column, sign = _place(name, node.width)
                signed = number(value * sign if node.alternate_sign else value)
                sums[column] = sums[column] + signed if column in sums else signed
        rows.append(sorted(sums.items()))
    return _csr(rows, node.type.numpy, node.width)


@reference(ops.LookupFeatures)
def lookup_features(node: ops.LookupFeatures, names: Value, values: Value) -> Value:
    """Look up the names, drop unknown ones, and sort by column."""
    index = {name: i for i, name in enumerate(node.vocabulary.texts)}
    rows = [
        sorted(((index[name], value) for name, value in pairs if name in index), key=lambda entry: entry[0])
        for pairs in _pairs(names, values)
    ]
    return _csr(rows, node.type.numpy, len(index))


def murmur3(data: bytes) -> int:
    """Return the signed 32-bit MurmurHash3 of some bytes, with seed 0."""
    whole = len(data) // 4 * 4
    hashed = 0
    for i in range(0, whole, 4):
        hashed = (_rotated(hashed ^ _scrambled(data[i : i + 4]), 13) * 5 + 0xE6546B64) & _32_BITS
    hashed ^= _scrambled(data[whole:]) ^ len(data)
    hashed = ((hashed ^ hashed >> 16) * 0x85EBCA6B) & _32_BITS
    hashed = ((hashed ^ hashed >> 13) * 0xC2B2AE35) & _32_BITS
    hashed ^= hashed >> 16
    return hashed - (hashed >> 31 << 32)


def _scrambled(word: bytes) -> int:
    return _rotated(int.from_bytes(word, "little") * 0xCC9E2D51 & _32_BITS, 15) * 0x1B873593 & _32_BITS


def _rotated(x: int, by: int) -> int:
    return (x << by | x >> 32 - by) & _32_BITS


def _place(name: str, width: int) -> tuple[int, int]:
    """Return the column and the sign of a name."""
    hashed = murmur3(name.encode())
    return abs(hashed) % width, 1 if hashed >= 0 else -1


def _pairs(names: Value, values: Value) -> Iterator[list[tuple[str, float]]]:
    for row, (some, numbers) in enumerate(zip(names, values, strict=True)):
        if len(some) != len(numbers):
            raise InputError(f"row {row}: {len(some)} feature names, but {len(numbers)} values")
        yield list(zip(some, numbers, strict=True))


def _csr(rows: Sequence[Sequence[tuple[int, Any]]], dtype: np.dtype, width: int) -> Csr:
    starts = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    columns = np.array([column for row in rows for column, _ in row], np.int32)
    return Csr(np.array([value for row in rows for _, value in row], dtype), columns, starts, width)
