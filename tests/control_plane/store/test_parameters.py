"""The cache of parameters."""

import numpy as np
import pytest

from pretzel.control_plane.store import MemoryStore, ParameterCache
from pretzel.errors import DefinitionError, NotFoundError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter


class CountingStore(MemoryStore):
    reads = 0

    def get(self, digest: Digest) -> memoryview:
        self.reads += 1
        return super().get(digest)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


def stored(store: MemoryStore, *values: float) -> Digest:
    parameter = Parameter.of(np.array(values))
    store.put(parameter.digest, parameter.blob)
    return parameter.digest


def test_reads_once(store: CountingStore):
    cache, digest = ParameterCache(store), stored(store, 1.0, 2.0)
    for _ in range(3):
        assert cache.many([digest])[digest].array.tolist() == [1.0, 2.0]
    assert store.reads == 1


def test_what_siblings_share_stays_and_what_is_their_own_leaves(store: CountingStore):
    cache, shared = ParameterCache(store, count=256), stored(store, 0.0)
    for sibling in range(1, 31):
        cache.many([shared, stored(store, float(sibling))])
    assert (store.reads, len(cache)) == (31, 3)


def test_is_bounded_in_bytes(store: CountingStore):
    cache = ParameterCache(store, capacity=100)
    for value in range(5):
        for _ in range(2):
            cache.read(stored(store, float(value)))
    assert (len(cache), cache.held) == (1, 72)


def test_an_object_that_is_not_a_parameter(store: CountingStore):
    store.put(Digest.of(b"hello"), b"hello")
    with pytest.raises(DefinitionError, match="is not a parameter: blob of 5 bytes"):
        ParameterCache(store).read(Digest.of(b"hello"))


def test_an_absent_parameter(store: CountingStore):
    with pytest.raises(NotFoundError):
        ParameterCache(store).read(Digest.of(b"absent"))
