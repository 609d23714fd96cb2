"""Damage to every kind of file of a cache, found at start, by the scrubber and by `fsck`."""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pretzel.data_plane.cache import fsck
from pretzel.data_plane.cache.index import RECORD
from pretzel.data_plane.cache.layout import PACK_SIZE, Layout
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.scrub import Scrubber, Stopped
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import CorruptObjectError, NotFoundError
from pretzel.plan.digest import Digest
from tests.data_plane.cache.damage import (
    BLOBS,
    CATALOG,
    DISGUISES,
    LARGE_SIZE,
    SMALL_SIZE,
    as_dangling_link,
    as_directory,
    as_empty,
    as_fifo,
    as_link_loop,
    blob,
    flip,
    place,
    writable,
)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("what", ["object", "pack", "index", "catalog", "lock"])
def test_a_start_heals_a_foreign_file_in_any_place(
    cache: ObjectCache, tmp_path: Path, what: str, disguise: Callable[[Path], None]
):
    cache.close()
    disguise(place(tmp_path, what))
    again = ObjectCache(tmp_path)
    whole = [again.has(digest) for digest, _ in BLOBS]
    assert whole == [what not in ("pack", "index")] * 4 + [True] * 3 + [what != "object"]
    assert again.kept.load() == (None if what == "catalog" else (CATALOG, {}))
    for digest, data in BLOBS:
        if not again.has(digest):
            again.add(digest, data)
    reader = ObjectReader(tmp_path)
    assert all(bytes(reader.fetch(digest)) == data for digest, data in BLOBS)
    again.kept.save(CATALOG, {})
    again.close()
    assert fsck.check(tmp_path) == []


@pytest.mark.parametrize("disguise", [as_directory, as_link_loop, as_fifo, as_dangling_link, as_empty])
def test_a_reader_rejects_a_foreign_file_in_place_of_an_object(
    cache: ObjectCache, tmp_path: Path, disguise: Callable[[Path], None]
):
    disguise(place(tmp_path, "object"))
    with pytest.raises((CorruptObjectError, NotFoundError), match=BLOBS[-1][0].hex):
        ObjectReader(tmp_path).fetch(BLOBS[-1][0])


@pytest.mark.parametrize("folder", ["objects", "packs", "incoming", "damaged"])
@pytest.mark.parametrize("disguise", ["file", "loop"])
def test_a_file_in_place_of_a_directory_is_replaced(cache: ObjectCache, tmp_path: Path, folder: str, disguise: str):
    cache.close()
    path = tmp_path / folder
    path.rename(tmp_path / "elsewhere")
    path.write_bytes(b"x") if disguise == "file" else path.symlink_to(path)
    again = ObjectCache(tmp_path)
    for digest, data in BLOBS:
        again.add(digest, data)
        assert bytes(ObjectReader(tmp_path).fetch(digest)) == data
    again.close()


def test_foreign_files_are_quarantined_and_partial_writes_deleted(cache: ObjectCache, tmp_path: Path):
    cache.close()
    layout = Layout(tmp_path)
    strays = [layout.objects / "stray", layout.objects / "ab" / "not-a-digest", layout.packs / "notes.txt"]
    for stray in strays:
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(b"stray")
    (layout.incoming / "folder" / "inside").mkdir(parents=True)
    (layout.packs / ".000001.index.new").write_bytes(b"half")
    layout.pack(9).write_bytes(b"no index")
    assert len(fsck.check(tmp_path)) == 6
    assert all(stray.exists() for stray in strays)
    assert len(fsck.check(tmp_path, repair=True)) == 6
    assert fsck.check(tmp_path) == []
    aside = {path.name.rpartition(".")[0] for path in layout.damaged.iterdir()}
    assert aside == {"not-a-digest", "notes.txt", "stray"}


def test_quarantine_is_bounded(cache: ObjectCache, tmp_path: Path):
    for seed in range(30):
        digest, data = blob(LARGE_SIZE, seed)
        cache.add(digest, data)
        flip(cache, digest)
        assert not cache.recheck(digest)
    assert len(list(Layout(tmp_path).damaged.iterdir())) == 8
    cache.make_room([digest for digest, _ in BLOBS], 0)
    assert not any(Layout(tmp_path).damaged.iterdir())


@pytest.mark.parametrize("victim", [0, 2, 4, 7])
def test_the_scrubber_finds_a_silent_bit_flip(cache: ObjectCache, tmp_path: Path, victim: int):
    scrubber = Scrubber(cache, 1 << 30)
    assert list(scrubber.all()) == []
    assert scrubber.scrubbed_bytes == sum(digest.size for digest, _ in BLOBS)
    assert scrubber.passed > 0
    digest, data = BLOBS[victim]
    with writable(cache, digest) as page:
        page[100] ^= 0  # the first store into a page changes the times of its file
        assert scrubber.touched() == []
        page[100] ^= 8  # later ones do not, as bit rot does not
    assert scrubber.touched() == [] and cache.has(digest)  # checked before
    assert list(scrubber.all()) == [digest]
    assert not cache.has(digest)
    cache.add(digest, data)
    reader = ObjectReader(tmp_path)
    assert all(bytes(reader.fetch(d)) == blob for d, blob in BLOBS)
    assert list(scrubber.all()) == []


@pytest.mark.parametrize("victim", [0, 7])
def test_a_file_that_another_program_wrote_to_is_found_at_once(cache: ObjectCache, victim: int):
    scrubber = Scrubber(cache, 0)
    assert scrubber.touched() == []
    flip(cache, BLOBS[victim][0])
    assert scrubber.touched() == [BLOBS[victim][0]]
    assert scrubber.touched() == []


@pytest.mark.parametrize("victim", [0, 7])
@pytest.mark.parametrize("length", [0, 1, 100])
def test_a_truncated_file_is_found_without_a_signal(cache: ObjectCache, tmp_path: Path, victim: int, length: int):
    scrubber, reader = Scrubber(cache, 0), ObjectReader(tmp_path)
    digest, data = BLOBS[victim]
    reader.fetch(digest)
    os.truncate(cache.place(digest)[0], length)
    assert digest in scrubber.touched()
    for other, blob_ in BLOBS:
        if not cache.has(other):
            cache.add(other, blob_)
    reader.forget([digest])
    assert bytes(reader.fetch(digest)) == data
    assert bytes(ObjectReader(tmp_path).fetch(digest)) == data


def test_the_scrubber_keeps_its_rate_and_can_be_stopped(cache: ObjectCache):
    total = sum(digest.size for digest, _ in BLOBS)
    scrubber = Scrubber(cache, 2 * total)
    start = time.monotonic()
    assert list(scrubber.all()) == []
    assert time.monotonic() - start >= 0.45
    slow = Scrubber(cache, 10)
    threading.Timer(0.1, slow.close).start()
    with pytest.raises(Stopped):
        list(slow.all())
    assert time.monotonic() - start < 10
    assert all(cache.has(digest) for digest, _ in BLOBS)


def test_a_reader_detects_a_replaced_index_with_any_inode(tmp_path: Path):
    cache, reader = ObjectCache(tmp_path), ObjectReader(tmp_path)
    known: dict[Digest, bytes] = {}
    index, inodes = Layout(tmp_path).index(1), []
    for seed in range(40):
        digest, data = blob(200, seed)
        cache.add(digest, data)
        known[digest] = data
        if seed % 4 == 3:  # a dropped entry replaces the index; a new entry restores its length
            reader.refresh()
            gone = next(iter(known))
            del known[gone]
            cache.drop([gone])
            inodes.append(os.stat(index).st_ino)
            extra, more = blob(201, seed)
            cache.add(extra, more)
            known[extra] = more
            assert all(bytes(reader.fetch(d)) == data for d, data in known.items())
            with pytest.raises(NotFoundError):
                reader.refresh()
                reader.fetch(gone)
    cache.close()


@pytest.mark.parametrize("at", [0, 10, RECORD - 1, RECORD, RECORD + 33, 2 * RECORD - 1])
def test_a_flip_in_an_index_is_never_misread(cache: ObjectCache, tmp_path: Path, at: int):
    index = Layout(tmp_path).index(1)
    data = bytearray(index.read_bytes())
    data[at] ^= 16
    index.chmod(0o644)
    index.write_bytes(data)
    reader = ObjectReader(tmp_path)
    lost = [digest for digest, blob_ in BLOBS[:4] if read_or_none(reader, digest) not in (blob_,)]
    assert lost == ([BLOBS[0][0]] if at >= RECORD else [])
    cache.close()
    assert len(fsck.check(tmp_path)) == 1
    again = ObjectCache(tmp_path)
    assert [again.has(digest) for digest, _ in BLOBS[:4]] == [digest not in lost for digest, _ in BLOBS[:4]]
    again.close()
    assert fsck.check(tmp_path) == []


def read_or_none(reader: ObjectReader, digest: Digest) -> bytes | None:
    try:
        return bytes(reader.fetch(digest))
    except NotFoundError:
        return None


def test_an_index_of_an_older_version_is_read_and_rewritten(cache: ObjectCache, tmp_path: Path):
    places = {digest: cache.place(digest)[1] for digest, _ in BLOBS[:4]}
    cache.close()
    index = Layout(tmp_path).index(1)
    index.unlink()
    index.write_bytes(b"".join(struct.pack("<32sQQ", bytes.fromhex(d.hex), at, d.size) for d, at in places.items()))
    assert all(bytes(ObjectReader(tmp_path).fetch(digest)) == data for digest, data in BLOBS)
    again = ObjectCache(tmp_path)
    assert all(again.has(digest) for digest, _ in BLOBS)
    again.close()
    assert fsck.check(tmp_path) == []


@pytest.mark.parametrize("damage", [as_directory, as_link_loop, as_fifo])
def test_a_reader_skips_a_foreign_file_in_place_of_an_index(
    cache: ObjectCache, tmp_path: Path, damage: Callable[[Path], None]
):
    """Serving processes continue: the supervisor replaces it soon."""
    reader = ObjectReader(tmp_path)
    small, large = (next(d for d, data in BLOBS if len(data) == size) for size in (SMALL_SIZE, LARGE_SIZE))
    assert reader.fetch(small)
    damage(Layout(tmp_path).index(1))
    reader.refresh()
    assert reader.fetch(large)
    with pytest.raises(NotFoundError):
        reader.fetch(small)


@pytest.mark.parametrize("damage", [as_directory, as_link_loop, as_fifo])
@pytest.mark.parametrize("name", ["pack", "index", "file"])
def test_a_foreign_file_is_quarantined_at_run_time(
    cache: ObjectCache, tmp_path: Path, damage: Callable[[Path], None], name: str
):
    layout = Layout(tmp_path)
    large = next(digest for digest, data in BLOBS if len(data) == LARGE_SIZE)
    damage({"pack": layout.pack(1), "index": layout.index(1), "file": layout.file(large)}[name])
    scrubber = Scrubber(cache, 0)
    lost = {*scrubber.touched(), *scrubber.expel()}
    for digest, data in BLOBS:
        if digest in lost:
            cache.add(digest, data)
    assert lost and all(cache.has(digest) for digest, _ in BLOBS)
    cache.close()
    assert fsck.check(tmp_path) == []


@pytest.mark.parametrize("left", [None, 0, PACK_SIZE - 1], ids=["gone", "cut", "cut behind its objects"])
def test_a_pack_that_was_damaged_goes_without_a_restart(cache: ObjectCache, tmp_path: Path, left: int | None):
    pack = Layout(tmp_path).pack(1)
    pack.unlink() if left is None else os.truncate(pack, left)
    lost = Scrubber(cache, 0).touched()
    for digest, data in BLOBS:
        if digest in lost:
            cache.add(digest, data)
    assert cache.collect([digest for digest, _ in BLOBS], 0.0, 0.0) == []
    assert all(cache.has(digest) for digest, _ in BLOBS)
    cache.close()
    assert fsck.check(tmp_path) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes(1) + path.read_bytes()[1:]),
    ],
    ids=["gone", "empty", "header"],
)
def test_an_index_that_others_damage_is_rewritten(cache: ObjectCache, tmp_path: Path, damage: Callable[[Path], None]):
    index = Layout(tmp_path).index(1)
    if index.exists():
        index.chmod(0o644)
    damage(index)
    Scrubber(cache, 0).touched()
    assert all(cache.has(digest) for digest, _ in BLOBS)
    cache.close()
    assert fsck.check(tmp_path) == []
