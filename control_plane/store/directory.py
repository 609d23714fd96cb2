"""Objects as read-only files in a sharded directory, written by a protocol that leaves each one whole or absent.

    objects/epoch                the identity of the store (see `identity.py`)
    objects/3f/3f9c...-1048640   an object, named by its hash and its size
    objects/incoming/            partial writes; swept at start
    objects/lock                 the process that uses a store named by its URL; `data_dir` has the lock of its own
    objects/damaged/             quarantine: files that did not match their name, or could not be read

The protocol: temporary name, write, length and digest check, read-only, fsync, digest check of the bytes on disk,
close, rename, fsync of the directory.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Self, TextIO

from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import files, identity
from pretzel.control_plane.store.files import Signature, name_of, parse_name, writing
from pretzel.control_plane.store.identity import Identity, write
from pretzel.control_plane.store.interface import Buffer, ObjectStore, Room, Writer
from pretzel.control_plane.store.ownership import LOCK, admit, own, share
from pretzel.control_plane.store.quarantine import Quarantine
from pretzel.errors import CorruptObjectError, NotFoundError, PreconditionError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import publish_file, sync_directory, write_all

_MOST_CHECKED = 10_000
_KNOWN = {identity.FILE, LOCK, "incoming", "damaged"}


class DirectoryStore(ObjectStore):
    """Objects as files.  One process owns a directory, or several share it: the first sweeps partial writes."""

    scheme = "file"

    @classmethod
    def open(cls, url: str, *, sweep: bool = True, room: Room | None = None) -> Self:
        root = files.path_of(url)
        return cls(root, sweep=sweep, owned=own(root, "store"))

    @classmethod
    def open_shared(cls, url: str, *, sweep: bool = True, room: Room | None = None) -> Self:
        root = files.path_of(url)
        owned, first = share(root, "store")
        try:
            return cls(root, sweep=sweep and first, owned=owned)
        finally:
            admit(owned)

    def __init__(self, root: Path, *, sweep: bool = True, owned: TextIO | None = None) -> None:
        """Open a directory, created if needed; ``sweep`` removes partial writes; ``owned`` is closed with the store.

        Raises:
            PreconditionError: another file is in the place of a directory.
        """
        self.root = Path(root)
        self.name = str(root)
        self.incoming = self.root / "incoming"
        self.quarantine = Quarantine(self.root / "damaged")
        self._checked: dict[Digest, Signature] = {}
        self._unsynced: set[Path] = set()
        self._lock = threading.Lock()
        self._owned = owned
        self._make()
        for stale in self.incoming.iterdir() if sweep else ():
            files.remove(stale)

    def _make(self) -> None:
        try:
            for directory in (self.incoming, self.quarantine.directory, *(self.root / f"{i:02x}" for i in range(256))):
                directory.mkdir(parents=True, exist_ok=True)
            sync_directory(self.root)
        except OSError as error:
            raise PreconditionError(
                f"store {self.root}: {error.filename}: {error.strerror}; move the file there away, or repair the disk"
            ) from None

    def close(self) -> None:
        if self._owned is not None:
            self._owned.close()

    def identity(self) -> Identity | None:
        return identity.read(self.root)

    def identify(self, identity: Identity, previous: Identity | None) -> None:
        write(self.root, identity)  # the lock of the directory excludes others

    def path(self, digest: Digest) -> Path:
        return self.root / digest.hex[:2] / name_of(digest)

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        unsynced = self._settle()
        return [d for d in dict.fromkeys(digests) if not self._is_there(d) or self.path(d).parent in unsynced]

    def writer(self, digest: Digest) -> Writer:
        return _FileWriter(self, digest)

    def get(self, digest: Digest) -> memoryview:
        self._verify(digest, from_disk=False)
        try:
            data = self._read(digest)
        except FileNotFoundError:
            raise self._absent(digest) from None
        except OSError as error:
            raise UnavailableError(f"object {digest}: it cannot be read now ({error.strerror}); retry") from None
        # The file was hashed by its descriptor; small objects are hashed as read, large ones are maps of that file.
        if data is None or (digest.size < files.MAP_FROM and Digest.of(data) != digest):
            raise self._quarantined(digest) or UnavailableError(f"object {digest}: it changed meanwhile; retry")
        return data

    def _read(self, digest: Digest) -> memoryview | None:
        try:
            return files.read_file(self.path(digest), digest.size)
        except FileNotFoundError:
            with self.quarantine.lock:  # an intact file may have been on the way to quarantine and back
                return files.read_file(self.path(digest), digest.size)

    def check(self, digest: Digest, *, rehash: bool = False) -> None:
        if rehash or (previous := self._checked.get(digest)) is None or previous != files.signature(self.path(digest)):
            self._verify(digest, from_disk=rehash)

    def _verify(self, digest: Digest, *, from_disk: bool) -> None:
        """Hash an object; a damaged one is moved to quarantine, and restored once it can be read intact again."""
        try:
            checked = files.matches(self.path(digest), digest, from_disk=from_disk)
        except FileNotFoundError:
            checked = self._recovered(digest)
            if checked is None:
                raise self._absent(digest) from None
        if checked is None and (error := self._quarantined(digest)):
            raise error
        self.note_checked(digest, checked)

    def is_whole(self, digest: Digest) -> bool:
        try:
            return files.matches(self.path(digest), digest, from_disk=True) is not None
        except FileNotFoundError:  # collected meanwhile
            return True

    def note_checked(self, digest: Digest, checked: Signature | None) -> None:
        """Record the file whose bytes were checked: while it is unchanged, :meth:`check` does not read it."""
        with self._lock:
            if len(self._checked) >= _MOST_CHECKED:
                self._checked.clear()
            if checked:
                self._checked[digest] = checked

    def delete(self, digest: Digest) -> bool:
        with self._lock:
            self._checked.pop(digest, None)
        with self.quarantine.lock:
            self.quarantine.forget(digest)
            return files.remove(self.path(digest))

    def digests(self) -> Iterator[Digest]:
        for shard in sorted(self.root.iterdir()):
            if len(shard.name) == 2 and shard.is_dir():
                yield from filter(None, map(parse_name, os.listdir(shard)))

    def place(self, digest: Digest) -> str:
        return str(self.path(digest))

    def files(self, digests: Iterable[Digest]) -> AbstractContextManager[dict[Digest, Path | bytes]]:
        return nullcontext({digest: self.path(digest) for digest in digests})

    def remove_foreign(self, name: str) -> None:
        files.remove(Path(name))

    def foreign(self) -> Iterator[str]:
        yield from map(str, self._foreign())

    def _foreign(self) -> Iterator[Path]:
        for entry in sorted(self.root.iterdir()):
            if entry.name in _KNOWN or entry.name.startswith(f".{identity.FILE}"):
                continue
            if len(entry.name) != 2 or not entry.is_dir():
                yield entry
            else:
                yield from (path for path in sorted(entry.iterdir()) if parse_name(path.name) is None)

    def note_unsynced(self, shard: Path) -> None:
        """Record that names in a shard may be lost in a power failure: its objects count as missing until a flush."""
        with self._lock:
            self._unsynced.add(shard)

    def _settle(self) -> set[Path]:
        """Flush the shards whose flush failed before, and return those where it fails again."""
        for shard in list(self._unsynced):
            try:
                sync_directory(shard)
            except OSError:
                continue
            with self._lock:
                self._unsynced.discard(shard)
        return self._unsynced

    def _is_there(self, digest: Digest) -> bool:
        stored = files.signature(self.path(digest))
        return stored is not None and stored[0] == digest.size

    def _quarantined(self, digest: Digest) -> CorruptObjectError | NotFoundError | None:
        """Move a damaged object to quarantine, where it no longer counts as stored, and return the error for it.

        If it was stored again since it was found damaged, it stays, and None is returned.
        """
        with self._lock:
            self._checked.pop(digest, None)
        try:
            with self.quarantine.lock:  # a writer that stores it again must not change the error
                if not self.quarantine.take(digest, self.path(digest)):
                    return None
                error = self._absent(digest)
        except OSError as failure:
            return CorruptObjectError(
                f"object {digest} is damaged in the store and cannot be quarantined ({failure.strerror}); "
                "upload it again"
            )
        self.on_damage(digest)
        return error

    def _recovered(self, digest: Digest) -> Signature | None:
        """Restore an object from quarantine that is intact because only the disk failed."""
        try:
            self.quarantine.restore(digest, self.path(digest))
        except OSError as error:
            raise UnavailableError(f"object {digest}: cannot be restored now ({error.strerror}); retry") from None
        return files.signature(self.path(digest))

    def _absent(self, digest: Digest) -> CorruptObjectError | NotFoundError:
        if self.quarantine.holds(digest):
            return CorruptObjectError(f"object {digest} is damaged in the store; upload it again")
        return NotFoundError(f"object {digest} is not in the store; upload it")


class _FileWriter(Writer):
    def __init__(self, store: DirectoryStore, digest: Digest) -> None:
        super().__init__(digest)
        self._store = store
        with writing(digest):
            self._descriptor, name = tempfile.mkstemp(dir=store.incoming, prefix=digest.short)
        self._temporary: Path | None = Path(name)

    def _append(self, piece: Buffer) -> None:
        with writing(self.digest):
            write_all(self._descriptor, piece)

    def _publish(self) -> None:
        if self._temporary is None:
            raise RuntimeError(f"object {self.digest} was committed or discarded before")
        with writing(self.digest):
            self._check_disk()
            self._close()
            reached("before_rename")
            self._rename(self._temporary, self._store.path(self.digest))
        self._store.quarantine.forget(self.digest)

    def _check_disk(self) -> None:
        """Flush the file, and hash the bytes on disk instead of those that were written."""
        os.fchmod(self._descriptor, 0o444)
        os.fsync(self._descriptor)
        os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        if files.hash_of(self._descriptor) != self.digest.hex:
            raise CorruptObjectError(
                f"object {self.digest}: the disk returned other bytes than were written; upload it again, and check "
                "the disk if that fails too"
            )

    def _rename(self, temporary: Path, target: Path) -> None:
        if target.is_dir():
            self._store.quarantine.take_directory(target)
        publish_file(temporary, target, sync=False)
        self._temporary = None
        reached("after_rename")
        try:
            sync_directory(target.parent)
        except OSError:
            self._store.note_unsynced(target.parent)
            raise
        self._store.note_checked(self.digest, files.signature(target))

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _discard(self) -> None:
        self._close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None
