"""Backups of a running control plane, and what is restored from them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pretzel.control_plane.backup import backup, restore
from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.collect import collect
from pretzel.control_plane.fsck import check_directory
from pretzel.control_plane.store import DirectoryStore, identity
from pretzel.errors import CorruptObjectError, PreconditionError
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.conftest import Databases, Postgres
from tests.control_plane.serve.running import Server, control_plane, definition, models, sample
from tests.control_plane.serve.test_workers import watching


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with control_plane(tmp_path_factory.mktemp("backed_up") / "data", deployments=2) as running:
        running.deploy("a", definition(1), sample=sample(1))
        running.deploy("a", definition(2), sample=sample(2))
        running.deploy("b/ü", definition(3), sample=sample(3))
        yield running


@pytest.fixture(scope="module")
def saved(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("backups") / "backup"
    backup(server.data_dir, target)
    return target


def content(data_dir: Path, location: Path | str) -> tuple[object, ...]:
    with closing(Catalog(location)) as catalog:
        samples = catalog.samples.all()
        assert len(samples) == 3
        objects = set(DirectoryStore(data_dir / "objects").digests())
        assert objects.issuperset(samples.values())
        return catalog.models(), catalog.current()[1], objects, samples


def test_a_backup_beside_a_running_control_plane(server: Server, tmp_path: Path):
    target = tmp_path / "backup"
    first = backup(server.data_dir, target)
    assert (first.epoch, first.versions) == (server.ready["epoch"], 3)
    assert first.copied_bytes == first.bytes > 0
    assert list(check_directory(target)) == []
    server.deploy("later", definition(4))
    second = backup(server.data_dir, target)
    assert (second.versions, second.objects - first.objects) == (4, 4)  # plan, definition, weights and the derived
    assert 0 < second.copied_bytes == second.bytes - first.bytes
    server.control.DeleteModel(pb.DeleteModelRequest(model="later", force=True))
    assert backup(server.data_dir, target).objects == first.objects
    assert list(check_directory(target)) == []
    assert not list(target.glob("*.new*"))


def test_a_backup_is_restored_to_any_database(databases: Databases, saved: Path, tmp_path: Path):
    location, data_dir = str(databases.fresh()), tmp_path / "data"
    before = content(saved, saved / "catalog.sqlite")
    restored = restore(saved, data_dir, catalog=location)
    assert content(data_dir, location) == before
    assert list(check_directory(data_dir, catalog=location)) == []
    old = identity.read(saved / "objects")
    known = identity.read(data_dir / "objects")
    assert old is not None and known is not None
    assert (known.epoch, known.replaces) == (restored.epoch, old.epoch) and known.epoch != old.epoch
    with pytest.raises(PreconditionError, match=r"it has .*3 versions.*; name an empty database"):
        restore(saved, tmp_path / "other", catalog=location)
    with pytest.raises(PreconditionError, match="a control plane has used it; name an empty one to restore to"):
        restore(saved, data_dir, catalog=str(tmp_path / "new.sqlite"))


def test_workers_go_on_with_what_was_restored(saved: Path, server: Server, tmp_path: Path):
    restore(saved, tmp_path / "data")
    with control_plane(tmp_path / "data") as again:
        assert models(again, "") == ["a", "b/ü"]
        with watching(again, epoch=server.ready["epoch"], revision=10_000) as watcher:
            first = watcher.next()
            assert first.snapshot and first.replaces == server.ready["epoch"]
        assert again.deploy("a", definition(2), sample=sample(2)).version == 2
        assert again.deploy("a", definition(9), sample=sample(9)).version == 3


def test_a_restore_that_failed_may_be_repeated(saved: Path, tmp_path: Path):
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(saved, tmp_path / "data", progress=stop)
    assert not (tmp_path / "data" / "catalog.sqlite").exists()
    restored = restore(saved, tmp_path / "data")
    assert restored.copied_bytes < restored.bytes


def test_a_backup_that_fails_leaves_the_one_before(saved: Path, tmp_path: Path):
    source, target = tmp_path / "data", tmp_path / "backup"
    restore(saved, source)
    backup(source, target)
    before = content(target, target / "catalog.sqlite")
    with closing(Catalog(source / "catalog.sqlite")) as catalog:
        catalog.delete("a", force=True)
        needed = sorted(catalog.objects())
    store = DirectoryStore(source / "objects")
    path = store.path(needed[0])
    path.chmod(0o644)
    path.write_bytes(b"x" * needed[0].size)
    DirectoryStore(target / "objects").delete(needed[0])
    with pytest.raises(CorruptObjectError, match=f"object {needed[0]} is damaged"):
        backup(source, target)
    assert content(target, target / "catalog.sqlite")[:2] == before[:2]


def test_backups_while_versions_are_deleted_and_collected(saved: Path, tmp_path: Path):
    """Each backup is whole."""
    source, target = tmp_path / "data", tmp_path / "backup"
    restore(saved, source)
    store, stop = DirectoryStore(source / "objects", sweep=False), threading.Event()
    catalog = Catalog(source / "catalog.sqlite")

    def changing() -> None:
        while not stop.is_set():
            for name in ("a", "b/ü"):
                for version in [v.version for m in catalog.models(name) for v in m.versions][:-1]:
                    catalog.delete(f"{name}@{version}", force=True)
            collect(store, catalog)

    thread = threading.Thread(target=changing)
    thread.start()
    try:
        for _ in range(3):
            backup(source, target)
            assert list(check_directory(target)) == []
    finally:
        stop.set()
        thread.join()
        catalog.close()


def test_what_is_refused(saved: Path, server: Server, postgres: Postgres, tmp_path: Path):
    with pytest.raises(PreconditionError, match="it does not exist or is empty"):
        backup(tmp_path, tmp_path / "backup")
    with pytest.raises(PreconditionError, match="it does not exist or is empty"):
        restore(tmp_path, tmp_path / "data")
    restore(saved, tmp_path / "data")
    with pytest.raises(
        PreconditionError, match=r"it is one of epoch [0-9a-f]+, the catalog is of [0-9a-f]+; name another"
    ):
        backup(tmp_path / "data", saved)
    with pytest.raises(PreconditionError, match="in use by another control plane"):
        restore(saved, server.data_dir)
    url = str(postgres.new())
    with closing(Catalog(url)) as catalog, catalog.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    (tmp_path / "x" / "objects").mkdir(parents=True)
    with pytest.raises(PreconditionError, match="its tables are of revision 0001, expected .*; use the version of"):
        backup(tmp_path / "x", tmp_path / "y", catalog=url)
