"""A control plane whose store is named by a URL."""

from pathlib import Path

import pytest

from pretzel.control_plane.fsck import check_directory
from pretzel.control_plane.store import identity
from pretzel.errors import PreconditionError
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.running import control_plane, definition, sample
from tests.control_plane.serve.test_process import run


@pytest.mark.long
def test_objects_of_a_url_are_not_in_the_data_directory(tmp_path: Path):
    url, data_dir = f"file://{tmp_path}/elsewhere", tmp_path / "data"
    with control_plane(data_dir, store=url) as server:
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
        assert identity.read(tmp_path / "elsewhere").epoch == server.ready["epoch"]
        with pytest.raises(PreconditionError, match="in use by another control plane"):
            list(check_directory(data_dir, url=url))
        second = run(data_dir=tmp_path / "second", store=url, control_port=0, control_metrics_port=0)
        assert f"store {tmp_path}/elsewhere: in use by another control plane" in second.stderr
    third = run(data_dir=tmp_path / "third", store=url, control_port=0, control_metrics_port=0)
    assert "it holds objects of epoch" in third.stderr
    assert not (data_dir / "objects").exists()
    assert list(check_directory(data_dir, url=url)) == []
    with control_plane(data_dir, store=url) as server:
        assert [model.name for model in server.control.ListModels(pb.ListModelsRequest()).models] == ["m"]


def test_a_store_in_memory_serves_until_the_process_ends(tmp_path: Path):
    with control_plane(tmp_path / "data", store="memory:") as server:
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
        assert list(server.control.CheckStore(pb.CheckStoreRequest()))[-1].checked.findings == 0
        assert server.control.CollectGarbage(pb.CollectGarbageRequest()).objects == 0
    assert not (tmp_path / "data" / "objects").exists()
