"""Values that must not be logged: they are left out, or replaced by keyed hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

HASH_BYTES = 8
MOST_KEPT = 10_000


class Redaction:
    """Decides by the name of a column or an output."""

    def __init__(self, drop: Sequence[str], hashed: Sequence[str], key: str) -> None:
        """Leave out columns that match a pattern of ``drop``, and hash those that match one of ``hashed``."""
        self._drop, self._hashed = tuple(drop), tuple(hashed)
        self._key = hashlib.sha256(key.encode()).digest()
        self._kept: dict[str, tuple[bool, bool]] = {}

    def apply(self, values: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Return the values by column as they may be logged."""
        shown = {}
        for name, column in values.items():
            is_dropped, is_hashed = self._decision(name)
            if not is_dropped:
                shown[name] = [self._hash(value) for value in column] if is_hashed else column
        return shown

    def _decision(self, name: str) -> tuple[bool, bool]:
        found = self._kept.get(name)
        if found is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            found = self._kept[name] = _matches(name, self._drop), _matches(name, self._hashed)
        return found

    def _hash(self, value: Any) -> str | None:
        """Return the keyed hash of a value; a missing one stays missing, as its share is part of a distribution."""
        if value is None or value != value:
            return None
        data = value.encode() if isinstance(value, str) else repr(value).encode()
        return hashlib.blake2b(data, digest_size=HASH_BYTES, key=self._key).hexdigest()


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
