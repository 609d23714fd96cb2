"""The suite, on every kind of store."""

import pytest

from pretzel.control_plane.store import ObjectStore
from pretzel.plan.digest import Digest
from tests.control_plane.store.conftest import Backend
from tests.control_plane.store.suite import StoreSuite


class TestStore(StoreSuite):
    @pytest.fixture
    def store(self, backend: Backend) -> ObjectStore:
        self.backend = backend
        return backend.store

    def damage(self, store: ObjectStore, digest: Digest, data: bytes) -> None:
        self.backend.damage(digest, data)

    def fill(self, store: ObjectStore) -> None:
        self.backend.fill()
