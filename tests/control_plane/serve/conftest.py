"""A control plane that runs for all tests of a file, and a model name per test."""

import re
from collections.abc import Iterator

import pytest

from tests.control_plane.serve.running import Server, control_plane


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One control plane for all tests of a file; each test uses separate names."""
    with control_plane(
        tmp_path_factory.mktemp("plane") / "data", report_seconds=0.2, wait_seconds=5, deployments=2
    ) as running:
        yield running


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A model's name that no other test uses."""
    return re.sub(r"\W+", "_", request.node.name)[:100]
