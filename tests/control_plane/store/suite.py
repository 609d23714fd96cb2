"""Tests that every object store must pass."""

import pytest

from pretzel.control_plane.store import ObjectStore
from pretzel.errors import CorruptObjectError, ExhaustedError, InputError, NotFoundError
from pretzel.plan.digest import Digest
from tests.helpers.object_suite import ObjectSuite, Terms, blob


class StoreSuite(ObjectSuite):
    terms = Terms(
        rejected=InputError,
        absent=(NotFoundError, "is not in the store; upload it"),
        damaged=(CorruptObjectError, "is damaged in the store; upload it again"),
        full=(ExhaustedError, "object sha256:{hex}"),
    )

    @pytest.mark.parametrize("size", [1000, 1 << 20])
    def test_a_damaged_object_is_not_whole_and_stays(self, store: ObjectStore, size: int):
        data = blob(size)
        digest = Digest.of(data)
        store.put(digest, data)
        assert store.is_whole(digest)
        self.damage(store, digest, blob(size, seed=1))
        assert not store.is_whole(digest)
        assert list(store.digests()) == [digest]
        assert store.is_whole(Digest.of(b"removed meanwhile"))
