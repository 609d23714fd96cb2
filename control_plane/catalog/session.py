"""A connection to PostgreSQL that holds the catalog for this process, and receives what others announce."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pretzel.control_plane.catalog.ownership import Ownership, in_use, this_process
from pretzel.errors import PreconditionError, PretzelError, UnavailableError

OWNERS = 0x7072747B
"""First half of the key of the advisory lock of owners; the second half is the schema."""
SCHEMA = "quote_ident(current_schema())::regnamespace::oid::int"
CHANNEL = f"'pretzel_' || {SCHEMA}"
"""Name of the channel of announcements, in SQL."""
_MOST_NAMED = 3
_HOLDERS = f"""
    SELECT a.application_name, a.pid <> pg_backend_pid() FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {OWNERS} AND l.objid = ({SCHEMA})::oid
    AND l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY a.backend_start
"""
Meaning = Callable[[DBAPIError, str], PretzelError | None]


class Session(Ownership):
    """One connection, outside of the pool.  Its locks end with it, also if the process is killed."""

    def __init__(self, engine: Engine, name: str, meaning: Meaning, alone: bool) -> None:
        """Connect and take the lock of owners: shared with other control planes, or alone.

        Raises:
            PreconditionError: another process has the catalog alone, or uses it and this one must be alone.
            UnavailableError: the database cannot be reached.
        """
        self._name = name
        try:
            self._opened = engine.connect()
        except DBAPIError as error:
            raise (meaning(error, "start") or error) from error
        self._connection: Any = self._opened.connection.driver_connection
        try:
            self._own(alone)
        except BaseException:
            self.close()
            raise

    def _own(self, alone: bool) -> None:
        connection = self._connection
        connection.rollback()
        connection.autocommit = True
        connection.execute("SELECT set_config('application_name', %s, false)", [this_process()])
        # The lock must outlive long silences of this process.
        connection.execute("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'")
        function = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        (taken,) = connection.execute(f"SELECT {function}({OWNERS}, {SCHEMA})").fetchone()
        if taken is None:
            raise PreconditionError(f"catalog {self._name}: its user has no schema; create one, or name another")
        if not taken:
            holders = [holder for holder, other in connection.execute(_HOLDERS).fetchall() if other]
            raise in_use(self._name, holders[:_MOST_NAMED])
        (channel,) = connection.execute(f"SELECT {CHANNEL}").fetchone()
        connection.execute(f'LISTEN "{channel}"')

    def wait(self, seconds: float) -> set[str]:
        """Wait until something is announced, and return it.

        Raises:
            UnavailableError: the connection was lost, and with it the lock.
        """
        connection = self._connection.pgconn
        try:
            poll = select.poll()
            poll.register(connection.socket, select.POLLIN)
            poll.poll(seconds * 1000)
            connection.consume_input()
            announced = set()
            while (notification := connection.notifies()) is not None:
                announced.add(notification.extra.decode())
            return announced
        except Exception as error:
            raise UnavailableError(f"catalog {self._name}: the connection that holds it was lost ({error})") from None

    def close(self) -> None:
        """Close the connection, which ends its locks."""
        self._opened.invalidate()
        self._opened.close()
