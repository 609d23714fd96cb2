"""Objects in memory: for tests, and for a control plane without persistence."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Self

from pretzel.control_plane.store.interface import Buffer, ObjectStore, Room, Writer
from pretzel.errors import CorruptObjectError, ExhaustedError, InputError, NotFoundError
from pretzel.plan.digest import Digest


class MemoryStore(ObjectStore):
    """A dictionary with a limit in bytes."""

    scheme = "memory"

    @classmethod
    def open(cls, url: str, *, sweep: bool = True, room: Room | None = None) -> Self:
        if url != "memory:":
            raise InputError(f"store {url!r:.200}: expected memory: and nothing after it")
        return cls()

    def __init__(self, capacity: int = 1 << 62) -> None:
        self.capacity = capacity
        self._objects: dict[Digest, bytes] = {}
        self._damaged: set[Digest] = set()
        self._checked: dict[Digest, bytes] = {}
        self._lock = threading.Lock()

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        return [d for d in dict.fromkeys(digests) if d not in self._objects or len(self._objects[d]) != d.size]

    def writer(self, digest: Digest) -> Writer:
        return _MemoryWriter(self, digest)

    def get(self, digest: Digest) -> memoryview:
        data = self._objects.get(digest)
        if data is not None and Digest.of(data) == digest:
            self._checked[digest] = data
            return memoryview(data)
        if data is None and digest not in self._damaged:
            raise NotFoundError(f"object {digest} is not in the store; upload it")
        self.delete(digest)
        self._damaged.add(digest)
        self.on_damage(digest)
        raise CorruptObjectError(f"object {digest} is damaged in the store; upload it again")

    def check(self, digest: Digest, *, rehash: bool = False) -> None:
        if rehash or digest not in self._objects or self._checked.get(digest) is not self._objects[digest]:
            self.get(digest)

    def is_whole(self, digest: Digest) -> bool:
        data = self._objects.get(digest)
        return data is None or Digest.of(data) == digest

    def delete(self, digest: Digest) -> bool:
        self._damaged.discard(digest)
        self._checked.pop(digest, None)
        return self._objects.pop(digest, None) is not None

    def digests(self) -> Iterator[Digest]:
        yield from list(self._objects)

    def keep(self, digest: Digest, data: bytes) -> None:
        """Store checked bytes, if they fit."""
        with self._lock:
            used = sum(len(other) for name, other in self._objects.items() if name != digest)
            if used + len(data) > self.capacity:
                raise ExhaustedError(f"object {digest}: {self.capacity - used} bytes left of {self.capacity}")
            self._damaged.discard(digest)
            self._objects[digest] = data


class _MemoryWriter(Writer):
    def __init__(self, store: MemoryStore, digest: Digest) -> None:
        super().__init__(digest)
        self._store = store
        self._data = bytearray()

    def _append(self, piece: Buffer) -> None:
        self._data += piece

    def _publish(self) -> None:
        self._store.keep(self.digest, bytes(self._data))

    def _discard(self) -> None:
        self._data = bytearray()
