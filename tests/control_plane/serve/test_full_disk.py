"""A disk that fills: RESOURCE_EXHAUSTED, no partial writes, and recovery when space is free again."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import Server, control_plane, definition, sample
from tests.control_plane.store.suite import blob
from tests.helpers.disks import Disk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path, 12) as disk:
        yield disk


def incoming(server: Server) -> list[Path]:
    return list((server.data_dir / "objects" / "incoming").iterdir())


def test_a_full_disk(disk: Disk):
    with control_plane(disk.root / "data") as server:
        server.deploy("first", definition(1), sample=sample(1))
        with fails("RESOURCE_EXHAUSTED", "No space left on device"):
            server.upload([blob(40 << 20)])
        assert incoming(server) == []
        with disk.filled(), fails("RESOURCE_EXHAUSTED", "full|No space left"):
            server.deploy("second", definition(2), sample=sample(2))
        assert incoming(server) == []
        assert [model.name for model in server.control.ListModels(pb.ListModelsRequest()).models] == ["first"]
        assert server.deploy("second", definition(2), sample=sample(2)).version == 1


@pytest.mark.long
def test_a_file_over_the_limit_of_the_process(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
        with fails("RESOURCE_EXHAUSTED", "File too large"):
            server.upload([blob(8 << 20)])
        assert incoming(server) == []
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
