"""Opens the catalog and the store of a control plane, which it may share with others."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.leases import Leases
from pretzel.control_plane.catalog.opening import dialect_of, location_of
from pretzel.control_plane.catalog.ownership import Ownership
from pretzel.control_plane.settings import Settings
from pretzel.control_plane.store import ObjectStore, identity
from pretzel.control_plane.store.identity import Identity
from pretzel.control_plane.store.opening import store_of
from pretzel.control_plane.store.ownership import own
from pretzel.errors import PreconditionError


@dataclass
class Opened:
    """The open parts of a control plane."""

    dialect: Dialect
    catalog: Catalog
    store: ObjectStore
    identity: Identity
    ownership: Ownership
    """The use of the catalog; it is replaced after it was lost."""
    locks: ExitStack

    def close(self) -> None:
        """Close the catalog and the store, and let others use them."""
        self.catalog.close()
        self.ownership.close()
        self.store.close()
        self.locks.close()


def opened_by(settings: Settings) -> Opened:
    """Open or create what the settings name.

    Raises:
        PreconditionError: another program uses it, or the catalog is missing or of another store.
        UnavailableError: a database cannot be reached.
    """
    dialect = dialect_of(location_of(settings.data_dir, settings.catalog))
    with ExitStack() as opening:
        locks = opening.enter_context(ExitStack())
        locks.enter_context(own(settings.data_dir))
        ownership = opening.enter_context(closing(dialect.own(alone=False)))
        copies = settings.store_copies_bytes
        store = opening.enter_context(
            closing(store_of(settings.data_dir, settings.store, copies=copies, shared=dialect.shares))
        )
        place = f"store {store.name}" if settings.store else f"data directory {settings.data_dir}"
        identified = identity.establish(place, store, dialect, settings.new, settings.replaces)
        leases = Leases(settings.most_leases, settings.most_leased_bytes)
        catalog = opening.enter_context(
            closing(Catalog(dialect, epoch=identified.epoch, keep_versions=settings.keep_versions, leases=leases))
        )
        if catalog.epoch != identified.epoch:  # another control plane created it at the same time
            identified = identity.establish(place, store, dialect, replaces=settings.replaces)
        _check_store(store, catalog)
        identity.bind(store, identified)
        opening.pop_all()
    return Opened(dialect, catalog, store, identified, ownership, locks)


def _check_store(store: ObjectStore, catalog: Catalog) -> None:
    """Reject an empty store of a catalog with models: that of the other control planes is elsewhere."""
    if store.identity() is not None or any(True for _ in store.digests()):
        return
    if count := catalog.count():
        raise PreconditionError(
            f"store {store.name}: it is new and empty, but the catalog {catalog.database.name} has {count} models; "
            "name the store of their objects (store), the same for all control planes over this catalog"
        )
