"""The catalog in a file of SQLite, the default."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from pretzel.control_plane.catalog import clock
from pretzel.control_plane.catalog.dialect import Dialect
from pretzel.control_plane.catalog.ownership import FileOwnership
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


class SqliteDialect(Dialect):
    """One file.  Readers see a snapshot and never wait; one writer runs at a time, in any process."""

    scheme = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name, self.short = str(path), path.name

    def engine(self) -> Engine:
        engine = create_engine(f"sqlite:///{self.path}")
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def read_options(self) -> dict[str, Any]:
        return {}

    def write_options(self, durable: bool) -> dict[str, Any]:
        return {"writes": "FULL" if durable else "NORMAL"}

    def lock(self, connection: Connection, durable: bool) -> None:
        """Do nothing: BEGIN IMMEDIATE took the lock."""

    def own(self, alone: bool) -> FileOwnership:
        """Use the file; two processes cannot, since only one of them would know its leases and holds."""
        return FileOwnership(self.path)

    def now(self, connection: Connection) -> float:
        return clock.now()

    @contextmanager
    def opening(self) -> Iterator[None]:
        with open(self.path.with_suffix(".lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def meaning(self, error: DBAPIError, stage: str) -> PretzelError | None:
        text = str(error.orig)
        if "disk I/O error" in text:  # which SQLite also reports when its write-ahead log finds no room
            return _disk_error(text, self.path)
        for words, kind, advice in _MEANINGS:
            if any(word in text for word in words):
                return kind(f"catalog: {text}; {advice}")
        return None

    def integrity(self, connection: Connection) -> list[str]:
        lines = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
        broken = [
            f"a row of {row[0]} lacks a {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
        ]
        return [line for line in lines if line != "ok"] + broken

    def epoch(self) -> str:
        if not self.path.exists():
            return ""
        connection = sqlite3.connect(self.path)
        try:
            row = connection.execute("SELECT epoch FROM state").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return ""
            raise PreconditionError(
                f"{self.path}: {error}; check its permissions, and that no process has it open"
            ) from None
        except sqlite3.DatabaseError as error:
            raise CorruptObjectError(f"{self.path}: catalog: {error}; restore it from a backup") from None
        finally:
            connection.close()
        return str(row[0]) if row else ""


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


def _disk_error(text: str, path: Path) -> PretzelError:
    room = os.statvfs(path.parent)
    if room.f_bavail * room.f_frsize < _LITTLE_ROOM:
        return ExhaustedError(f"catalog: {text}; free space on its disk and retry")
    return UnavailableError(f"catalog: {text}; retry, and check the disk if that fails too")
