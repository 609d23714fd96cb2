"""Mutations of an input, as bytes or as a tree, drawn from one random generator."""

from __future__ import annotations

import copy
import math
import re
import struct
from random import Random
from typing import Any

from tests.fuzz.forms import Form

MAX_BYTES = 1 << 16
"""Size limit of an input: larger ones are slow and reveal no more faults."""
INTEGERS = sorted(
    {
        sign * (1 << bits) + d
        for bits in (0, 1, 3, 5, 6, 7, 8, 15, 16, 31, 32, 62, 63)
        for sign in (1, -1)
        for d in (-1, 0, 1)
    }
)
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, math.nan, math.inf, -math.inf, 5e-324, 1.7e308, -1.7e308, 1e300, 2.0**31, 2.0**63]
TEXTS = ["", "a", "f64", "f32[3]", "str", "i64[2147483647]", "f64{9}", "\0", "ä", "𝔘", "nan", "-1", "1e999", "[*]"]
EMPTY: list[Any] = [None, True, False, 0, 1, -1, 0.0, "", b"", [], {}]
DIGITS = re.compile(rb"-?\d+(?:\.\d+)?")


class Mutator:
    """Mutate inputs of one form."""

    def __init__(self, random: Random, form: Form) -> None:
        self.random, self.form = random, form

    def __call__(self, data: bytes, other: bytes) -> bytes:
        """Return a mutated ``data``; parts may come from ``other``."""
        for _ in range(1 << self.random.randrange(4)):
            data = self._once(data, other)
        return data[:MAX_BYTES]

    def _once(self, data: bytes, other: bytes) -> bytes:
        if self.random.random() < 0.8:
            try:
                tree = self.form.parse(data)
                return self.form.write(self.tree(tree, self._other_tree(other, tree)))
            except Exception:  # the input does not parse, or its tree cannot be written: mutate bytes
                pass
        return self.bytes(data, other)

    def _other_tree(self, other: bytes, tree: Any) -> Any:
        try:
            return self.form.parse(other)
        except Exception:
            return tree

    # Trees

    def tree(self, tree: Any, other: Any) -> Any:
        """Change one place in a tree, chosen by a random walk from its root."""
        holder, key = {"": tree}, ""
        parent: Any = holder
        while self._descends(parent[key], parent is holder):
            parent, key = parent[key], self._key(parent[key])
        self._change(parent, key, other)
        return holder[""]

    def _descends(self, value: Any, at_root: bool) -> bool:
        return isinstance(value, (list, dict)) and len(value) > 0 and (at_root or self.random.random() < 0.9)

    def _key(self, value: Any) -> Any:
        return self.random.choice(sorted(value)) if isinstance(value, dict) else self.random.randrange(len(value))

    def _change(self, holder: Any, key: Any, other: Any) -> None:
        value, chance = holder[key], self.random.random()
        if chance < 0.08:
            holder[key] = self.random.choice(EMPTY)
        elif chance < 0.2:
            holder[key] = copy.deepcopy(self._some(other, type(value)))
        elif chance < 0.3:
            self._structure(holder, key)
        else:
            holder[key] = self.leaf(value, other)

    def _some(self, tree: Any, kind: type) -> Any:
        """Return a random part of a tree: of type ``kind`` if one of eight walks ends at one."""
        part = tree
        for _ in range(8):
            part = tree
            while self._descends(part, part is tree):
                part = part[self._key(part)]
            if type(part) is kind:
                break
        return part

    def _structure(self, holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            if self.random.random() < 0.5:
                del holder[key]
            else:
                holder[self.random.choice(sorted(holder))] = copy.deepcopy(holder[key])
        elif self.random.random() < 0.4:
            del holder[key]
        else:
            holder.insert(self.random.randrange(len(holder) + 1), copy.deepcopy(holder[key]))

    def leaf(self, value: Any, other: Any) -> Any:
        """Return another value of the same type."""
        match value:
            case bool():
                return not value
            case int():
                return self.random.choice([value + 1, value - 1, self.random.choice(INTEGERS)])
            case float():
                return self.random.choice([-value, math.nextafter(value, math.inf), self.random.choice(FLOATS)])
            case str():
                return self._text(value)
            case bytes():
                part = self._some(other, bytes)
                return self.bytes(value, part if isinstance(part, bytes) else value)
            case list():
                return self.random.sample(value, len(value)) if value else [0]
        return self.random.choice(EMPTY)

    def _text(self, value: str) -> str:
        if self.random.random() < 0.2:
            return self.random.choice(TEXTS)
        return self.bytes(value.encode(errors="replace"), value.encode(errors="replace")).decode(errors="replace")

    # Bytes

    def bytes(self, data: bytes, other: bytes) -> bytes:
        """Change some bytes."""
        change = self.random.choice(_CHANGES)
        return bytes(change(self, bytearray(data), other)) if data else self.random.randbytes(self.random.randrange(9))

    def _flip(self, data: bytearray, other: bytes) -> bytearray:
        data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
        return data

    def _set(self, data: bytearray, other: bytes) -> bytearray:
        data[self.random.randrange(len(data))] = self.random.randrange(256)
        return data

    def _place(self, data: bytearray, size: int) -> int:
        """Return an offset for a number of that size, mostly aligned as in an array."""
        step = size if self.random.random() < 0.9 else 1
        return self.random.randrange(max((len(data) - size) // step + 1, 1)) * step

    def _integer(self, data: bytearray, other: bytes) -> bytearray:
        size = self.random.choice([1, 2, 4, 8])
        number = self.random.choice(INTEGERS) & ((1 << 8 * size) - 1)
        at = self._place(data, size)
        data[at : at + size] = number.to_bytes(size, "big" if self.random.random() < 0.2 else "little")
        return data

    def _add(self, data: bytearray, other: bytes) -> bytearray:
        size = self.random.choice([1, 2, 4, 8])
        at = self._place(data, size)
        number = int.from_bytes(data[at : at + size], "little") + self.random.randrange(-35, 36)
        data[at : at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")
        return data

    def _float(self, data: bytearray, other: bytes) -> bytearray:
        number = self.random.choice(FLOATS)
        packed = (
            struct.pack("<d", number) if self.random.random() < 0.6 or abs(number) > 3e38 else struct.pack("<f", number)
        )
        at = self._place(data, len(packed))
        data[at : at + len(packed)] = packed
        return data

    def _span(self, data: bytes | bytearray) -> slice:
        at = self.random.randrange(len(data) + 1)
        longest = self.random.choice([4, 16, 64, len(data)])
        return slice(at, at + self.random.randrange(longest + 1))

    def _delete(self, data: bytearray, other: bytes) -> bytearray:
        del data[self._span(data)]
        return data

    def _duplicate(self, data: bytearray, other: bytes) -> bytearray:
        piece, at = data[self._span(data)], self.random.randrange(len(data) + 1)
        data[at:at] = piece
        return data

    def _overwrite(self, data: bytearray, other: bytes) -> bytearray:
        piece, at = (other or data)[self._span(other or data)], self.random.randrange(len(data))
        data[at : at + len(piece)] = piece
        return data

    def _splice(self, data: bytearray, other: bytes) -> bytearray:
        return data[: self.random.randrange(len(data) + 1)] + other[self.random.randrange(len(other) + 1) :]

    def _cut(self, data: bytearray, other: bytes) -> bytearray:
        return data[: self.random.randrange(len(data))]

    def _number(self, data: bytearray, other: bytes) -> bytearray:
        """Replace a number written in digits."""
        numbers = list(DIGITS.finditer(data))
        if numbers:
            number = self.random.choice(numbers)
            new = self.random.choice([str(self.random.choice(INTEGERS)), repr(self.random.choice(FLOATS)), ""])
            data[number.start() : number.end()] = new.encode()
        return data


_CHANGES = [
    Mutator._flip, Mutator._set, Mutator._integer, Mutator._integer, Mutator._add, Mutator._float, Mutator._delete,
    Mutator._duplicate, Mutator._overwrite, Mutator._splice, Mutator._cut, Mutator._number,
]  # fmt: skip
