"""The cache returns the objects that it stored, and never serves damaged ones."""

from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.data_plane.cache.index import RECORD
from pretzel.data_plane.cache.layout import SMALL, Layout
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog
from pretzel.errors import CorruptObjectError, NotFoundError, PreconditionError
from pretzel.plan.digest import Digest

SIZES = [0, 1, 63, 64, 65, 5000, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL]


def blob(size: int, seed: int = 0) -> tuple[Digest, bytes]:
    data = random.Random(f"{size} {seed}").randbytes(size)
    return Digest.of(data), data


@pytest.fixture
def cache(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    yield cache
    cache.close()


def reopened(cache: ObjectCache, path: Path) -> ObjectCache:
    cache.close()
    return ObjectCache(path)


@pytest.mark.parametrize("size", SIZES)
def test_a_stored_object_is_returned(cache: ObjectCache, tmp_path: Path, size: int):
    digest, data = blob(size)
    assert not cache.has(digest)
    cache.add(digest, data)
    assert cache.has(digest)
    assert bytes(cache.fetch(digest)) == data == bytes(ObjectReader(tmp_path).fetch(digest))


def test_a_view_is_read_only(cache: ObjectCache):
    digest, data = blob(100)
    cache.add(digest, data)
    assert cache.fetch(digest).readonly


@pytest.mark.parametrize("size", [10, SMALL + 10])
@pytest.mark.parametrize("wrong", [b"short", None], ids=["truncated", "flipped"])
def test_wrong_bytes_are_rejected_and_leave_nothing(cache: ObjectCache, tmp_path: Path, size: int, wrong):
    digest, data = blob(size)
    with pytest.raises(CorruptObjectError, match=digest.hex):
        cache.add(digest, wrong or bytes([data[0] ^ 1]) + data[1:])
    assert not cache.has(digest)
    assert not any(Layout(tmp_path).incoming.iterdir())
    cache.add(digest, data)
    assert bytes(cache.fetch(digest)) == data


def test_too_many_bytes_are_rejected_before_they_are_stored(cache: ObjectCache):
    digest, data = blob(10)
    with pytest.raises(CorruptObjectError, match="11 bytes arrived, 10 expected"):
        cache.add(digest, data + b"x")


def test_an_absent_object_is_not_found(cache: ObjectCache):
    for size in (10, SMALL):
        with pytest.raises(NotFoundError, match="not in the cache"):
            cache.fetch(blob(size)[0])


@pytest.mark.parametrize("size", SIZES)
def test_objects_survive_a_restart(cache: ObjectCache, tmp_path: Path, size: int):
    digest, data = blob(size)
    cache.add(digest, data)
    again = reopened(cache, tmp_path)
    assert again.has(digest)
    assert bytes(again.fetch(digest)) == data
    again.close()


def pack_of(path: Path) -> Path:
    return Layout(path).pack(1)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize("size", [100, SMALL + 100])
def test_a_flipped_bit_is_found_after_a_restart(cache: ObjectCache, tmp_path: Path, size: int):
    (digest, data), (other, other_data) = blob(size), blob(200, seed=1)
    cache.add(digest, data)
    cache.add(other, other_data)
    cache.close()
    overwrite(pack_of(tmp_path) if size < SMALL else Layout(tmp_path).file(digest), 50, bytes([data[50] ^ 1]))
    again = ObjectCache(tmp_path)
    assert not again.has(digest)
    assert again.dropped == 1
    assert again.has(other)
    again.add(digest, data)
    assert bytes(again.fetch(digest)) == data
    assert bytes(ObjectReader(tmp_path).fetch(digest)) == data
    again.close()


def test_a_truncated_file_is_corrupt_to_a_reader_and_dropped_by_the_writer(cache: ObjectCache, tmp_path: Path):
    digest, data = blob(SMALL + 5)
    cache.add(digest, data)
    cache.close()
    os.truncate(Layout(tmp_path).file(digest), 17)
    with pytest.raises(CorruptObjectError, match="17 bytes"):
        ObjectReader(tmp_path).fetch(digest)
    again = ObjectCache(tmp_path)
    assert not again.has(digest)
    assert not Layout(tmp_path).file(digest).exists()
    again.close()


@pytest.mark.parametrize("torn", [1, RECORD - 1])
def test_a_torn_index_loses_its_last_entry_only(cache: ObjectCache, tmp_path: Path, torn: int):
    blobs = [blob(100, seed=i) for i in range(3)]
    for digest, data in blobs:
        cache.add(digest, data)
    cache.close()
    index = Layout(tmp_path).index(1)
    os.truncate(index, index.stat().st_size - torn)
    again = ObjectCache(tmp_path)
    assert [again.has(digest) for digest, _ in blobs] == [True, True, False]
    again.add(*blobs[2])
    assert [bytes(again.fetch(digest)) for digest, _ in blobs] == [data for _, data in blobs]
    again.close()


def test_a_truncated_pack_loses_the_objects_past_its_end(cache: ObjectCache, tmp_path: Path):
    blobs = [blob(100, seed=i) for i in range(3)]
    for digest, data in blobs:
        cache.add(digest, data)
    cache.close()
    os.truncate(pack_of(tmp_path), 150)
    with pytest.raises(CorruptObjectError, match="ends at 150"):
        ObjectReader(tmp_path).fetch(blobs[1][0])
    again = ObjectCache(tmp_path)
    assert [again.has(digest) for digest, _ in blobs] == [True, False, False]
    again.add(*blobs[1])
    assert bytes(again.fetch(blobs[1][0])) == blobs[1][1]
    again.close()


def test_a_missing_pack_counts_as_empty(cache: ObjectCache, tmp_path: Path):
    digest, data = blob(100)
    cache.add(digest, data)
    cache.close()
    pack_of(tmp_path).unlink()
    again = ObjectCache(tmp_path)
    assert not again.has(digest)
    again.add(digest, data)
    assert again.has(digest)
    again.close()


def test_a_reader_sees_objects_added_later(cache: ObjectCache, tmp_path: Path):
    reader = ObjectReader(tmp_path)
    for i in range(3):
        digest, data = blob(100, seed=i)
        cache.add(digest, data)
        assert bytes(reader.fetch(digest)) == data


def test_mapped_bytes_are_never_overwritten(cache: ObjectCache, tmp_path: Path):
    digest, data = blob(100)
    cache.add(digest, data)
    view = ObjectReader(tmp_path).fetch(digest)
    cache.drop([digest])
    cache.add(*blob(100, seed=1))
    assert bytes(view) == data


def test_many_objects_need_few_files_maps_and_descriptors(cache: ObjectCache, tmp_path: Path):
    blobs = [blob(64, seed=i) for i in range(3000)]
    for digest, data in blobs:
        cache.add(digest, data)
    reader = ObjectReader(tmp_path)
    before = _descriptors(tmp_path)
    views = [reader.fetch(digest) for digest, _ in blobs]
    maps = Path("/proc/self/maps").read_text().count(f"{tmp_path}/packs")
    assert maps <= 2  # one of the reader, one of the writer
    assert _descriptors(tmp_path) == before
    assert [bytes(view) for view in views] == [data for _, data in blobs]
    assert sum(len(files) for _, _, files in os.walk(tmp_path)) <= 4


def test_a_large_file_is_mapped_once_and_unmapped_with_its_last_view(cache: ObjectCache, tmp_path: Path):
    digest, data = blob(SMALL)
    cache.add(digest, data)
    reader = ObjectReader(tmp_path)
    views = [reader.fetch(digest), reader.fetch(digest)]
    assert Path("/proc/self/maps").read_text().count(digest.hex) == 1
    del views
    gc.collect()
    assert digest.hex not in Path("/proc/self/maps").read_text()


def test_unneeded_objects_are_collected_after_the_grace_period(cache: ObjectCache, tmp_path: Path):
    blobs = [blob(size, seed) for size in (100, SMALL) for seed in range(2)]
    for digest, data in blobs:
        cache.add(digest, data)
    needed = [blobs[0][0], blobs[2][0]]
    assert cache.collect(needed, now=0, grace=10) == []
    assert cache.collect([d for d, _ in blobs], now=9, grace=10) == []
    assert cache.collect(needed, now=12, grace=10) == []
    assert set(cache.collect(needed, now=22, grace=10)) == {blobs[1][0], blobs[3][0]}
    assert [cache.has(digest) for digest, _ in blobs] == [True, False, True, False]
    assert cache.digests() == set(needed)


def test_sparse_packs_are_rewritten(cache: ObjectCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pretzel.data_plane.cache.packs.PACK_SIZE", 1024)
    blobs = [blob(100, seed=i) for i in range(24)]
    reader = ObjectReader(tmp_path)
    for digest, data in blobs:
        cache.add(digest, data)
    assert bytes(reader.fetch(blobs[0][0])) == blobs[0][1]
    packs = len(Layout(tmp_path).pack_numbers())
    needed = blobs[::8]
    cache.collect([d for d, _ in needed], now=0, grace=0)
    assert len(Layout(tmp_path).pack_numbers()) < packs
    for digest, data in needed:
        assert bytes(cache.fetch(digest)) == bytes(reader.fetch(digest)) == data


def test_a_second_worker_is_rejected(cache: ObjectCache, tmp_path: Path):
    with pytest.raises(PreconditionError, match="in use by another worker"):
        ObjectCache(tmp_path)


def test_the_catalog_is_saved(cache: ObjectCache, tmp_path: Path):
    assert cache.kept.load() is None
    catalog = Catalog("epoch", 7, {"a": b"1", "b": b"2"})
    closures = {blob(1)[0]: (blob(2)[0], blob(3)[0]), blob(4)[0]: ()}
    cache.kept.save(catalog, closures)
    assert cache.kept.load() == (catalog, closures)


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_damaged_catalog_is_not_used(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    path = tmp_path_factory.mktemp("cache")
    cache = ObjectCache(path)
    cache.kept.save(Catalog("epoch", 7, {"a": b"1"}), {})
    good = Layout(path).catalog.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    bad = data.draw(st.sampled_from([good[:at], good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :]]))
    Layout(path).catalog.chmod(0o644)
    Layout(path).catalog.write_bytes(bad)
    assert cache.kept.load() is None
    cache.close()


@given(sizes=st.lists(st.tuples(st.integers(0, 500), st.booleans()), max_size=30), cut=st.integers(0, 2000))
@settings(max_examples=50, deadline=None)
def test_truncated_files_never_return_wrong_bytes(tmp_path_factory: pytest.TempPathFactory, sizes, cut):
    path = tmp_path_factory.mktemp("cache")
    cache = ObjectCache(path)
    blobs = [blob(size, seed) for seed, (size, _) in enumerate(sizes)]
    for (digest, data), (_, dropped) in zip(blobs, sizes, strict=True):
        cache.add(digest, data)
        if dropped:
            cache.drop([digest])
    cache.close()
    for file in [*path.glob("packs/*.index")]:
        os.truncate(file, max(0, file.stat().st_size - cut))
    again = ObjectCache(path)
    for digest, data in blobs:
        if again.has(digest):
            assert bytes(again.fetch(digest)) == data
    for digest, data in blobs:
        again.add(digest, data)
    assert all(bytes(again.fetch(digest)) == data for digest, data in blobs)
    again.close()


def _descriptors(folder: Path) -> int:
    """Count the open descriptors below a folder; others depend on garbage of earlier tests."""
    links = [Path("/proc/self/fd", fd) for fd in os.listdir("/proc/self/fd")]
    return sum(str(os.readlink(link)).startswith(str(folder)) for link in links if link.is_symlink())
