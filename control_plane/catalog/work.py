"""Work that one of several control planes does at a time, such as collection: each piece has a lease.

A lease ends by the clock of the database, also if its holder is killed.  A holder that was delayed beyond that must not
go on: each lease has a number that grows, and the transactions of the work check it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import work
from pretzel.control_plane.catalog.upserts import upsert
from pretzel.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Task:
    """One lease on a piece of work."""

    name: str
    holder: str
    """The control plane that has it."""
    token: int
    """Number of the lease, larger than those of all earlier ones on this work; 0 where no other can take over."""

    def check(self, connection: Connection) -> None:
        """Check inside a write transaction that no other control plane has taken over since.

        Raises:
            UnavailableError: another control plane has.
        """
        if not self.token:
            return
        token = connection.scalar(select(work.c.token).where(work.c.name == self.name))
        if token != self.token:
            raise UnavailableError(f"{self.name}: another control plane has taken over; nothing was changed, retry")


class Work:
    """The leases on work.  Safe to call from any thread."""

    def __init__(self, database: Database, plane: str) -> None:
        """Use a database in the name of a control plane; one that is not shared needs no leases."""
        self._database, self._plane = database, plane
        self._shares = database.dialect.shares

    def take(self, name: str, seconds: float) -> Task | None:
        """Return a new lease on a piece of work for so long; None while another control plane has one."""
        if not self._shares:
            return Task(name, self._plane, 0)
        with self._database.write(durable=False) as connection:
            now = self._database.dialect.now(connection)
            row = connection.execute(select(work).where(work.c.name == name)).first()
            if row is not None and row.holder != self._plane and row.until > now:
                return None
            task = Task(name, self._plane, row.token + 1 if row is not None else 1)
            values = {"holder": task.holder, "token": task.token, "until": now + seconds}
            statement = upsert(connection, work).values(name=name, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
        return task

    def renew(self, task: Task, seconds: float) -> bool:
        """Extend a lease to so long from now; return False if another control plane has taken over."""
        if not task.token:
            return True
        with self._database.write(durable=False) as connection:
            until = self._database.dialect.now(connection) + seconds
            mine = (work.c.name == task.name) & (work.c.token == task.token)
            return connection.execute(update(work).where(mine).values(until=until)).rowcount == 1

    def give_back(self, task: Task) -> None:
        """End a lease, so that another control plane need not wait; the numbers go on."""
        if not task.token:
            return
        with self._database.write(durable=False) as connection:
            mine = (work.c.name == task.name) & (work.c.token == task.token)
            connection.execute(update(work).where(mine).values(until=0.0, holder=""))

    def holder(self, name: str) -> str:
        """Return the control plane that has a lease now; empty if none has."""
        with self._database.read() as connection:
            now = self._database.dialect.now(connection)
            lasting = select(work.c.holder).where(work.c.name == name, work.c.until > now)
            return connection.scalar(lasting) or ""
