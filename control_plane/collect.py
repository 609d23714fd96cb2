"""Collects the objects that no version of any model needs and no lease keeps.

An upload or a deployment in progress is safe: it leases its objects before it asks whether they are there, and the
collector looks at the leases and deletes inside one writing transaction of the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.failpoints import failpoint
from pretzel.control_plane.store import ObjectStore
from pretzel.plan.digest import Digest

_BATCH = 200  # deletions in one transaction: what a deployment may have to wait for


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection removed."""

    objects: int
    bytes: int


def collect(store: ObjectStore, catalog: Catalog) -> Collected:
    """Remove what nothing needs; safe to run, and to kill, at any moment."""

    def remove(digest: Digest) -> None:
        failpoint("collect_before_delete")
        store.delete(digest)
        failpoint("collect_after_delete")

    catalog.forget()
    removed: list[Digest] = []
    for batch in _batches(store.digests()):
        candidates = catalog.unneeded(batch)  # a look without a lock: most objects are needed
        if candidates:
            removed += catalog.remove_unneeded(candidates, remove)
    return Collected(len(removed), sum(digest.size for digest in removed))


def _batches(digests: Iterable[Digest]) -> Iterator[list[Digest]]:
    rest = iter(digests)
    while batch := list(islice(rest, _BATCH)):
        yield batch
