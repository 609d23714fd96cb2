"""Limits of what an identity holds in the catalog, checked in the transaction that adds to it.

Rows of models and versions have the identity that created them.  Their uses are counted from an index of these rows,
and kept nowhere else: deletions lower them by removing rows, also deletions by others and by retention.  Objects and
bytes have rows of their own (:mod:`pretzel.control_plane.catalog.charges`).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from pretzel.control_plane.catalog import charges
from pretzel.control_plane.catalog.charges import Space
from pretzel.control_plane.catalog.tables import models, versions
from pretzel.errors import ExhaustedError
from pretzel.plan.digest import Digest
from pretzel.serving.identity.limits import exceeded

MODELS, VERSIONS, OBJECTS, BYTES = "models", "versions", "objects", "bytes"
"""Names of the limits."""
_COUNTING = threading.Lock()
_USES = {
    MODELS: select(func.count()).select_from(models).where(models.c.deleted == 0),
    VERSIONS: select(func.count()).select_from(versions),
}
_CREATORS = {MODELS: models.c.creator, VERSIONS: versions.c.creator}


@dataclass(frozen=True, slots=True)
class Quota:
    """The identity that is charged for what it holds, and its limits; a missing limit costs no query."""

    identity: str = ""
    """Its name; empty for callers without an identity, who have no limits."""
    models: int | None = None
    versions: int | None = None
    contact: str = ""
    """The person or address that sets limits."""
    refused: Counter[str] = field(default_factory=Counter)
    """Counts refusals by limit."""
    objects: int | None = None
    bytes: int | None = None

    @property
    def of_space(self) -> bool:
        """Return whether objects or bytes are limited."""
        return self.objects is not None or self.bytes is not None

    def admit(self, connection: Connection, digests: Iterable[Digest], now: float) -> None:
        """Check that the identity may upload or use some objects, before anything is stored.

        Raises:
            ExhaustedError: it would hold more than it may, with all that it uploads already.
        """
        if not self.of_space:
            return
        new = charges.further(connection, self.identity, digests, now)
        held, waiting = self._space(connection, now)
        for limit, most, has, waits, more in zip(*self._limits, held, waiting, new, strict=True):
            if most is not None and more and has + waits + more > most:
                said = (
                    f"{most:,} {limit} are allowed, {has:,} are held, {waits:,} wait for a deployment, {more:,} are new"
                )
                raise self._exceeded(limit, f"{said}; delete versions, or deploy what waits")

    def check(self, connection: Connection, new_model: bool, now: float) -> None:
        """Check the limits after a version was added, and a model with it if ``new_model``.

        Raises:
            ExhaustedError: the identity holds more than it may.
        """
        if new_model:
            self._check(connection, MODELS, self.models)
        self._check(connection, VERSIONS, self.versions)
        if self.of_space:
            held, waiting = self._space(connection, now)
            for limit, most, has, waits in zip(*self._limits, held, waiting, strict=True):
                if most is not None and has + waits > most:
                    said = f"{most:,} {limit} are allowed, with this version {has:,} would be held, and {waits:,} wait"
                    raise self._exceeded(limit, f"{said} for another deployment; delete versions")

    @property
    def _limits(self) -> tuple[tuple[str, str], tuple[int | None, int | None]]:
        return (OBJECTS, BYTES), (self.objects, self.bytes)

    def _space(self, connection: Connection, now: float) -> tuple[Space, Space]:
        return charges.held(connection, self.identity), charges.waiting(connection, self.identity, now)

    def _check(self, connection: Connection, limit: str, most: int | None) -> None:
        if most is None:
            return
        held = use(connection, self.identity, limit)
        if held > most:
            raise self._exceeded(limit, f"{most:,} {limit} are allowed, and {held - 1:,} are held; delete some")

    def _exceeded(self, limit: str, said: str) -> ExhaustedError:
        with _COUNTING:
            self.refused[limit] += 1
        return exceeded(self.identity, limit, said, self.contact, None)


NO_QUOTA = Quota()


def use(connection: Connection, identity: str, limit: str) -> int:
    """Return how many models or versions that exist were created by an identity."""
    return connection.scalar(_USES[limit].where(_CREATORS[limit] == identity)) or 0
