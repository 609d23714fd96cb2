"""Garbage collection of objects that no version needs and no lease keeps.

An upload or a deployment in progress is safe: it leases its objects before it checks for them, and the collector reads
the leases and deletes inside one write transaction of the catalog.  A catalog of another epoch than the store's cannot
judge its objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import ObjectStore
from pretzel.errors import PreconditionError
from pretzel.plan.digest import Digest

_BATCH = 200  # deletions per transaction, which bounds the wait of a deployment


@dataclass(frozen=True, slots=True)
class Collected:
    """Result of one collection."""

    objects: int
    bytes: int


def collect(store: ObjectStore, catalog: Catalog, dry_run: bool = False, task: Task | None = None) -> Collected:
    """Remove unneeded objects, or with ``dry_run`` count them; safe to run, and to kill, at any time.

    Raises:
        PreconditionError: the catalog is of another epoch, or all objects are kept until a check.
        UnavailableError: another control plane has taken over ``task``, the lease on this work.
    """
    _reject_foreign(store, catalog)

    def remove(digests: list[Digest]) -> None:
        reached("collect_before_delete")
        store.delete_all(digests)
        reached("collect_after_delete")

    if not dry_run:
        catalog.forget()
    removed: list[Digest] = []
    for batch in _batches(store.digests()):
        candidates = catalog.unneeded(batch)  # without the lock: most objects are needed
        if dry_run:
            removed += candidates
        elif candidates:
            removed += catalog.remove_unneeded(candidates, remove, task)
    return Collected(len(removed), sum(digest.size for digest in removed))


def _reject_foreign(store: ObjectStore, catalog: Catalog) -> None:
    stored, (epoch, _) = store.epoch(), catalog.current()
    if stored and stored != epoch:
        raise PreconditionError(
            f"collection: the catalog is of epoch {epoch}, the objects are of epoch {stored}; nothing is removed; "
            "restore their catalog"
        )
    if store.keeps_all():
        raise PreconditionError(
            "collection: the objects have lost their catalog and are all kept; run `pretzel fsck --repair` first"
        )


def _batches(digests: Iterable[Digest]) -> Iterator[list[Digest]]:
    rest = iter(digests)
    while batch := list(islice(rest, _BATCH)):
        yield batch
