"""Limits of what an identity holds in the catalog, checked in the transaction that adds to it.

Rows of models and versions have the identity that created them.  Uses are counted from an index of these rows, and kept
nowhere else: deletions lower them by removing rows, also deletions by others and by retention.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from pretzel.control_plane.catalog.tables import models, versions
from pretzel.serving.identity.limits import exceeded

MODELS, VERSIONS = "models", "versions"
"""Names of the limits."""
_USES = {
    MODELS: select(func.count()).select_from(models).where(models.c.deleted == 0),
    VERSIONS: select(func.count()).select_from(versions),
}
_CREATORS = {MODELS: models.c.creator, VERSIONS: versions.c.creator}


@dataclass(frozen=True, slots=True)
class Quota:
    """The identity to which models and versions are charged, and its limits; a missing limit costs no query."""

    identity: str = ""
    """Its name; empty for callers without an identity, who have no limits."""
    models: int | None = None
    versions: int | None = None
    contact: str = ""
    """The person or address that sets limits."""
    refused: Counter[str] = field(default_factory=Counter)
    """Counts refusals by limit.  Write transactions run one at a time, so no two threads count at once."""

    def check(self, connection: Connection, new_model: bool) -> None:
        """Check the limits after a version was added, and a model with it if ``new_model``.

        Raises:
            ExhaustedError: the identity holds more than it may.
        """
        if new_model:
            self._check(connection, MODELS, self.models)
        self._check(connection, VERSIONS, self.versions)

    def _check(self, connection: Connection, limit: str, most: int | None) -> None:
        if most is None:
            return
        held = use(connection, self.identity, limit)
        if held > most:
            self.refused[limit] += 1
            said = f"{most:,} {limit} are allowed, and {held - 1:,} are held; delete some"
            raise exceeded(self.identity, limit, said, self.contact, None)


NO_QUOTA = Quota()


def use(connection: Connection, identity: str, limit: str) -> int:
    """Return how many models or versions that exist were created by an identity."""
    return connection.scalar(_USES[limit].where(_CREATORS[limit] == identity)) or 0
