"""The control planes that share a catalog, and the reports of the workers that each has heard."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import planes, reports
from pretzel.control_plane.catalog.upserts import upsert

REPORTED = "reported"
"""Announcement that reports have changed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A report of a worker that some control plane has."""

    worker: str
    report: bytes
    """The report, encoded."""
    age: float
    """Seconds since it arrived."""
    follows: bool
    """Whether the worker follows the catalog."""
    lasts: float = 0.0
    """Seconds for which the control plane that has it counts as alive."""


class Peers:
    """The part of a catalog about running control planes and workers.  Safe to call from any thread."""

    def __init__(self, database: Database, plane: str) -> None:
        """Use a database in the name of a control plane."""
        self._database, self._plane = database, plane

    def beat(self, seconds: float) -> bool:
        """Count as alive for so long; return whether the others did not count this one as dead before.

        It drops the reports of control planes that died.
        """
        with self._database.write(durable=False) as connection:
            now = self._database.dialect.now(connection)
            connection.execute(delete(planes).where(planes.c.until <= now))
            connection.execute(delete(reports).where(reports.c.plane.not_in(select(planes.c.plane))))
            known = connection.scalar(select(planes.c.until).where(planes.c.plane == self._plane)) is not None
            row = upsert(connection, planes).values(plane=self._plane, until=now + seconds)
            connection.execute(row.on_conflict_do_update(index_elements=["plane"], set_={"until": now + seconds}))
        return known

    def write(self, heard: Sequence[Heard], again: Sequence[tuple[str, float]], gone: Collection[str]) -> None:
        """Write reports.

        Args:
            heard: those that are new or have changed.
            again: workers whose reports came again without a change, and the age of the last one.
            gone: workers that this control plane hears no more.
        """
        with self._database.write(durable=False) as connection:
            now = self._database.dialect.now(connection)
            if heard:
                row = upsert(connection, reports)
                changed = {name: row.excluded[name] for name in ("plane", "heard", "follows", "report")}
                newer = row.excluded.heard >= reports.c.heard
                rows = [self._row(item, now) for item in heard]
                connection.execute(
                    row.on_conflict_do_update(index_elements=["worker"], set_=changed, where=newer), rows
                )
            mine = (reports.c.worker == bindparam("name")) & (reports.c.plane == self._plane)
            if again:
                times = [{"name": name, "at": now - age} for name, age in again]
                connection.execute(update(reports).where(mine).values(heard=bindparam("at")), times)
            if gone:
                connection.execute(delete(reports).where(mine), [{"name": name} for name in gone])
            self._announce(connection)

    def others(self) -> list[Heard]:
        """Return the reports that the other living control planes have."""
        with self._database.read() as connection:
            now = self._database.dialect.now(connection)
            living = select(reports, planes.c.until).join(planes, planes.c.plane == reports.c.plane)
            query = living.where(reports.c.plane != self._plane, planes.c.until > now)
            return [
                Heard(row.worker, row.report, now - row.heard, bool(row.follows), row.until - now)
                for row in connection.execute(query)
            ]

    def leave(self) -> None:
        """Count as gone from now on."""
        with self._database.write(durable=False) as connection:
            connection.execute(delete(reports).where(reports.c.plane == self._plane))
            connection.execute(delete(planes).where(planes.c.plane == self._plane))
            self._announce(connection)

    def _announce(self, connection: Connection) -> None:
        self._database.dialect.announce(connection, f"{REPORTED} {self._plane}")

    def _row(self, item: Heard, now: float) -> dict[str, object]:
        heard = now - item.age
        return {
            "worker": item.worker,
            "plane": self._plane,
            "heard": heard,
            "follows": int(item.follows),
            "report": item.report,
        }
