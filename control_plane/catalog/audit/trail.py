"""Reads the audit trail, adds refused changes, and drops old records: every method is one transaction or several."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, select

from pretzel.control_plane.catalog.audit.filters import Filters
from pretzel.control_plane.catalog.audit.origin import Origin
from pretzel.control_plane.catalog.audit.recording import Change, add, record
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import audit, audit_floor
from pretzel.control_plane.catalog.upserts import upsert

_STEP = 1000
"""Records that are read at once."""
_DROPPED = 5000
"""Records that one transaction drops, which bounds the wait of other writers."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change, or a refused one."""

    id: int
    at: float
    """Seconds since the epoch."""
    identity: str
    subject: str
    method: str
    model: str
    version: int
    peer: str
    request_id: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    code: str
    """``OK``, or the status of a refused change."""
    message: str
    """The error of a refused change."""
    omitted: int
    """Refused changes of this identity without a record before this one: they were too many."""


class Trail:
    """The audit trail of one database.  Safe to call from any thread."""

    def __init__(self, database: Database) -> None:
        """Read and write the database of a catalog."""
        self._database = database

    def page(
        self, filters: Filters, below: int, size: int, sees: Callable[[Record], bool] = lambda record: True
    ) -> tuple[list[Record], int]:
        """Return up to ``size`` records, newest first, and where the next page begins; 0 if none follows.

        Args:
            filters: which records.
            below: only records with smaller numbers; 0 for all.
            size: most records.
            sees: whether the caller may see a record.
        """
        found: list[Record] = []
        with self._database.read() as connection:
            query = select(audit).where(*filters.conditions()).order_by(audit.c.id.desc()).limit(_STEP)
            while len(found) <= size:
                rows = connection.execute(query.where(audit.c.id < below) if below else query).all()
                found += [one for one in map(_record, rows) if filters.matches(one.model) and sees(one)]
                if len(rows) < _STEP:
                    break
                below = rows[-1].id
        return found[:size], found[size - 1].id if len(found) > size else 0

    def add(self, change: Change, method: str) -> None:
        """Record a change that is not one of the catalog, in a transaction of its own."""
        with self._database.write() as connection:
            record(connection, change, method=method)

    def refuse(self, origin: Origin, code: str, message: str, omitted: int = 0) -> None:
        """Record a change that was refused, in a transaction of its own; a power failure may lose it."""
        entry = {"model": origin.model, "version": 0, "before": "{}", "after": "{}", "code": code, "message": message}
        with self._database.write(durable=False) as connection:
            add(connection, origin, [entry | {"omitted": omitted}])

    def drop(self, most_days: float, most_records: int) -> int:
        """Drop the records that are too old or too many, and return their number; a bound of 0 keeps all.

        The database permits the deletion of those below a floor only, which rises and never falls.
        """
        dropped = 0
        while number := self._drop_some(most_days, most_records):
            dropped += number
        return dropped

    def _drop_some(self, most_days: float, most_records: int) -> int:
        with self._database.write() as connection:
            first, last = connection.execute(select(func.min(audit.c.id), func.max(audit.c.id))).one()
            if first is None:
                return 0
            floor = first
            if most_records:
                floor = max(floor, last - most_records + 1)
            if most_days:
                recent = audit.c.at >= time.time() - most_days * 86_400
                floor = max(floor, connection.scalar(select(func.min(audit.c.id)).where(recent)) or last + 1)
            floor = min(floor, first + _DROPPED)
            if floor == first:
                return 0
            row = upsert(connection, audit_floor).values(id=1, first=floor)
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"first": floor}))
            return connection.execute(delete(audit).where(audit.c.id < floor)).rowcount


def _record(row: Row[Any]) -> Record:
    return Record(**dict(row._mapping) | {"before": json.loads(row.before), "after": json.loads(row.after)})
