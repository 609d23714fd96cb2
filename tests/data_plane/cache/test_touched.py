"""Changes by other programs that the worker's own writes must not hide."""

from __future__ import annotations

import os
from pathlib import Path

from pretzel.data_plane.cache.layout import Layout
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.scrub import Scrubber
from pretzel.data_plane.cache.store import ObjectCache
from tests.data_plane.cache.damage import BLOBS, blob, flip


def test_an_own_addition_does_not_hide_a_change_of_the_pack(cache: ObjectCache):
    flip(cache, BLOBS[0][0])
    digest, data = blob(500, seed=77)
    cache.add(digest, data)
    assert cache.place(digest)[0] == cache.layout.pack(2)  # a changed pack takes no more
    assert Scrubber(cache, 0).touched() == [BLOBS[0][0]]
    assert Scrubber(cache, 0).touched() == []


def test_an_own_addition_does_not_hide_a_change_of_the_index(cache: ObjectCache, tmp_path: Path):
    index = Layout(tmp_path).index(1)
    index.chmod(0o644)
    with open(index, "r+b") as file:
        file.write(bytes(index.stat().st_size))
    cache.add(*blob(500, seed=77))
    assert Scrubber(cache, 0).touched() == []
    assert all(bytes(ObjectReader(tmp_path).fetch(digest)) == data for digest, data in BLOBS)


def test_an_addition_does_not_fill_the_hole_of_a_truncated_pack(cache: ObjectCache):
    """A process that reads past the end must crash, and not continue with zeros."""
    pack = cache.layout.pack(1)
    os.truncate(pack, 10)
    cache.add(*blob(500, seed=77))
    assert pack.stat().st_size == 10


def test_a_change_of_mode_or_links_moves_no_objects(cache: ObjectCache, tmp_path: Path):
    pack = cache.layout.pack(1)
    pack.chmod(0o600)
    os.link(pack, tmp_path / "link")
    assert Scrubber(cache, 0).touched() == []
    digest, data = blob(500, seed=77)
    cache.add(digest, data)
    assert cache.place(digest)[0] == pack


def test_a_write_that_restores_the_time_of_its_file_is_found(cache: ObjectCache):
    path = cache.place(BLOBS[-1][0])[0]
    times = os.stat(path)
    flip(cache, BLOBS[-1][0])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Scrubber(cache, 0).touched() == [BLOBS[-1][0]]
