"""Garbage collection, checks of the store, and a disk that fails under a running control plane."""

import errno
import os
import shutil
from pathlib import Path

import grpc
import pytest

from pretzel.control_plane.fsck import check_directory
from pretzel.errors import PreconditionError
from pretzel.plan import wire
from pretzel.plan.digest import Digest
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import control_pb2_grpc
from tests.control_plane.serve.failing import fails
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, sample
from tests.control_plane.serve.test_damage import derived, flip, metric, path_of, status, until, uploaded
from tests.control_plane.serve.test_recompiling import kept
from tests.control_plane.store.suite import blob
from tests.helpers.interposed import ALL, Faults


def gc(server: Server, dry_run: bool = False) -> tuple[int, int]:
    request = pb.CollectGarbageRequest(dry_run=dry_run)
    freed = server.control.CollectGarbage(request, timeout=SECONDS)
    return freed.objects, freed.bytes


def objects(data_dir: Path) -> list[Path]:
    return list((data_dir / "objects").glob("??/*"))


def test_a_deleted_model_frees_its_space_at_once(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        server.deploy("m", definition(1), sample=sample(1))
        there = objects(server.data_dir)
        size = sum(path.stat().st_size for path in there)
        assert gc(server) == (0, 0)
        server.control.DeleteModel(pb.DeleteModelRequest(model="m", force=True))
        assert gc(server, dry_run=True) == (len(there), size)
        assert len(objects(server.data_dir)) == len(there)
        assert gc(server) == (len(there), size)
        assert objects(server.data_dir) == []


def test_leased_objects_are_not_collected(tmp_path: Path):
    """An upload before its deployment is kept; after the deployment ended, in any way, it is not."""
    with control_plane(tmp_path / "data") as server:
        for wrong, code, message in (
            ({"alias": "no alias!"}, "INVALID_ARGUMENT", "alias 'no alias!'"),
            ({"sample": sample(1, off=1.0)}, "FAILED_PRECONDITION", "decision_function"),
        ):
            server.send(definition(1))
            assert gc(server) == (0, 0)
            assert server.missing(definition(1).parameters) == []
            with fails(code, message):
                server.steps("m", definition(1), **wrong)
            assert gc(server)[0] >= 4
            assert objects(server.data_dir) == []


def test_a_lease_of_another_client_outlives_a_deployment(tmp_path: Path):
    with control_plane(tmp_path / "data") as server:
        server.deploy("m", definition(1))
        # A separate connection, not one that gRPC shares with the first.
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(server.ready["address"], options) as channel:
            wanted = [uploaded(server, 1)]
            request = pb.FindMissingObjectsRequest(digests=map(wire.digest_to_proto, wanted))
            other = control_pb2_grpc.ControlPlaneServiceStub(channel)
            assert not other.FindMissingObjects(request, timeout=SECONDS).missing
            server.deploy("m", definition(1))
            server.control.DeleteModel(pb.DeleteModelRequest(model="m", force=True))
            gc(server)
            assert path_of(server, wanted[0]).exists()
            assert len(objects(server.data_dir)) == 1


def check(server: Server, repair: bool = False) -> tuple[list[pb.Finding], pb.CheckedStore]:
    request = pb.CheckStoreRequest(repair=repair)
    *steps, last = list(server.control.CheckStore(request, timeout=SECONDS))
    return [step.finding for step in steps], last.checked


def test_a_check_of_a_running_store(tmp_path: Path):
    with control_plane(tmp_path / "data", scrub_bytes_per_second=0) as server:
        version = server.deploy("m", definition(1), sample=sample(1))
        findings, checked = check(server)
        assert (findings, checked.findings, checked.objects) == ([], 0, len(objects(server.data_dir)))
        rebuilt = derived(server, version, 1)
        weights, stray = uploaded(server, 1), server.data_dir / "objects" / "00" / "README"
        for digest in (weights, version.definition):
            flip(path_of(server, digest))
        stray.write_text("x")
        findings, checked = check(server)
        assert {(item.path, item.repaired) for item in findings} == {(str(stray), False), ("m@1", False)}
        assert any(f"object {weights} is damaged in the store" in item.problem for item in findings)
        assert len(findings) == checked.findings >= 3
        for item in findings:
            assert item.remedy
        findings, _ = check(server, repair=True)
        assert not stray.exists()
        assert {item.path for item in findings if not item.repaired} == {"m@1"}
        server.deploy("m", definition(1), sample=sample(1))
        assert check(server)[0] == []
        for digest in rebuilt:
            flip(path_of(server, digest))
        findings, _ = check(server, repair=True)
        assert [(item.repaired, item.remedy) for item in findings] == [(True, "rebuilt from the definition")] * len(
            rebuilt
        )
        assert check(server)[0] == []


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("upkeep") / "data"
    with control_plane(data_dir) as server:
        server.deploy("m", definition(1), sample=sample(1))
        server.deploy("n", definition(2))
    return data_dir


def test_a_check_of_a_directory_changes_nothing_and_repair_repairs(before: Path, tmp_path: Path):
    data_dir = shutil.copytree(before, tmp_path / "data")
    assert list(check_directory(data_dir)) == []
    sizes = {path: path.stat().st_size for path in objects(data_dir)}
    uploads = {digest for seed in (1, 2) for digest in definition(seed).parameters}
    others = [path for path in sizes if Digest(path.name.split("-")[0], sizes[path]) not in uploads]
    originals = {path: path.read_bytes() for path in others}
    originally = {definition(seed).digest.hex for seed in (1, 2)} | {digest.hex for digest in kept(data_dir).values()}
    derived_files = [path for path in others if path.name.split("-")[0] not in originally]
    assert len(derived_files) > 2
    for path in derived_files:
        flip(path)
    damaged = {path: path.read_bytes() for path in derived_files}
    findings = list(check_directory(data_dir))
    assert len(findings) == len(derived_files)
    assert all("which rebuilds it" in item.remedy for item in findings)
    assert {path: path.read_bytes() for path in derived_files} == damaged
    findings = list(check_directory(data_dir, repair=True))
    assert all(item.repaired for item in findings)
    assert {path: path.read_bytes() for path in others} == originals
    assert list(check_directory(data_dir)) == []


def test_a_directory_that_is_in_use_or_not_a_data_directory(tmp_path: Path):
    with control_plane(tmp_path / "data") as server, pytest.raises(PreconditionError, match="in use by another"):
        list(check_directory(server.data_dir))
    with pytest.raises(PreconditionError, match="not the data directory of a control plane"):
        list(check_directory(tmp_path / "nothing"))


def test_a_catalog_that_is_damaged_is_a_finding(before: Path, tmp_path: Path):
    data_dir = shutil.copytree(before, tmp_path / "data")
    data = (data_dir / "catalog.sqlite").read_bytes()
    (data_dir / "catalog.sqlite").write_bytes(b"\xff" * len(data))
    (finding,) = check_directory(data_dir)
    assert (finding.path, "not a database" in finding.problem) == (str(data_dir / "catalog.sqlite"), True)


FAULTS = [
    ("write", errno.ENOSPC, "incoming", "RESOURCE_EXHAUSTED", "No space left"),
    ("write", errno.EIO, "incoming", "UNAVAILABLE", "Input/output error"),
    ("open", errno.EMFILE, "incoming", "UNAVAILABLE", "Too many open files"),
    ("fsync", errno.EDQUOT, "incoming", "RESOURCE_EXHAUSTED", "quota"),
    ("rename", errno.ENOMEM, "objects", "UNAVAILABLE", "Cannot allocate memory"),
    ("syncdir", errno.EIO, "objects", "UNAVAILABLE", "Input/output error"),
    ("write", errno.ENOSPC, "catalog.sqlite", "RESOURCE_EXHAUSTED", "full|disk I/O error"),
    ("write", errno.EIO, "catalog.sqlite", "UNAVAILABLE", "disk I/O error"),
    ("fsync", errno.EIO, "catalog.sqlite", "UNAVAILABLE", "disk I/O error"),
]


@pytest.mark.long
def test_a_disk_that_fails_under_deployments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each rejected call names the cause and the next step; the server recovers unattended, and the store is intact."""
    faults = Faults(tmp_path / "faults")
    for name, value in faults.environment.items():
        monkeypatch.setenv(name, value)
    with control_plane(tmp_path / "data", scrub_bytes_per_second=0) as server:
        monkeypatch.delenv("LD_PRELOAD")
        server.deploy("m", definition(1), sample=sample(1))
        for seed, (call, number, part, code, message) in enumerate(FAULTS, 2):
            with faults.failing((call, number, ALL, part)), fails(code, message):
                server.upload([blob(100_000, seed)])
                server.deploy("m", definition(seed), sample=sample(seed))
            assert list((server.data_dir / "objects" / "incoming").iterdir()) == [], (call, os.strerror(number))
            assert server.deploy("m", definition(seed), sample=sample(seed)).version == seed
            assert check(server)[0] == []


@pytest.mark.long
def test_an_object_that_was_unreadable_for_a_while_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A disk that fails and recovers has lost nothing: no model must be deployed again."""
    faults = Faults(tmp_path / "faults")
    for name, value in faults.environment.items():
        monkeypatch.setenv(name, value)
    with control_plane(tmp_path / "data", scrub_bytes_per_second=10_000_000) as server:
        monkeypatch.delenv("LD_PRELOAD")
        server.deploy("m", definition(1), sample=sample(1))
        there = objects(server.data_dir)
        with faults.failing(("read", errno.EIO, ALL, "/objects/")):
            until(lambda: metric(server, "pretzel_control_lost_objects") > 0)
            until(lambda: status(server, "pretzel.store") == "NOT_SERVING")
        until(lambda: metric(server, "pretzel_control_lost_objects") == 0)
        until(lambda: status(server, "pretzel.store") == "SERVING")
        until(lambda: sorted(objects(server.data_dir)) == sorted(there))
        assert check(server)[0] == []
