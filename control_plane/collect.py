"""Collects the objects that no version of any model needs and no lease keeps.

An upload or a deployment in progress is safe: it leases its objects before it asks whether they are there, and the
collector looks at the leases and deletes inside one writing transaction of the catalog.  A catalog of another epoch
than the store's says nothing of its objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.failpoints import failpoint
from pretzel.control_plane.store import ObjectStore
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest

_BATCH = 200  # deletions in one transaction: what a deployment may have to wait for


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection removed."""

    objects: int
    bytes: int


def collect(store: ObjectStore, catalog: Catalog, dry_run: bool = False) -> Collected:
    """Remove what nothing needs, or with ``dry_run`` count it; safe to run, and to kill, at any moment.

    Raises:
        PreconditionError: the catalog is of another epoch, or the objects are kept until they were checked.
    """
    _refuse_foreign(store, catalog)

    def remove(digest: Digest) -> None:
        failpoint("collect_before_delete")
        store.delete(digest)
        failpoint("collect_after_delete")

    if not dry_run:
        catalog.forget()
    removed: list[Digest] = []
    for batch in _batches(store.digests()):
        candidates = catalog.unneeded(batch)  # a look without a lock: most objects are needed
        if dry_run:
            removed += candidates
        elif candidates:
            removed += catalog.remove_unneeded(candidates, remove)
    return Collected(len(removed), sum(digest.size for digest in removed))


def _refuse_foreign(store: ObjectStore, catalog: Catalog) -> None:
    known, (epoch, _) = store.epoch(), catalog.current()
    if known and known != epoch:
        raise PreconditionError(
            f"collection: the catalog is of epoch {epoch}, the objects are of epoch {known}; nothing is removed; "
            "restore the catalog that belongs to them"
        )
    if store.keeps_all():
        raise PreconditionError(
            "collection: the objects have lost their catalog and are all kept; `pretzel fsck --repair` judges them"
        )


def _batches(digests: Iterable[Digest]) -> Iterator[list[Digest]]:
    rest = iter(digests)
    while batch := list(islice(rest, _BATCH)):
        yield batch
