"""Stores of each kind for the suite, and an S3 server that the tests of a process share."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from pretzel.control_plane.store import DirectoryStore, MemoryStore, ObjectStore
from pretzel.control_plane.store.interface import Room
from pretzel.control_plane.store.opening import open_store
from pretzel.control_plane.store.s3 import S3Store, location
from pretzel.plan.digest import Digest
from tests.helpers.s3 import S3
from tests.helpers.s3_proxy import Proxy

Open = Callable[..., S3Store]
LEFT = 60_000
"""Bytes that a full store still takes."""


class InMemory:
    """A dictionary."""

    def __init__(self, directory: Path) -> None:
        self.store = MemoryStore()

    def damage(self, digest: Digest, data: bytes) -> None:
        self.store._objects[digest] = data

    def fill(self) -> None:
        self.store.capacity = LEFT

    def close(self) -> None:
        self.store.close()


class InDirectory:
    """Files, of which a limit of this process bounds the size."""

    def __init__(self, directory: Path) -> None:
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.store: ObjectStore = self.open(directory)

    def open(self, directory: Path) -> ObjectStore:
        return DirectoryStore(directory / "objects")

    def damage(self, digest: Digest, data: bytes) -> None:
        assert isinstance(self.store, DirectoryStore)
        self.store.path(digest).unlink()
        self.store.path(digest).write_bytes(data)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LEFT, self._limits[1]))

    def close(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self.store.close()


class InS3(InDirectory):
    """Objects of a server.  An object is gathered in a file of this process first, which has the same limit."""

    def __init__(self, directory: Path, server: S3) -> None:
        self._server, self._prefix = server, server.prefix()
        super().__init__(directory)

    def open(self, directory: Path) -> ObjectStore:
        return open_store(self._server.url(self._prefix), room=Room(directory / "copies"))

    def damage(self, digest: Digest, data: bytes) -> None:
        """Replace the stored bytes, of which this process has no copy."""
        assert isinstance(self.store, S3Store)
        self._server.client(self._prefix).put(self.store.key(digest), data)
        self.store.copies.drop([digest])


Backend = InMemory | InDirectory


@pytest.fixture(params=["memory", "directory", "s3"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A store of each kind, and its disk."""
    kinds = {"memory": InMemory, "directory": InDirectory}
    kind = kinds.get(request.param)
    opened = kind(tmp_path) if kind else InS3(tmp_path, request.getfixturevalue("s3"))
    with closing(opened):
        yield opened


@pytest.fixture(scope="module")
def shared(s3: S3) -> Iterator[Proxy]:
    proxy = Proxy(s3)
    yield proxy
    proxy.close()


@pytest.fixture
def proxy(shared: Proxy) -> Iterator[Proxy]:
    shared.heal()
    yield shared
    shared.heal()
    shared.conditional = False


@pytest.fixture
def prefix(s3: S3) -> str:
    return s3.prefix()


@pytest.fixture
def opened(s3: S3, proxy: Proxy, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the store of a test through the proxy, as often as there are control planes, with their copies."""
    monkeypatch.setitem(location._RETRYING, "max_retries", 3)
    monkeypatch.setitem(location._RETRYING, "backoff", {"init_backoff": timedelta(milliseconds=1)})
    with ExitStack() as stores:

        def open_(name: str = "a", most: int = 1 << 30) -> S3Store:
            store = open_store(s3.url(prefix, proxy.endpoint), room=Room(tmp_path / name, most))
            stores.callback(store.close)
            return store

        yield open_


@pytest.fixture
def s3_store(opened: Open, proxy: Proxy) -> S3Store:
    store = opened()
    proxy.requests.clear()
    return store
