"""A store and its catalog belong together: behaviour if one of them is lost or foreign."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.collect import collect
from pretzel.control_plane.fsck import check_directory
from pretzel.control_plane.store import DirectoryStore, identity
from pretzel.errors import CorruptObjectError, PreconditionError
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import Server, control_plane, definition, sample
from tests.control_plane.serve.test_process import run
from tests.control_plane.serve.test_workers import watching


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one model."""
    data_dir = tmp_path_factory.mktemp("epochs") / "data"
    with control_plane(data_dir) as server:
        server.deploy("m", definition(1), sample=sample(1))
    return data_dir


@pytest.fixture
def data_dir(before: Path, tmp_path: Path) -> Path:
    return shutil.copytree(before, tmp_path / "data")


def lose_catalog(data_dir: Path) -> None:
    for path in data_dir.glob("catalog.sqlite*"):
        path.unlink()


def objects(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "objects").glob("??/*")}


def names(server: Server) -> list[str]:
    return [model.name for model in server.control.ListModels(pb.ListModelsRequest()).models]


def test_the_store_knows_its_epoch(data_dir: Path):
    with control_plane(data_dir) as server:
        assert json.loads((data_dir / "objects" / "epoch").read_text())["epoch"] == server.ready["epoch"]


@pytest.mark.parametrize(
    ("lost", "epoch"),
    [
        ("removed", "with epoch"),
        ("emptied", "without epoch"),
        pytest.param("emptied", "with epoch", marks=pytest.mark.long),
        pytest.param("removed", "without epoch", marks=pytest.mark.long),
    ],
)
def test_objects_without_a_catalog_are_rejected(data_dir: Path, lost: str, epoch: str):
    there = objects(data_dir)
    lose_catalog(data_dir)
    if lost == "emptied":
        (data_dir / "catalog.sqlite").touch()
    if epoch == "without epoch":
        (data_dir / "objects" / "epoch").unlink()
    ran = run(data_dir=data_dir, control_port=0, control_metrics_port=0)
    assert ran.returncode == 1
    assert "its catalog.sqlite is missing or empty; restore it from a backup, or start with --new" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert objects(data_dir) == there


@pytest.mark.long
def test_an_epoch_without_a_catalog_is_rejected(tmp_path: Path):
    with control_plane(tmp_path / "data"):
        pass
    lose_catalog(tmp_path / "data")
    ran = run(data_dir=tmp_path / "data", control_port=0, control_metrics_port=0)
    assert "its catalog.sqlite is missing" in ran.stderr


@pytest.mark.long
def test_a_new_epoch_keeps_the_objects_until_a_check(data_dir: Path):
    there = objects(data_dir)
    old = identity.read(data_dir / "objects").epoch
    lose_catalog(data_dir)
    with control_plane(data_dir, new=True, replaces=old, collect_seconds=0.05, lease_seconds=0.05) as server:
        assert server.ready["epoch"] != old
        assert names(server) == []
        with watching(server) as watcher:
            assert watcher.next().replaces == old
        with fails(
            "FAILED_PRECONDITION", "the objects have lost their catalog and are all kept; run `pretzel fsck --repair`"
        ):
            server.control.CollectGarbage(pb.CollectGarbageRequest())
        assert server.deploy("m", definition(1), sample=sample(1)).version == 1
    with control_plane(data_dir, new=True, collect_seconds=0.05) as server:  # as a supervisor restarts it
        assert names(server) == ["m"]
        with watching(server) as watcher:
            assert watcher.next().replaces == old
        assert there <= objects(data_dir)
    (finding,) = check_directory(data_dir)
    assert "those that no version needs are kept" in finding.problem
    (finding,) = check_directory(data_dir, repair=True)
    assert finding.repaired
    assert list(check_directory(data_dir)) == []
    with control_plane(data_dir) as server:
        assert server.control.CollectGarbage(pb.CollectGarbageRequest()).objects == 0
        server.control.DeleteModel(pb.DeleteModelRequest(model="m", force=True))
        assert server.control.CollectGarbage(pb.CollectGarbageRequest()).objects > 0


def test_the_catalog_of_another_store_is_rejected(data_dir: Path, tmp_path: Path):
    with control_plane(tmp_path / "other") as other:
        other.deploy("n", definition(2))
    there = objects(data_dir)
    lose_catalog(data_dir)
    shutil.copy(tmp_path / "other" / "catalog.sqlite", data_dir)
    ran = run(data_dir=data_dir, control_port=0, control_metrics_port=0)
    assert ran.returncode == 1
    assert "put the catalog of these objects there, or move it away and start with --new" in ran.stderr
    catalog = Catalog(data_dir / "catalog.sqlite")
    with pytest.raises(PreconditionError, match="nothing is removed; restore their catalog"):
        collect(DirectoryStore(data_dir / "objects"), catalog)
    catalog.close()
    assert objects(data_dir) == there
    (finding,) = check_directory(data_dir)
    assert "catalog.sqlite is of epoch" in finding.problem


def test_a_store_without_an_epoch_is_adopted(data_dir: Path):
    (data_dir / "objects" / "epoch").unlink()
    with control_plane(data_dir) as server:
        assert names(server) == ["m"]
        assert identity.read(data_dir / "objects").epoch == server.ready["epoch"]


INVALID = ["{}", "", "[1]", "\x00\xff"]


@pytest.mark.parametrize("text", INVALID)
def test_an_invalid_epoch_file_is_named(tmp_path: Path, text: str):
    (tmp_path / "epoch").write_text(text)
    with pytest.raises(CorruptObjectError, match=f"{tmp_path}/epoch: it lacks an epoch"):
        identity.read(tmp_path)


@pytest.mark.parametrize("text", [INVALID[0], *(pytest.param(text, marks=pytest.mark.long) for text in INVALID[1:])])
def test_an_invalid_epoch_file(data_dir: Path, text: str):
    (data_dir / "objects" / "epoch").unlink()
    (data_dir / "objects" / "epoch").write_text(text)
    ran = run(data_dir=data_dir, control_port=0, control_metrics_port=0)
    assert ran.returncode == 1
    assert "it lacks an epoch" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_catalog_that_changes_under_a_running_control_plane_collects_nothing(data_dir: Path):
    catalog = Catalog(data_dir / "catalog.sqlite")
    other = sqlite3.connect(data_dir / "catalog.sqlite", isolation_level=None)
    other.execute("UPDATE state SET epoch = 'another'")
    other.execute("DELETE FROM aliases")
    other.execute("DELETE FROM versions")
    store = DirectoryStore(data_dir / "objects")
    there = objects(data_dir)
    with pytest.raises(PreconditionError, match="nothing is removed"):
        collect(store, catalog)
    (data_dir / "objects" / "epoch").unlink()
    with pytest.raises(PreconditionError, match="is another; restart the control plane to collect"):
        collect(store, catalog)
    assert objects(data_dir) == there
