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


def test_forgets_the_least_recently_used(store: CountingStore):
    cache = ParameterCache(store, count=2)
    a, b, c = stored(store, 1.0), stored(store, 2.0), stored(store, 3.0)
    cache.many([a, b, a, c])
    assert store.reads == 3
    cache.get(a)
    assert store.reads == 3
    cache.get(b)
    assert store.reads == 4


def test_is_bounded_in_bytes(store: CountingStore):
    cache = ParameterCache(store, capacity=100)
    for value in range(5):
        cache.get(stored(store, float(value)))
    assert len(cache._kept) == 1
    assert cache.held == 72


def test_an_object_that_is_not_a_parameter(store: CountingStore):
    store.put(Digest.of(b"hello"), b"hello")
    with pytest.raises(DefinitionError, match="is not a parameter: blob of 5 bytes"):
        ParameterCache(store).get(Digest.of(b"hello"))


def test_an_absent_parameter(store: CountingStore):
    with pytest.raises(NotFoundError):
        ParameterCache(store).get(Digest.of(b"absent"))
