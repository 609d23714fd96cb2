"""`fsck` of a cache: it names each damage, and repairs without losing intact objects."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pretzel.data_plane.cache import fsck
from pretzel.data_plane.cache.layout import PACK_SIZE, Layout
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import NotFoundError, PreconditionError
from tests.data_plane.cache.damage import BLOBS, as_noise, flip


def test_fsck_names_each_damage_and_repair_keeps_intact_objects(cache: ObjectCache, tmp_path: Path):
    flip(cache, BLOBS[1][0])
    flip(cache, BLOBS[6][0])
    with pytest.raises(PreconditionError, match="in use by another worker"):
        fsck.check(tmp_path)
    cache.close()
    findings = fsck.check(tmp_path)
    assert [finding.path for finding in findings] == [
        str(Layout(tmp_path).pack(1)),
        str(cache.layout.file(BLOBS[6][0])),
    ]
    assert all("is damaged: it hashes to" in finding.problem and "--repair" in finding.remedy for finding in findings)
    assert fsck.check(tmp_path, repair=True) == findings
    assert fsck.check(tmp_path) == []
    again = ObjectCache(tmp_path)
    assert [again.has(digest) for digest, _ in BLOBS] == [i not in (1, 6) for i in range(8)]
    again.close()


@pytest.mark.parametrize("length", [0, 1, 700, PACK_SIZE - 1])
def test_fsck_of_a_truncated_pack(cache: ObjectCache, tmp_path: Path, length: int):
    cache.close()
    os.truncate(Layout(tmp_path).pack(1), length)
    findings = fsck.check(tmp_path, repair=True)
    assert "shorter than" in findings[0].problem
    assert len(findings) == 1 + (0 if length == PACK_SIZE - 1 else 3 if length == 700 else 4)
    assert fsck.check(tmp_path) == []


def test_fsck_of_a_damaged_catalog_and_of_a_missing_cache(cache: ObjectCache, tmp_path: Path):
    cache.close()
    as_noise(Layout(tmp_path).catalog)
    assert ["the saved catalog is damaged" in finding.problem for finding in fsck.check(tmp_path, repair=True)] == [
        True
    ]
    assert fsck.check(tmp_path) == []
    with pytest.raises(NotFoundError, match="does not exist"):
        fsck.check(tmp_path / "nowhere")
