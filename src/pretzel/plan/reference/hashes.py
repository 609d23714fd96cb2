"""What the operators on hashes mean: CityHash64 in its first version, and keys of combinations."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan import ops
from pretzel.plan.reference import reference

MASK = 2**64 - 1
MULTIPLIER = 0x4906BA494954CB65
K0, K1, K2, K3 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557
K_PAIR = 0x9DDFEA08EB382D69


@reference(ops.CategoryHash)
def category_hash(node: ops.CategoryHash, x: Any) -> np.ndarray:
    """Hash the text of each value."""
    values = x if isinstance(x, list) else x.tolist()
    hashes = [city_hash(_text(node, row, value)) for row, value in enumerate(values)]
    return np.array([half & 0xFFFFFFFF for half in hashes], np.uint32).view(np.int32).astype(np.int64)


@reference(ops.CombineHashes)
def combine_hashes(node: ops.CombineHashes, *parts: np.ndarray) -> np.ndarray:
    """Fold the parts of each row into one number."""
    keys = [0] * len(parts[0])
    for part in parts:
        keys = [MULTIPLIER * (key + MULTIPLIER * value) & MASK for key, value in zip(keys, part.tolist(), strict=True)]
    return np.array(keys, np.uint64).view(np.int64)


def _text(node: ops.CategoryHash, row: int, value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, int) or (value is not None and abs(value) < 2**63 and value == int(value)):
        return str(int(value)).encode()
    raise InputError(
        f"row {row}: {value!r} in column {node.column} is not a category; cat_features must be integer or string"
    )


def city_hash(text: bytes) -> int:
    """Return CityHash64, version 1, of some bytes."""
    size = len(text)
    if size <= 16:
        return _up_to_16(text, size)
    if size <= 32:
        return _up_to_32(text, size)
    return _up_to_64(text, size) if size <= 64 else _longer(text, size)


def _word(text: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(text[at : at + size], "little")


def _turn(x: int, by: int) -> int:
    x &= MASK
    return (x >> by | x << (64 - by)) & MASK


def _fold(x: int) -> int:
    x &= MASK
    return x ^ x >> 47


def _pair(low: int, high: int) -> int:
    mixed = _fold((low ^ high) * K_PAIR)
    return _fold(((high & MASK) ^ mixed) * K_PAIR) * K_PAIR & MASK


def _up_to_16(text: bytes, size: int) -> int:
    if size > 8:
        last = _word(text, size - 8)
        return _pair(_word(text, 0), _turn(last + size, size)) ^ last
    if size >= 4:
        return _pair(size + (_word(text, 0, 4) << 3), _word(text, size - 4, 4))
    if size > 0:
        y, z = text[0] + (text[size >> 1] << 8), size + (text[size - 1] << 2)
        return _fold(y * K2 ^ z * K3) * K2 & MASK
    return K2


def _up_to_32(text: bytes, size: int) -> int:
    a, b = _word(text, 0) * K1, _word(text, 8)
    c, d = _word(text, size - 8) * K2, _word(text, size - 16) * K0
    return _pair((_turn(a - b, 43) + _turn(c, 30) + d) & MASK, (a + _turn(b ^ K3, 20) - c + size) & MASK)


def _up_to_64(text: bytes, size: int) -> int:
    first = _half(text, 0, _word(text, 0) + (size + _word(text, size - 16)) * K0, _word(text, 24))
    second = _half(text, size - 32, _word(text, 16) + _word(text, size - 32), _word(text, size - 8))
    mixed = _fold((first[0] + second[1]) * K2 + (second[0] + first[1]) * K0)
    return _fold(mixed * K0 + first[1]) * K2 & MASK


def _half(text: bytes, at: int, a: int, z: int) -> tuple[int, int]:
    b, c = _turn(a + z, 52), _turn(a, 37)
    a += _word(text, at + 8)
    c += _turn(a, 7)
    a += _word(text, at + 16)
    return a + z, b + _turn(a, 31) + c


def _weak(text: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    a += _word(text, at)
    b = _turn(b + a + _word(text, at + 24), 21)
    c, a = a, a + _word(text, at + 8) + _word(text, at + 16)
    return (a + _word(text, at + 24)) & MASK, (b + _turn(a, 44) + c) & MASK


def _longer(text: bytes, size: int) -> int:
    x, y, z = _word(text, 0), _word(text, size - 16) ^ K1, _word(text, size - 56) ^ K0
    v = _weak(text, size - 64, size, y)
    w = _weak(text, size - 32, size * K1, K0)
    z += _fold(v[1]) * K1
    x, y = _turn(z + x, 39) * K1, _turn(y, 33) * K1
    for at in range(0, (size - 1) & ~63, 64):
        x = _turn(x + y + v[0] + _word(text, at + 16), 37) * K1 ^ w[1]
        y = _turn(y + v[1] + _word(text, at + 48), 42) * K1 ^ v[0]
        x, y, z = x & MASK, y & MASK, _turn(z ^ w[0], 33)
        v = _weak(text, at, v[1] * K1, x + w[0])
        w = _weak(text, at + 32, z + w[1], y)
        z, x = x, z
    low = _pair(v[0], w[0]) + _fold(y) * K1 + z
    return _pair(low & MASK, (_pair(v[1], w[1]) + x) & MASK)
