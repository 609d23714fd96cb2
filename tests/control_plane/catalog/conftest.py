"""A separate catalog for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog


@pytest.fixture
def catalog(location: Path | str) -> Iterator[Catalog]:
    opened = Catalog(location)
    yield opened
    opened.close()
