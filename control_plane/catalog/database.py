"""The database of the catalog: opens it, migrates it, and runs one write transaction at a time."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pretzel.control_plane.catalog import clock
from pretzel.control_plane.catalog.audit.recording import Change, announcing, record
from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.joining import join
from pretzel.control_plane.catalog.opening import dialect_of
from pretzel.control_plane.catalog.tables import audit, state
from pretzel.errors import PreconditionError, UnavailableError


class Database:
    """One database.  Reads see a snapshot; writes run one transaction at a time, over all processes."""

    def __init__(self, location: Path | str | Dialect, epoch: str = "", migrate: bool = True) -> None:
        """Open a file, a URL or a dialect; a new catalog gets ``epoch``, or a generated one.

        Without ``migrate`` nothing is changed: it must exist, with the tables of this version.
        """
        self.dialect = dialect_of(location)
        self.name = self.dialect.name
        self.logs_changes = False
        """Log the records of the audit trail after their commit: for servers; commands have no log."""
        self.engine = self.dialect.engine()
        self._ahead = 0.0
        try:
            self._migrate(epoch) if migrate else self._check_tables()
        except BaseException:
            self.close()
            raise

    def _migrate(self, epoch: str) -> None:
        with self._migrating() as connection:
            command.upgrade(_alembic(connection), "head")
            self.dialect.migrated(connection)
            if connection.execute(select(state)).first() is None:
                connection.execute(insert(state).values(id=1, epoch=epoch or uuid.uuid4().hex, revision=1))
            self._ahead = self.dialect.now(connection) - clock.now()

    def _check_tables(self) -> None:
        with self.read() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            newest = ScriptDirectory.from_config(_alembic(connection)).get_current_head()
            if found != newest:
                raise PreconditionError(
                    f"catalog {self.name}: its tables are of revision {found}, expected {newest}; use the version of "
                    "Pretzel that its control plane has"
                )
            self._ahead = self.dialect.now(connection) - clock.now()

    def now(self) -> float:
        """Return the seconds since 1970 by the clock of the database, as it was compared with ours at the start."""
        return clock.now() + self._ahead

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction, which sees one snapshot.

        Raises:
            UnavailableError: the database cannot be reached; retry.
        """
        with self._translated(_Stage()), self.engine.connect() as connection:
            yield connection.execution_options(**self.dialect.read_options())

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[Connection]:
        """Open the only write transaction; it is rolled back if the block raises.

        Every statement sees what all earlier ones committed: revisions have no gaps, and are visible in their order.
        A durable one survives a power failure, which costs a flush of the disk; others survive the end of the process.

        Raises:
            ExhaustedError: the disk is full.
            UnavailableError: another process kept the database locked for too long, the disk failed, or the connection
                was lost; the message says if nothing was written.
        """
        stage = _Stage()
        with announcing(self.logs_changes), self._translated(stage), self.engine.connect() as connection:
            with connection.execution_options(**self.dialect.write_options(durable)).begin():
                self.dialect.lock(connection, durable)
                stage.now = "work"
                yield connection
                if durable:
                    join(connection)
                stage.now = "commit"

    def downgrade(self) -> str:
        """Take the tables back by one migration, for the version of Pretzel before; return its revision."""
        with self._migrating() as connection:
            before = _version(connection)
            command.downgrade(_alembic(connection), "-1")
            after = _version(connection)
            if inspect(connection).has_table(audit.name):
                change = Change(before={"tables": before}, after={"tables": after})
                record(connection, change, method="migrate")
            return after

    def integrity(self) -> list[str]:
        """Return the problems that the database finds in itself, one line each."""
        with self.read() as connection:
            return self.dialect.integrity(connection)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        """Open a write transaction in which this process alone may change tables: all of its changes, or none."""
        try:
            with self._translated(_Stage()), self.dialect.opening(), self.write() as connection:
                self.dialect.migrating(connection)
                yield connection
        except CommandError as error:
            raise PreconditionError(f"catalog: {error}; a newer version of Pretzel wrote it, use that one") from error

    @contextmanager
    def _translated(self, stage: _Stage) -> Iterator[None]:
        """Convert errors of the database about itself to errors of Pretzel."""
        try:
            yield
        except (DBAPIError, sqlite3.DatabaseError) as error:
            wrapped = error if isinstance(error, DBAPIError) else DBAPIError("", (), error)
            translated = self.dialect.meaning(wrapped, stage.now)
            if translated is None:
                raise
            raise translated from error
        except PoolTimeout as error:
            raise UnavailableError(f"catalog {self.name}: all of its connections are in use, retry") from error


class _Stage:
    """The part of a transaction that runs now."""

    now = "start"


def _version(connection: Connection) -> str:
    """Return the revision of the tables."""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("pretzel.control_plane.catalog") / "migrations"))
    config.attributes["connection"] = connection
    return config
