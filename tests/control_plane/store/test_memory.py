"""The store in memory."""

import pytest

from pretzel.control_plane.store import MemoryStore
from pretzel.plan.digest import Digest
from tests.control_plane.store.suite import StoreSuite


class TestMemoryStore(StoreSuite):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    def damage(self, store: MemoryStore, digest: Digest, data: bytes) -> None:
        store._objects[digest] = data

    def fill(self, store: MemoryStore) -> None:
        store.capacity = 60_000
