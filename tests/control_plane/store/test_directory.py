"""The store in a directory: behaviour specific to files."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.control_plane.store import DirectoryStore, files
from pretzel.errors import CorruptObjectError, ExhaustedError, PreconditionError
from pretzel.plan.digest import Digest
from tests.control_plane.store.suite import blob
from tests.helpers.failpoints import killed_at


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects")


def test_objects_are_read_only_files_in_shards(store: DirectoryStore):
    digest = Digest.of(b"data")
    store.put(digest, b"data")
    path = store.root / digest.hex[:2] / f"{digest.hex}-4"
    assert path == store.path(digest)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert list(store.incoming.iterdir()) == []


def test_opening_sweeps_partial_writes(store: DirectoryStore):
    writer = store.writer(Digest.of(blob(10)))
    writer.write(blob(5))
    assert len(list(store.incoming.iterdir())) == 1
    again = DirectoryStore(store.root)
    assert list(again.incoming.iterdir()) == []
    assert list(again.digests()) == []


def test_an_object_stored_again_during_its_quarantine_stays(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch):
    """A reader finds damage; before it moves the file to quarantine, an upload stores the object intact."""
    data = blob(5000)
    digest = Digest.of(data)
    store.put(digest, data)
    store.path(digest).unlink()
    store.path(digest).write_bytes(blob(5000, seed=1))
    set_aside = files.set_aside

    def late(path: Path, target: Path) -> None:
        with store.writer(digest) as writer:
            writer.write(data)
            writer.commit()
        set_aside(path, target)

    monkeypatch.setattr(files, "set_aside", late)
    store.check(digest)
    assert bytes(store.get(digest)) == data
    assert not list(store.quarantine.directory.iterdir())


def test_an_object_replaced_while_it_is_read_is_not_damaged(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch):
    data = blob(5000)
    digest = Digest.of(data)
    store.put(digest, data)
    hash_of = files.hash_of
    reads: list[int] = []

    def replaced(descriptor: int) -> str:
        if len(reads) < 2:
            reads.append(descriptor)
            (store.root / "again").write_bytes(data)
            os.replace(store.root / "again", store.path(digest))
        return hash_of(descriptor)

    monkeypatch.setattr(files, "hash_of", replaced)
    assert bytes(store.get(digest)) == data
    assert len(reads) == 2
    assert not list(store.quarantine.directory.iterdir())


@pytest.mark.parametrize("kind", ["directory", "loop", "pipe"])
def test_anything_but_a_regular_file_is_a_damaged_object(store: DirectoryStore, kind: str):
    data = blob(5000)
    digest = Digest.of(data)
    for _ in range(2):
        store.put(digest, data)
        path = store.path(digest)
        path.unlink()
        if kind == "directory":
            path.mkdir()
            (path / "inside").write_bytes(data)
        elif kind == "loop":
            path.symlink_to(path)
        else:
            os.mkfifo(path)
        assert store.missing([digest]) == [digest]
        with pytest.raises(CorruptObjectError, match="is damaged in the store"):
            store.get(digest)
    assert store.put(digest, data)
    assert bytes(store.get(digest)) == data
    assert store.delete(digest)


@pytest.mark.parametrize("place", ["incoming", "00"])
def test_a_file_in_place_of_a_directory(tmp_path: Path, place: str):
    (tmp_path / place).write_text("x")
    with pytest.raises(PreconditionError, match=f"{place}: File exists; move the file there away"):
        DirectoryStore(tmp_path)


def test_foreign_files_are_not_objects(store: DirectoryStore):
    (store.root / "00" / "README").write_text("not an object")
    assert list(store.digests()) == []


@pytest.mark.parametrize("place", ["before_rename", "after_rename"])
def test_a_kill_leaves_an_object_whole_or_absent(tmp_path: Path, place: str):
    program = f"""
from pathlib import Path
from pretzel.control_plane.store import DirectoryStore
from pretzel.plan.digest import Digest
DirectoryStore(Path({str(tmp_path)!r})).put(Digest.of(b"x" * 100_000), b"x" * 100_000)
"""
    assert subprocess.run(killed_at(place, program), timeout=30).returncode == -9
    store = DirectoryStore(tmp_path)
    digest = Digest.of(b"x" * 100_000)
    assert store.missing([digest]) == ([digest] if place == "before_rename" else [])
    store.put(digest, b"x" * 100_000)
    assert bytes(store.get(digest)) == b"x" * 100_000


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk(tmp_path: Path):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no mount here: {mounted.stderr.decode().strip()}")
    try:
        store = DirectoryStore(tmp_path / "objects")
        data = blob(6 << 20)
        with pytest.raises(ExhaustedError, match="No space left on device"):
            store.put(Digest.of(data), data)
        assert list(store.incoming.iterdir()) == []
        assert store.put(Digest.of(data[:1000]), data[:1000])  # space is free again
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Path]:
    """A file with an ext4 file system, mounted next to it as `disk`."""
    image, disk = tmp_path / "image", tmp_path / "disk"
    disk.mkdir()
    image.write_bytes(bytes(24 << 20))
    if os.geteuid() or subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], capture_output=True).returncode:
        pytest.skip("a file system in a file needs root and mkfs.ext4")
    mounted = subprocess.run(["mount", "-o", "loop", image, disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no loop mount here: {mounted.stderr.decode().strip()}")
    yield image
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_disk_that_loses_bytes(image: Path):
    """Bytes that change on the disk below the file system are found by a check that rehashes."""
    store, data = DirectoryStore(image.parent / "disk" / "objects"), blob(200_000)
    digest = Digest.of(data)
    store.put(digest, data)
    assert bytes(store.get(digest)) == data
    os.sync()
    content = image.read_bytes()
    at = content.index(data[:4096])
    with open(image, "r+b") as disk:
        disk.seek(at + 100)
        disk.write(bytes([data[100] ^ 1]))
    store.check(digest)  # its file was not written
    with pytest.raises(CorruptObjectError, match="is damaged in the store"):
        store.check(digest, rehash=True)
