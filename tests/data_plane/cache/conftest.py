"""The cache that tests of damage share."""

from __future__ import annotations

from pathlib import Path

import pytest

from pretzel.data_plane.cache.store import ObjectCache
from tests.data_plane.cache.damage import BLOBS, CATALOG


@pytest.fixture
def cache(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    for digest, data in BLOBS:
        cache.add(digest, data)
    cache.kept.save(CATALOG, {})
    yield cache
    cache.close()
