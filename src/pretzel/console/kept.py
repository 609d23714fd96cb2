"""A small cache: a bounded number of values, each for a bounded time."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Keeps the values that were put last."""

    def __init__(self, seconds: float, most: int) -> None:
        """Keep at most ``most`` values, each for ``seconds``."""
        self._seconds, self._most = seconds, most
        self._values: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def get(self, key: str) -> V | None:
        """Return a value, if it is still kept."""
        until, value = self._values.get(key, (0.0, None))
        return value if until > time.monotonic() else None

    def put(self, key: str, value: V) -> None:
        """Keep a value; the oldest one of too many is dropped."""
        self._values.pop(key, None)
        self._values[key] = (time.monotonic() + self._seconds, value)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
