"""A disk that fills: refused as RESOURCE_EXHAUSTED, nothing half written, and well again when there is room."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import Server, control_plane, definition, sample
from tests.control_plane.store.suite import blob


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(tmp_path)], capture_output=True)
    if made.returncode:
        pytest.skip(f"no mount here: {made.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def incoming(server: Server) -> list[Path]:
    return list((server.data_dir / "objects" / "incoming").iterdir())


def test_a_full_disk(small_disk: Path):
    with control_plane(small_disk / "data") as server:
        server.deploy("first", definition(1), sample=sample(1))
        with fails("RESOURCE_EXHAUSTED", "No space left on device"):
            server.upload([blob(40 << 20)])
        assert incoming(server) == []
        with open(small_disk / "ballast", "wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(1024))
        with fails("RESOURCE_EXHAUSTED", "full|No space left"):
            server.deploy("second", definition(2), sample=sample(2))
        assert incoming(server) == []
        (small_disk / "ballast").unlink()
        assert [model.name for model in server.control.ListModels(pb.ListModelsRequest()).models] == ["first"]
        assert server.deploy("second", definition(2), sample=sample(2)).version == 1


def test_a_file_over_the_limit_of_the_process(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
        with fails("RESOURCE_EXHAUSTED", "File too large"):
            server.upload([blob(8 << 20)])
        assert incoming(server) == []
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
