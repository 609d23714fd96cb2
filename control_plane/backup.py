"""Backups: one snapshot of a catalog with all objects that it needs, in a directory that is a data directory itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from pretzel.control_plane.catalog import reading
from pretzel.control_plane.catalog.copying import TABLES, check_empty, copy
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.opening import FILE, dialect_of, location_of
from pretzel.control_plane.catalog.space_tables import uploads
from pretzel.control_plane.catalog.tables import leases
from pretzel.control_plane.store import DirectoryStore, ObjectStore, files, identity
from pretzel.control_plane.store.identity import Identity
from pretzel.control_plane.store.opening import open_store
from pretzel.control_plane.store.ownership import own
from pretzel.errors import NotFoundError, PreconditionError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import sync_directory

OBJECTS = "objects"
"""Name of the directory of objects in a data directory."""
SAVED = [table for table in TABLES if table not in (leases, uploads)]
"""Tables of a backup; objects that are only leased are not in it."""
_SNAPSHOTS = 5
"""Snapshots that are tried: objects of an older one may be collected while they are copied."""
_COPIES = 8
"""Objects that are copied at once: a store on another machine takes milliseconds to answer for each."""
Progress = Callable[[int, int], None]
"""Called with the bytes that were copied, and those that have to be."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Result of a backup or of a restore."""

    epoch: str
    revision: int
    versions: int
    objects: int
    bytes: int
    copied_bytes: int
    """Bytes that the target lacked."""


def silent(done: int, total: int) -> None:
    """Ignore the progress."""


def backup(data_dir: Path, target: Path, url: str = "", catalog: str = "", progress: Progress = silent) -> Saved:
    """Copy what a control plane has, which may run meanwhile, to a directory; objects that are there already stay.

    The catalog is replaced last and at once: a backup that fails leaves the one before.

    Args:
        data_dir: its data directory, for what has no URL.
        target: the directory of the backup.
        url: URL of its store.
        catalog: URL of its catalog.
        progress: called after each object.

    Raises:
        PreconditionError: the catalog does not exist or is of another version, or the target is something else.
        CorruptObjectError: an object is damaged, and is in no earlier backup either.
        UnavailableError: a database or the store cannot be reached, or versions are deleted all the time; retry.
    """
    dialect = dialect_of(location_of(data_dir, catalog))
    epoch = _existing(dialect)
    with ExitStack() as opened:
        opened.enter_context(own(target, "backup"))
        _check_backup(target, epoch)
        if dialect.shares:  # nothing changes its tables meanwhile
            opened.enter_context(closing(dialect.own(alone=False)))
        source = opened.enter_context(closing(Database(dialect, migrate=False)))
        store = opened.enter_context(closing(_beside(data_dir, url)))
        saved = DirectoryStore(target / OBJECTS)
        for _ in range(_SNAPSHOTS):
            result = _snapshot(source, store, saved, target, epoch, progress)
            if result is not None:
                return result
    raise UnavailableError(f"backup {target}: versions were deleted during each of {_SNAPSHOTS} attempts; retry")


def restore(source: Path, data_dir: Path, url: str = "", catalog: str = "", progress: Progress = silent) -> Saved:
    """Fill an empty catalog and an empty store from a backup, under a new epoch that replaces that of the backup.

    The objects come first, then all rows at once: a restore that failed may be repeated.

    Raises:
        PreconditionError: the source is not a backup, the target is not empty, or a control plane uses one of them.
        CorruptObjectError: an object of the backup is damaged.
        UnavailableError: a database or the store cannot be reached or failed; retry.
    """
    before, after = dialect_of(source / FILE), dialect_of(location_of(data_dir, catalog))
    epoch = _existing(before)
    with ExitStack() as opened:
        for directory in (source, data_dir):
            opened.enter_context(own(directory))
        for dialect in (before, after):
            opened.enter_context(closing(dialect.own(alone=True)))
        if after.epoch():
            with closing(Database(after)) as present, present.read() as connection:
                check_empty(connection, after.name)
        store = opened.enter_context(closing(open_store(url) if url else DirectoryStore(data_dir / OBJECTS)))
        if store.epoch():
            raise PreconditionError(f"store {store.name}: a control plane has used it; name an empty one to restore to")
        read = opened.enter_context(closing(Database(before)))
        needed = _needed(read)
        copied = _copy_objects(DirectoryStore(source / OBJECTS, sweep=False), store, needed, progress)
        write = opened.enter_context(closing(Database(after)))
        counts = copy(read, write, SAVED, keep_epoch=False, method="restore")
        with write.read() as connection:
            restored, revision = reading.current(connection)
        identity.bind(store, Identity(restored, replaces=epoch))
    return Saved(restored, revision, counts["versions"], len(needed), _size(needed), copied)


def _snapshot(
    source: Database, store: ObjectStore, saved: DirectoryStore, target: Path, epoch: str, progress: Progress
) -> Saved | None:
    """Make a backup of the catalog as it is now; None if an object of it was collected meanwhile."""
    new = target / f"{FILE}.new"
    _remove(new)
    with closing(Database(new, epoch)) as written:
        counts = copy(source, written, SAVED, method="backup")
        needed = _needed(written)
        with written.read() as connection:
            _, revision = reading.current(connection)
        try:
            copied = _copy_objects(store, saved, needed, progress)
        except NotFoundError:
            return None
    identity.bind(saved, Identity(epoch))
    _remove(target / FILE, keep=True)
    os.replace(new, target / FILE)
    sync_directory(target)
    for digest in saved.digests():
        if digest not in needed:
            saved.delete(digest)
    return Saved(epoch, revision, counts["versions"], len(needed), _size(needed), copied)


def _copy_objects(source: ObjectStore, target: ObjectStore, needed: Iterable[Digest], progress: Progress) -> int:
    missing = target.missing(sorted(needed))
    total, done = _size(missing), 0

    def copied(digest: Digest) -> Digest:
        target.put(digest, source.get(digest))
        return digest

    with ThreadPoolExecutor(_COPIES) as pool:
        try:
            for digest in pool.map(copied, missing):
                done += digest.size
                progress(done, total)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return total


def _needed(database: Database) -> set[Digest]:
    with database.read() as connection:
        return reading.objects(connection)


def _beside(data_dir: Path, url: str) -> ObjectStore:
    """Open the store of a control plane that may have it open: it is only read."""
    if url and not url.startswith(("file:", "/", ".")):
        return open_store(url, sweep=False)
    root = files.path_of(url) if url else data_dir / OBJECTS
    if not root.is_dir():
        raise PreconditionError(f"store {root}: it does not exist; name that of the control plane")
    return DirectoryStore(root, sweep=False)


def _existing(dialect: Dialect) -> str:
    epoch = dialect.epoch()
    if not epoch:
        raise PreconditionError(f"catalog {dialect.name}: it does not exist or is empty; name that of a control plane")
    return epoch


def _check_backup(target: Path, epoch: str) -> None:
    known = identity.read(target / OBJECTS)
    if known is not None and known.epoch != epoch:
        raise PreconditionError(
            f"backup {target}: it is one of epoch {known.epoch}, the catalog is of {epoch}; name another directory"
        )


def _remove(path: Path, keep: bool = False) -> None:
    """Remove a database with its logs, or with ``keep`` only these: they must not be applied to another file."""
    for suffix in ("-wal", "-shm", *([] if keep else [""])):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _size(digests: Iterable[Digest]) -> int:
    return sum(digest.size for digest in digests)
