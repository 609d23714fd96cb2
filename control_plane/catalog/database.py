"""The database of the catalog: opens it, migrates it, and runs one write transaction at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DatabaseError

from pretzel.control_plane.catalog.tables import state
from pretzel.errors import (
    CorruptObjectError,
    ExhaustedError,
    PreconditionError,
    PretzelError,
    UnavailableError,
)

_PRAGMAS = (
    "journal_mode = WAL",  # readers never wait for the writer
    "foreign_keys = ON",
    "busy_timeout = 10000",
)
_MEANINGS: tuple[tuple[tuple[str, ...], type[PretzelError], str], ...] = (
    (("full",), ExhaustedError, "free space on its disk and retry"),
    (("unable to open",), UnavailableError, "check its permissions and the limit of open files, and retry"),
    (("out of memory",), UnavailableError, "the machine is short of memory, retry"),
    (("readonly", "read-only"), UnavailableError, "make it writable for the control plane and retry"),
    (("locked", "busy"), UnavailableError, "another process writes to it, retry"),
    (("not a database", "malformed"), CorruptObjectError, "check its disk; if it persists, restore it from a backup"),
)
_LITTLE_ROOM = 1 << 20
"""Free bytes below which a disk error counts as a full disk."""


class Database:
    """One SQLite file.  Reads see a snapshot; writes run one transaction at a time."""

    def __init__(self, path: Path, epoch: str = "") -> None:
        """Open the file; a new one gets ``epoch``, or a generated one."""
        self.path = Path(path)
        self.engine = _engine(self.path)
        with self._translated(), _lock(self.path.with_suffix(".lock")), self.write() as connection:
            _upgrade(connection)
            if connection.execute(select(state)).first() is None:
                connection.execute(insert(state).values(id=1, epoch=epoch or uuid.uuid4().hex, revision=1))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction, which sees one snapshot."""
        with self._translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[Connection]:
        """Open the only write transaction; it is rolled back if the block raises.

        A durable one survives a power failure, which costs a flush of the disk; others survive the end of the process.

        Raises:
            ExhaustedError: the disk is full.
            UnavailableError: another process kept the database locked for too long, or the disk failed.
        """
        with self._translated(), self.engine.connect() as connection:
            with connection.execution_options(writes="FULL" if durable else "NORMAL").begin():
                yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Convert errors of the database about its disk and file to errors of Pretzel."""
        try:
            yield
        except (DatabaseError, sqlite3.DatabaseError) as error:
            translated = _meaning(str(getattr(error, "orig", error)), self.path)
            if translated is None:
                raise
            raise translated from error
        except CommandError as error:
            raise PreconditionError(f"catalog: {error}; a newer version of Pretzel wrote it, use that one") from error

    def integrity(self) -> list[str]:
        """Return the problems that SQLite finds in the file, one line each."""
        with self.read() as connection:
            lines = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
            broken = [
                f"a row of {row[0]} lacks a {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            ]
        return [line for line in lines if line != "ok"] + broken

    def close(self) -> None:
        """Close the file."""
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the driver would start it too late: only before the first INSERT
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("fold", 1, str.casefold, deterministic=True)  # SQLite's lower() knows ASCII only


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    if not writes:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {writes}")
    # A transaction that reads first and locks later may have to abort; a writer locks at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("pretzel.control_plane.catalog") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _meaning(text: str, path: Path) -> PretzelError | None:
    """Return the error for a message of the database."""
    if "disk I/O error" in text:  # which SQLite also reports when its write-ahead log finds no room
        return _disk_error(text, path)
    for words, kind, advice in _MEANINGS:
        if any(word in text for word in words):
            return kind(f"catalog: {text}; {advice}")
    return None


def _disk_error(text: str, path: Path) -> PretzelError:
    room = os.statvfs(path.parent)
    if room.f_bavail * room.f_frsize < _LITTLE_ROOM:
        return ExhaustedError(f"catalog: {text}; free space on its disk and retry")
    return UnavailableError(f"catalog: {text}; retry, and check the disk if that fails too")
