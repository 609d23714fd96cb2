"""One worker for the tests of this folder that do not change it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.data_plane.oip.trained import definitions
from tests.data_plane.rest.odd_tables import odd_definitions
from tests.data_plane.rest.served import Worker, running


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with running(tmp_path_factory.mktemp("rest"), definitions() | odd_definitions()) as worker:
        yield worker
