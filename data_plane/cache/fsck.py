"""Checks and repairs the cache of a stopped worker, for `pretzel fsck --cache`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pretzel.data_plane.cache.disk import hash_at, read_whole
from pretzel.data_plane.cache.index import RECORD, Header, read_index
from pretzel.data_plane.cache.kept import parse_catalog
from pretzel.data_plane.cache.layout import PACK_SIZE, Layout
from pretzel.data_plane.cache.quarantine import Quarantine, is_stranger, leftovers, misplaced
from pretzel.data_plane.cache.store import ObjectCache, file_digests, lock
from pretzel.data_plane.catalog import Catalog, decode_model
from pretzel.errors import CorruptObjectError, NotFoundError
from pretzel.plan.digest import Digest

REPAIR = "run `pretzel fsck --repair`, or start the worker, which moves it to quarantine"
RESAVE = "start the worker with its control plane, and it is saved again"
FETCH = "start the worker with its control plane, from which it fetches the object again"


@dataclass(frozen=True)
class Finding:
    """One problem in a cache."""

    path: str
    """Path of the damaged file."""
    problem: str
    """Description of the problem."""
    remedy: str
    """Next step for the operator."""


def check(root: Path, *, repair: bool = False) -> list[Finding]:
    """Check everything in a cache directory by its digest, and return the problems.

    With ``repair``, damaged and foreign files are then moved to quarantine, and the rest is kept.

    Raises:
        NotFoundError: the directory does not exist.
        PreconditionError: a worker uses it.
    """
    if not root.is_dir():
        raise NotFoundError(f"cache directory {root}: it does not exist; give the --cache-dir of a worker")
    layout = Layout(root)
    held = lock(layout.lock)
    try:
        findings = list(_findings(layout))
    finally:
        os.close(held)
    if repair and findings:
        _repair(root)
    return findings


def _findings(layout: Layout) -> Iterator[Finding]:
    yield from _strangers(layout)
    whole: set[Digest] = set()
    for number in layout.pack_numbers():
        yield from _check_pack(layout, number, whole)
    for digest in sorted(file_digests(layout)):
        yield from _check_object(layout.file(digest), 0, digest, whole)
    yield from _check_catalog(layout, whole)


def _strangers(layout: Layout) -> Iterator[Finding]:
    for path in layout.directories:
        if is_stranger(path, folder=True):
            yield Finding(str(path), "it is not a directory", REPAIR)
    for path in misplaced(layout):
        yield Finding(str(path), "it does not belong there, or is not a regular file", REPAIR)
    for path in leftovers(layout):
        yield Finding(str(path), "an interrupted write left it", "start the worker, which deletes it")


def _check_pack(layout: Layout, number: int, whole: set[Digest]) -> Iterator[Finding]:
    path, index = layout.pack(number), layout.index(number)
    try:
        data = read_whole(index)
    except OSError as error:
        yield Finding(str(index), f"it cannot be read: {error.strerror}", REPAIR)
        return
    entries = read_index(data)
    if Header.read(data) is None:
        yield Finding(str(index), "its header is damaged, or an older version wrote it", REPAIR)
    elif len(data) != RECORD * (1 + len(entries)):
        yield Finding(str(index), f"{len(data) // RECORD - 1 - len(entries)} of its entries are damaged", REPAIR)
    if not path.exists() or path.stat().st_size < PACK_SIZE:
        yield Finding(str(path), f"it is missing or shorter than {PACK_SIZE} bytes", REPAIR)
    for key, offset, size in entries:
        yield from _check_object(path, offset, Digest(key.hex(), size), whole)


def _check_object(path: Path, offset: int, digest: Digest, whole: set[Digest]) -> Iterator[Finding]:
    """Yield the problem of one object, or add it to ``whole`` if it is intact."""
    try:
        actual = hash_at(path, offset, digest.size)
    except OSError as error:
        yield Finding(str(path), f"object {digest} cannot be read: {error.strerror}", REPAIR)
        return
    if actual == digest.hex:
        whole.add(digest)
    else:
        yield Finding(str(path), f"object {digest} at {offset} is damaged: it hashes to {actual}", REPAIR)


def _check_catalog(layout: Layout, whole: set[Digest]) -> Iterator[Finding]:
    try:
        catalog, closures, whole_file = parse_catalog(read_whole(layout.catalog))
    except FileNotFoundError:
        return
    except (CorruptObjectError, OSError) as error:
        yield Finding(str(layout.catalog), f"the saved catalog is damaged: {error}", REPAIR)
        return
    if not whole_file:
        yield Finding(str(layout.catalog), "the end of the saved catalog is damaged; an earlier one is used", RESAVE)
    for name, number, plan in _versions(catalog):
        for digest in (plan, *closures.get(plan, ())):
            if digest not in whole:
                yield Finding(str(layout.catalog), f"model {name!r} version {number} lacks object {digest}", FETCH)


def _versions(catalog: Catalog) -> Iterator[tuple[str, int, Digest]]:
    for name, record in catalog.records.items():
        for version in decode_model(record).versions:
            yield name, version.version, version.plan


def _repair(root: Path) -> None:
    """Open the cache as a worker does, which repairs its files, and move damaged objects to quarantine."""
    cache = ObjectCache(root)
    try:
        for digest in cache.digests():
            cache.recheck(digest)
        if cache.layout.catalog.exists() and cache.kept.load() is None:
            Quarantine(cache.layout).take(cache.layout.catalog)
    finally:
        cache.close()
