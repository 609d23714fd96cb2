"""A control plane whose store is named by a URL."""

import shutil
from pathlib import Path

import pytest

from pretzel.control_plane.fsck import check_directory
from pretzel.control_plane.store import identity
from pretzel.errors import PreconditionError
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.running import control_plane, definition, sample
from tests.control_plane.serve.test_process import run


def test_objects_of_a_url_are_not_in_the_data_directory(tmp_path: Path):
    url, data_dir = f"file://{tmp_path}/elsewhere", tmp_path / "data"
    with control_plane(data_dir, store=url) as server:
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
        assert identity.read(tmp_path / "elsewhere").epoch == server.ready["epoch"]
        with pytest.raises(PreconditionError, match="in use by another control plane"):
            list(check_directory(data_dir, url=url))
    assert not (data_dir / "objects").exists()
    assert list(check_directory(data_dir, url=url)) == []
    with control_plane(data_dir, store=url) as server:
        assert [model.name for model in server.control.ListModels(pb.ListModelsRequest()).models] == ["m"]


def test_a_store_is_used_by_one_control_plane_and_with_its_catalog(tmp_path: Path):
    url = f"file://{tmp_path}/objects"
    ports = {"control_port": 0, "control_metrics_port": 0}
    with control_plane(tmp_path / "one", store=url) as server:
        server.deploy("m", definition(1))
        second = run(data_dir=tmp_path / "two", store=url, **ports)
        assert f"store {tmp_path}/objects: in use by another control plane" in second.stderr
    third = run(data_dir=tmp_path / "three", store=url, **ports)
    assert "it holds objects" in third.stderr
    shutil.copy(tmp_path / "one" / "catalog.sqlite", tmp_path / "two" / "catalog.sqlite")
    with control_plane(tmp_path / "two", store=url) as server:
        assert server.control.ListModels(pb.ListModelsRequest()).models


def test_a_store_in_memory_serves_until_the_process_ends(tmp_path: Path):
    with control_plane(tmp_path / "data", store="memory:") as server:
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
        assert list(server.control.CheckStore(pb.CheckStoreRequest()))[-1].checked.findings == 0
        assert server.control.CollectGarbage(pb.CollectGarbageRequest()).objects == 0
    assert not (tmp_path / "data" / "objects").exists()


def test_an_unknown_scheme_ends_the_start(tmp_path: Path):
    ran = run(data_dir=tmp_path / "data", store="s3://bucket", control_port=0, control_metrics_port=0)
    assert ran.returncode == 1
    assert "unknown scheme 's3'; expected one of file, memory" in ran.stderr
    assert "Traceback" not in ran.stderr
