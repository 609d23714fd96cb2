"""A control plane whose catalog is in PostgreSQL."""

from pathlib import Path

import pytest

from pretzel.control_plane.fsck import check_directory
from pretzel.control_plane.migrate import migrate
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import control_plane, definition, models, sample
from tests.control_plane.serve.test_process import run
from tests.control_plane.serve.test_workers import watching


@pytest.fixture
def url(postgres: Postgres) -> str:
    return str(postgres.new())


def test_a_control_plane_over_a_database(postgres: Postgres, url: str, tmp_path: Path):
    """It deploys, loses its database, finds it again, restarts, and moves to a file and back to its workers."""
    data_dir = tmp_path / "data"
    with control_plane(data_dir, catalog=url, deployments=2) as server:
        epoch = server.ready["epoch"]
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
        postgres.server.kill()
        with fails("UNAVAILABLE", "catalog postgresql://pretzel@.*check that it runs and can be reached, and retry"):
            server.control.ListModels(pb.ListModelsRequest())
        postgres.server.start()
        assert server.deploy("m", definition(2), sample=sample(2)).version == 2
        server.control.DeleteModel(pb.DeleteModelRequest(model="m@1"))
        assert server.control.CollectGarbage(pb.CollectGarbageRequest()).objects > 0
        assert list(server.control.CheckStore(pb.CheckStoreRequest()))[-1].checked.findings == 0
    assert not (data_dir / "catalog.sqlite").exists()
    assert list(check_directory(data_dir, catalog=url)) == []
    assert migrate(url, str(data_dir / "catalog.sqlite"))["versions"] == 1
    with control_plane(data_dir) as server:
        assert (server.ready["epoch"], models(server, "")) == (epoch, ["m"])
        with watching(server) as watcher:
            assert [model.name for model in watcher.next().models] == ["m"]


def test_objects_of_another_catalog_are_refused(postgres: Postgres, url: str, tmp_path: Path):
    with control_plane(tmp_path / "data") as other:
        other.deploy("n", definition(3))
    ran = run(data_dir=tmp_path / "data", catalog=url, control_port=0, control_metrics_port=0)
    assert ran.returncode == 1
    assert "it holds objects of epoch" in ran.stderr
    assert "but its postgresql://pretzel@/" in ran.stderr and "is missing or empty" in ran.stderr
