"""The catalog in a database of PostgreSQL, which several processes may read and write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, create_engine, event, exists, func, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.folding import create_fold
from pretzel.control_plane.catalog.session import CHANNEL, OWNERS, SCHEMA, Session
from pretzel.control_plane.catalog.tables import metadata, state
from pretzel.errors import (
    CorruptObjectError,
    ExhaustedError,
    InputError,
    PreconditionError,
    PretzelError,
    UnavailableError,
)

_PASSWORD_FILE = "password_file"
_SCHEMA = re.compile(r"search_path\s*=\s*([^\s,]+)")
"""The first schema of an option of libpq."""
_SECRET = frozenset(["password", "sslpassword"])
"""Parameters of libpq that must not be part of the URL."""
_CONNECTING: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "pretzel",
    "client_encoding": "UTF8",
    # A host that vanished is noticed within 30 seconds, not after the two hours of TCP.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SESSION = "SET statement_timeout = '60s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '300s'"
_LOCK = 0x7072747A
"""First half of the key of the advisory lock of writers; the second half is the schema."""
_LOST = ("08", "57P")
"""Prefixes of the states of lost connections and of servers that stop or start."""
_MEANINGS: tuple[tuple[tuple[str, ...], type[PretzelError], str], ...] = (
    (("40001", "40P01"), UnavailableError, "another change came between and nothing was written, retry"),
    (("55P03",), UnavailableError, "another process writes to it, retry"),
    (("25P03",), UnavailableError, "the transaction took too long and nothing was written, retry"),
    (("42703", "42P07"), PreconditionError, "tables of another program have these names: name an empty schema"),
    (("57014",), UnavailableError, "the database was too slow, retry"),
    (("53100",), ExhaustedError, "free space on the disk of the database and retry"),
    (("53",), UnavailableError, "the database is short of memory or connections, retry"),
    (("58",), UnavailableError, "retry, and check the disk of the database if that fails too"),
    (("25006",), UnavailableError, "it is read-only, as a standby is: name the primary, or retry after the failover"),
    (("XX001", "XX002"), CorruptObjectError, "check its disk; if it persists, restore it from a backup"),
    (("28", "3D000", "3F000", "42501"), PreconditionError, "check the user, its rights, the database and the password"),
)
_ADVICE = {
    "start": "check that it runs and can be reached, and retry",
    "work": "the connection was lost and nothing was written, retry",
    "commit": "the connection was lost during the commit, which may have been done: look, then retry",
}
"""Next step after a lost connection, by the stage of the transaction."""
_MISTAKEN = ("invalid connection option", "invalid sslmode value")
"""Parts of messages about parameters in the URL."""
_REFUSED = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")
"""Parts of messages about a login; libpq gives no state for them."""


class PostgresqlDialect(Dialect):
    """One schema of a database: the first on the search path of the user.

    Readers see a snapshot and never wait.  Writers take one advisory lock before their first statement, so that each
    sees all that was committed before: no transaction can fail to be serialized, and none can deadlock.
    """

    scheme = "postgresql"
    shares = True

    def __init__(self, url: str) -> None:
        """Read a URL; ``?password_file=PATH`` names a file with the password, and libpq's parameters are passed on.

        Raises:
            InputError: it is malformed, or has a password.
        """
        parsed = _parsed(url)
        self._password = Path(str(parsed.query[_PASSWORD_FILE])) if _PASSWORD_FILE in parsed.query else None
        self._url = parsed.difference_update_query([_PASSWORD_FILE])
        host = self._url.host or str(self._url.query.get("host", ""))
        port = f":{self._url.port}" if self._url.port else ""
        user = f"{self._url.username}@" if self._url.username else ""
        schema = _SCHEMA.search(str(self._url.query.get("options", "")))
        self.name = self.short = f"postgresql://{user}{host}{port}/{self._url.database or ''}" + (
            f" (schema {schema[1]})" if schema else ""
        )
        self._alone = False

    def engine(self) -> Engine:
        try:
            engine = create_engine(
                self._url,
                connect_args=dict(_CONNECTING),
                pool_pre_ping=True,  # a server that was restarted costs no call
                pool_size=8,
                max_overflow=24,
            )
        except ModuleNotFoundError as error:
            raise PreconditionError(
                f"catalog {self.name}: it needs {error.name}; pip install 'pretzel[postgresql]'"
            ) from None
        event.listen(engine, "do_connect", self._login)
        event.listen(engine, "connect", _prepare)
        return engine

    def read_options(self) -> dict[str, Any]:
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def write_options(self, durable: bool) -> dict[str, Any]:
        # Each statement sees what was committed before it; the lock excludes that anything is committed meanwhile.
        return {"isolation_level": "READ COMMITTED"}

    def lock(self, connection: Connection, durable: bool) -> None:
        commit = "" if durable else "SET LOCAL synchronous_commit = off; "
        # A control plane whose session was cut must not write while another program has the catalog alone.
        shared = "" if self._alone else f"pg_advisory_xact_lock_shared({OWNERS}, {SCHEMA}), "
        connection.exec_driver_sql(f"{commit}SELECT {shared}pg_advisory_xact_lock({_LOCK}, {SCHEMA})")

    def own(self, alone: bool) -> Session:
        engine = self.engine()
        try:
            session = Session(engine, self.name, self.meaning, alone)
        finally:
            engine.dispose()
        self._alone = self._alone or alone
        return session

    def now(self, connection: Connection) -> float:
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    def announce(self, connection: Connection, what: str) -> None:
        connection.execute(text(f"SELECT pg_notify({CHANNEL}, :what)"), {"what": what})

    def migrating(self, connection: Connection) -> None:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise PreconditionError(
                f"catalog {self.name}: the encoding of its database is {encoding}, expected UTF8; make one by "
                "createdb -E UTF8 -T template0"
            )
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

    def migrated(self, connection: Connection) -> None:
        create_fold(connection)

    def meaning(self, error: DBAPIError, stage: str) -> PretzelError | None:
        state = getattr(error.orig, "sqlstate", None) or ""
        message = f"catalog {self.name}: {' '.join(str(error.orig).split())[:500]}"
        for states, kind, advice in _MEANINGS:
            if state.startswith(states):
                return kind(f"{message}; {advice}")
        if not state and any(words in message for words in _MISTAKEN):
            return InputError(f"{message}; check the parameters in the URL")
        if not state and any(words in message for words in _REFUSED):
            return PreconditionError(f"{message}; check the user, the database and the password")
        if state.startswith(_LOST) or (not state and _is_operational(error)):
            return UnavailableError(f"{message}; {_ADVICE[stage]}")
        return None

    def integrity(self, connection: Connection) -> list[str]:
        return [
            f"{count} rows of {table.name} lack a row of {parent.name}"
            for table in metadata.sorted_tables
            for parent, count in _orphans(connection, table)
        ]

    def epoch(self) -> str:
        engine = self.engine()
        try:
            with engine.connect() as connection:
                if connection.scalar(text("SELECT to_regclass('state')")) is None:
                    return ""
                return connection.scalar(select(state.c.epoch)) or ""
        except DBAPIError as error:
            translated = self.meaning(error, "start")
            if translated is None:
                raise
            raise translated from error
        finally:
            engine.dispose()

    def _login(self, dialect: Any, record: Any, args: Any, parameters: dict[str, Any]) -> None:
        """Read the password at each login, so that a changed one needs no restart."""
        if self._password is None:
            return
        try:
            parameters["password"] = self._password.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise PreconditionError(f"catalog {self.name}: password_file {self._password}: {reason}") from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise InputError("catalog: malformed URL; expected postgresql://user@host:5432/database") from None
    if parsed.password is not None or not _SECRET.isdisjoint(parsed.query):
        raise InputError(
            "catalog: the URL has a password, which process lists and logs would show; set PGPASSWORD or "
            "PGPASSFILE, or name a file: ?password_file=/run/secrets/catalog"
        )
    return parsed.set(drivername="postgresql+psycopg")


def _prepare(connection: Any, record: Any) -> None:
    autocommit, connection.autocommit = connection.autocommit, True
    connection.execute(_SESSION)
    connection.autocommit = autocommit


def _is_operational(error: DBAPIError) -> bool:
    return error.connection_invalidated or type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")


def _orphans(connection: Connection, table: Table) -> list[tuple[Table, int]]:
    """Return the tables of which a table lacks rows, as its foreign keys want them, and the number of such rows."""
    found = []
    for key in table.foreign_key_constraints:
        parent = key.referred_table.alias("parent")
        same = and_(*(element.parent == parent.c[element.column.name] for element in key.elements))
        count = connection.scalar(select(func.count()).select_from(table).where(~exists().where(same)))
        if count:
            found.append((key.referred_table, count))
    return found
