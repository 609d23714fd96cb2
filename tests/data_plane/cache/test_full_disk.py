"""A cache on a full disk: stored objects are intact, and rejected ones leave nothing behind."""

from __future__ import annotations

import errno
import os
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pretzel.data_plane.cache import incoming, pack
from pretzel.data_plane.cache.disk import RESERVE
from pretzel.data_plane.cache.layout import SMALL, Layout
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.plan.digest import Digest
from pretzel.serving.durable import OUT_OF_SPACE
from tests.helpers.disks import MIB, Disk, small_disk


def blob(size: int, seed: int = 0) -> tuple[Digest, bytes]:
    data = random.Random(f"{size} {seed}").randbytes(size)
    return Digest.of(data), data


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path, 24) as disk:
        yield disk


@pytest.mark.parametrize("size", [3000, SMALL - 1, SMALL, 5 * SMALL])
def test_a_full_disk_raises_and_keeps_stored_objects(disk: Disk, size: int):
    cache = ObjectCache(disk.root / "cache")
    stored: dict[Digest, bytes] = {}
    with pytest.raises(OSError) as caught:
        for seed in range(20_000):
            digest, data = blob(size, seed)
            cache.add(digest, data)
            stored[digest] = data
    assert caught.value.errno in OUT_OF_SPACE
    assert not cache.has(digest)
    assert digest not in cache.digests()
    assert cache.flush() == {}
    assert len(stored) * size > 10 * MIB  # the disk was used
    reader = ObjectReader(disk.root / "cache")
    assert all(bytes(reader.fetch(d)) == data == bytes(cache.fetch(d)) for d, data in stored.items())
    assert not any(Layout(disk.root / "cache").incoming.iterdir())
    cache.close()
    again = ObjectCache(disk.root / "cache")  # restart on the full disk
    assert all(map(again.has, stored))
    assert again.digests() == stored.keys()
    again.collect([], 0, 0)
    reader.refresh()  # a deleted pack takes space while it is mapped
    again.add(digest, data)  # space is free again
    assert bytes(again.fetch(digest)) == data == bytes(reader.fetch(digest))
    again.close()


def test_space_freed_by_another_program_is_used(disk: Disk):
    cache = ObjectCache(disk.root / "cache")
    stored = blob(1000)
    cache.add(*stored)
    digest, data = blob(60_000)
    with disk.filled(8192), pytest.raises(OSError, match="No space left"):
        cache.add(digest, data)
    cache.add(digest, data)
    reader = ObjectReader(disk.root / "cache")
    assert bytes(reader.fetch(digest)) == data
    assert bytes(reader.fetch(stored[0])) == stored[1]
    cache.close()


def test_a_large_object_leaves_space_for_small_ones(disk: Disk):
    """Otherwise large models that do not fit keep small ones and the catalog off the disk."""
    cache = ObjectCache(disk.root / "cache")
    small, large = os.urandom(1000), os.urandom(200_000)
    disk.fill(RESERVE + 100_000)
    with pytest.raises(OSError, match="No space left on device beyond the reserve for small objects"):
        cache.add(Digest.of(large), large)
    cache.add(Digest.of(small), small)
    disk.free()
    cache.add(Digest.of(large), large)
    assert cache.has(Digest.of(small)) and cache.has(Digest.of(large))


def test_a_damaged_object_leaves_the_index_of_a_full_disk(disk: Disk):
    cache = ObjectCache(disk.root / "cache")
    blobs = [blob(1000, seed) for seed in range(200)]
    for digest, data in blobs:
        cache.add(digest, data)
    reader = ObjectReader(disk.root / "cache")
    reader.refresh()
    with disk.filled():
        path, offset = cache.place(blobs[7][0])
        path.chmod(0o644)
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(b"flipped")
        assert not cache.recheck(blobs[7][0])
        reader.refresh()
        for digest, data in blobs:
            if digest == blobs[7][0]:
                with pytest.raises(LookupError):
                    reader.fetch(digest)
            else:
                assert bytes(reader.fetch(digest)) == data
    cache.add(*blobs[7])
    assert bytes(reader.fetch(blobs[7][0])) == blobs[7][1]
    cache.close()


@contextmanager
def short_writes(monkeypatch: pytest.MonkeyPatch, most: int) -> Iterator[None]:
    """Make every write short, as the kernel may, and does near the end of a disk."""
    write, pwrite = os.write, os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, memoryview(data)[:most]))
        patch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, memoryview(data)[:most], at))
        yield


@pytest.mark.parametrize("size", [1, 5000, SMALL + 5])
def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int):
    cache = ObjectCache(tmp_path)
    digest, data = blob(size)
    with short_writes(monkeypatch, 7):
        cache.add(digest, data)
    assert bytes(ObjectReader(tmp_path).fetch(digest)) == data
    cache.close()


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_size_limit_raises(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    digest, data = blob(3 * SMALL)
    with file_size_limit(SMALL), pytest.raises(OSError) as caught:
        cache.add(digest, data)
    assert caught.value.errno == errno.EFBIG
    assert not cache.has(digest)
    cache.add(digest, data)
    assert cache.has(digest)
    cache.close()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT], ids=lambda code: errno.errorcode[code])
@pytest.mark.parametrize("step", ["posix_fallocate", "data", "entry"])
def test_a_failed_step_leaves_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: str):
    cache = ObjectCache(tmp_path)
    before, (digest, data), after = blob(100, 1), blob(100, 2), blob(100, 3)
    cache.add(*before)
    reader, calls = ObjectReader(tmp_path), []
    real = pack.pwrite_all

    def fail(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    def torn(descriptor: int, buffer: bytes, offset: int) -> None:
        calls.append(offset)
        if len(calls) == (1 if step == "data" else 2):
            real(descriptor, bytes(buffer)[: len(buffer) // 2], offset)
            fail()
        real(descriptor, buffer, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", fail) if step == "posix_fallocate" else patch.setattr(
            pack, "pwrite_all", torn
        )
        with pytest.raises(OSError) as caught:
            cache.add(digest, data)
    assert caught.value.errno == code
    assert not cache.has(digest)
    with pytest.raises(LookupError):
        reader.fetch(digest)
    for other in (after, (digest, data), before):
        cache.add(*other)
        assert bytes(reader.fetch(other[0])) == other[1]
    cache.close()
    again = ObjectCache(tmp_path)
    assert again.digests() == {before[0], digest, after[0]}
    assert all(map(again.has, again.digests()))
    again.close()


@pytest.mark.parametrize("size", [100, SMALL])
def test_the_bytes_on_disk_are_checked_and_not_those_received(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
):
    cache = ObjectCache(tmp_path)
    digest, data = blob(size)
    write, pwrite = incoming.write_all, pack.pwrite_all

    def lie(real):
        return lambda descriptor, buffer, *at: real(descriptor, bytes([buffer[0] ^ 1]) + bytes(buffer)[1:], *at)

    with monkeypatch.context() as patch:
        patch.setattr(incoming, "write_all", lie(write))
        patch.setattr(pack, "pwrite_all", lie(pwrite))
        with pytest.raises(Exception, match="the disk did not store the written bytes|the bytes hash to"):
            cache.add(digest, data)
    assert not cache.has(digest)
    cache.add(digest, data)
    assert bytes(ObjectReader(tmp_path).fetch(digest)) == data
    cache.close()


@pytest.mark.parametrize("size", [100, SMALL])
def test_objects_whose_flush_fails_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int):
    cache = ObjectCache(tmp_path)
    (digest, data), (other, other_data) = blob(size), blob(size, 1)
    cache.add(other, other_data)
    assert cache.flush() == {}
    cache.add(digest, data)

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        lost = cache.flush()
    assert [*lost] == [digest]
    assert not cache.has(digest)
    assert cache.has(other)
    cache.add(digest, data)
    assert cache.flush() == {}
    assert bytes(ObjectReader(tmp_path).fetch(digest)) == data
    cache.close()
