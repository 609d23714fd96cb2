"""A separate catalog for each test."""

from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite")
