"""Figures over all models, and the last failed verifications: every method is one transaction, from any thread."""

from __future__ import annotations

from collections import Counter

from pretzel.control_plane.catalog import failures, reading, sharing
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.failures import Failure
from pretzel.control_plane.catalog.sharing import Sharing
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion


class Overview:
    """The part of a catalog that is for people who watch; nothing here is visible to workers."""

    def __init__(self, database: Database) -> None:
        """Read and write the database of a catalog."""
        self._database = database

    def measure_sharing(self, most: int) -> tuple[int, Sharing]:
        """Return the revision, what all models share at it, and the ``most`` objects that save most."""
        with self._database.read() as connection:
            return reading.current(connection)[1], sharing.measure(connection, most)

    def holders(self, digest: Digest, most: int) -> list[str]:
        """Return the names of up to ``most`` models that hold an object."""
        with self._database.read() as connection:
            return sharing.holders(connection, digest, most)

    def related(self, version: ModelVersion) -> Counter[str]:
        """Return the bytes of a version's objects that each other model holds too."""
        with self._database.read() as connection:
            return sharing.related(connection, version.model, version.plan)

    def note_failure(self, failure: Failure) -> None:
        """Keep a deployment that its verification refused, and drop the oldest of many."""
        with self._database.write(durable=False) as connection:
            failures.note(connection, failure)

    def failures(self, model: str = "", most: int = failures.MOST_FAILURES) -> list[Failure]:
        """Return the last deployments that their verification refused, newest first; of all models if none is named."""
        with self._database.read() as connection:
            return failures.last(connection, model, most)
