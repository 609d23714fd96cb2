"""The samples that are kept with versions; every method is one transaction, safe to call from any thread."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import versions
from pretzel.plan.digest import Digest


class KeptSamples:
    """The part of a catalog about samples.  A version without one is not compared by an upgrade."""

    def __init__(self, database: Database) -> None:
        """Use a database."""
        self._database = database

    def of(self, model: str, version: int) -> Digest | None:
        """Return the sample of a version; None if none is kept."""
        query = select(versions.c.sample).where(versions.c.model == model, versions.c.version == version)
        with self._database.read() as connection:
            found = connection.scalar(query)
        return Digest.parse(found) if found else None

    def all(self) -> dict[tuple[str, int], Digest]:
        """Return the samples by model and version."""
        with self._database.read() as connection:
            return listed(connection)

    def forget(self, digest: Digest) -> None:
        """Keep a sample, which is lost, for no version any more."""
        with self._database.write() as connection:
            connection.execute(update(versions).where(versions.c.sample == str(digest)).values(sample=""))

    def forget_all(self) -> int:
        """Keep no sample any more; return the number of versions that had one."""
        kept = versions.c.sample != ""
        with self._database.read() as connection:
            if connection.execute(select(versions.c.model).where(kept).limit(1)).first() is None:
                return 0
        with self._database.write() as connection:
            return connection.execute(update(versions).where(kept).values(sample="")).rowcount


def listed(connection: Connection) -> dict[tuple[str, int], Digest]:
    """Return the samples by model and version."""
    query = select(versions.c.model, versions.c.version, versions.c.sample).where(versions.c.sample != "")
    return {(row.model, row.version): Digest.parse(row.sample) for row in connection.execute(query)}
