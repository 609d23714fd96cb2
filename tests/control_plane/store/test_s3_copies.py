"""Copies of objects in S3 on this machine: what is fetched once, and how much is kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pretzel.control_plane.store.s3 import S3Store
from pretzel.errors import UnavailableError
from tests.control_plane.store.conftest import Open
from tests.control_plane.store.s3_objects import LARGE, SMALL, asked, put
from tests.control_plane.store.suite import blob
from tests.helpers.s3_proxy import Proxy


@pytest.fixture
def store(s3_store: S3Store) -> S3Store:
    return s3_store


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_an_object_is_fetched_once(opened: Open, proxy: Proxy, data: bytes):
    digest = put(opened("a"), data)
    reader = opened("b")
    proxy.requests.clear()
    threads = [threading.Thread(target=reader.get, args=(digest,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader.check(digest)
    with reader.files([digest]) as files:
        assert Path(files[digest]).read_bytes() == data
    assert asked(proxy, "GET") == 1
    again = opened("b")
    proxy.requests.clear()
    assert bytes(again.get(digest)) == data
    assert proxy.requests == []


def test_what_was_written_is_not_fetched(store: S3Store, proxy: Proxy):
    digests = [put(store, SMALL), put(store, LARGE)]
    for digest in digests:
        store.get(digest)
        store.check(digest)
    assert asked(proxy, "GET") == 0


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_damaged_copy_is_fetched_again(store: S3Store, data: bytes):
    digest = put(store, data)
    copy = store.copies.path(digest)
    copy.unlink()
    copy.write_bytes(data[:-1] + b"?")
    assert bytes(store.get(digest)) == data
    copy.unlink()
    assert bytes(store.get(digest)) == data


def test_copies_are_bounded_except_while_they_are_in_use(opened: Open):
    store = opened(most=250_000)
    objects = [blob(100_000, seed) for seed in range(4)]
    digests = [put(store, data) for data in objects]
    assert store.copies.held_bytes == 200_000
    with store.files(digests) as files:
        assert [Path(files[digest]).read_bytes() for digest in digests] == objects
        view = store.get(digests[0])
    assert store.copies.held_bytes == 200_000
    assert bytes(view) == objects[0]
    assert opened(most=100_000).copies.held_bytes == 100_000


def test_a_disk_without_room_for_copies(opened: Open, tmp_path: Path):
    digests = [put(opened("a"), data) for data in (SMALL, LARGE)]
    reader = opened("b")
    (reader.copies.directory / "incoming").rmdir()
    with reader.files(digests[:1]) as files:
        assert files[digests[0]] == SMALL
    with pytest.raises(UnavailableError, match="it cannot be copied to"):
        reader.get(digests[1])
