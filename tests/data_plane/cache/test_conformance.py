"""The cache of a worker, under the tests that every object store must pass."""

import os
import resource
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pretzel.data_plane.cache.layout import is_packed
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import CorruptObjectError, NotFoundError
from pretzel.plan.digest import Digest
from tests.helpers.object_suite import ObjectSuite, Terms


class Writer:
    """Receives one object, as the supervisor does."""

    def __init__(self, cache: ObjectCache, digest: Digest) -> None:
        self.digest = digest
        self._incoming = cache.receive(digest)
        self.write, self.commit, self.close = self._incoming.write, self._incoming.commit, self._incoming.close


class CacheObjects:
    """A cache by the names of a store.

    As the supervisor does, it first hashes the objects whose files another program wrote to.
    """

    def __init__(self, cache: ObjectCache) -> None:
        self.cache = cache

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        for digest in self.cache.touched():
            self.cache.recheck(digest)
        return [digest for digest in dict.fromkeys(digests) if not self.cache.has(digest)]

    @contextmanager
    def writer(self, digest: Digest) -> Iterator[Writer]:
        writer = Writer(self.cache, digest)
        try:
            yield writer
        finally:
            writer.close()

    def put(self, digest: Digest, data: bytes) -> bool:
        if not self.missing([digest]):
            return False
        self.cache.add(digest, data)
        return True

    def get(self, digest: Digest) -> memoryview:
        self.missing([])
        return self.cache.fetch(digest)

    def delete(self, digest: Digest) -> bool:
        existed = digest in self.cache.digests()
        self.cache.drop([digest])
        return existed

    def digests(self) -> Iterable[Digest]:
        return self.cache.digests()


class TestCache(ObjectSuite):
    terms = Terms(
        rejected=CorruptObjectError,  # the control plane sent them
        absent=(NotFoundError, "not in the cache"),
        damaged=(NotFoundError, "not in the cache"),  # quarantined, and missing until it is fetched again
        full=(OSError, "File too large"),  # the fetch names the object
    )

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[CacheObjects]:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        cache = ObjectCache(tmp_path)
        yield CacheObjects(cache)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        cache.close()

    def damage(self, store: CacheObjects, digest: Digest, data: bytes) -> None:
        path, offset = store.cache.place(digest)
        path.chmod(0o644)
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(data)
        if not is_packed(digest):
            os.truncate(path, len(data))

    def fill(self, store: CacheObjects) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
