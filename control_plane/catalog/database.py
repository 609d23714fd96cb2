"""The database behind the catalog: how it is opened, brought up to date, and written by one transaction at a time."""

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
    (("full",), ExhaustedError, "free space on its disk and try again"),
    (("unable to open",), UnavailableError, "see its permissions and the limit of open files, and try again"),
    (("out of memory",), UnavailableError, "the machine is short of memory, try again"),
    (("readonly", "read-only"), UnavailableError, "make it writable for the control plane and try again"),
    (("locked", "busy"), UnavailableError, "another process writes to it, try again"),
    (("not a database", "malformed"), CorruptObjectError, "look at its disk; if it stays so, restore it from a backup"),
)
_LITTLE_ROOM = 1 << 20
"""Bytes; where fewer are free, an error of the disk is taken for a full one."""


class Database:
    """One SQLite file.  Reading sees a moment of it; writing happens one transaction at a time."""

    def __init__(self, path: Path, epoch: str = "") -> None:
        """Open the file; one that is new gets that epoch, or one of its own."""
        self.path = Path(path)
        self.engine = _engine(self.path)
        with self._translated(), _lock(self.path.with_suffix(".lock")), self.write() as connection:
            _upgrade(connection)
            if connection.execute(select(state)).first() is None:
                connection.execute(insert(state).values(id=1, epoch=epoch or uuid.uuid4().hex, revision=1))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment."""
        with self._translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[Connection]:
        """A transaction that no other writer runs beside; it is undone when the block raises.

        A durable one survives a power cut, which costs a flush of the disk; the others survive the end of the process.

        Raises:
            ExhaustedError: the disk is full.
            UnavailableError: another process kept the database locked for too long, or the disk failed.
        """
        with self._translated(), self.engine.connect() as connection:
            with connection.execution_options(writes="FULL" if durable else "NORMAL").begin():
                yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the database says of its disk and its file into errors of ours."""
        try:
            yield
        except (DatabaseError, sqlite3.DatabaseError) as error:
            meant = _meaning(str(getattr(error, "orig", error)), self.path)
            if meant is None:
                raise
            raise meant from error
        except CommandError as error:
            raise PreconditionError(f"catalog: {error}; a newer version of Pretzel wrote it, use that one") from error

    def integrity(self) -> list[str]:
        """Return what SQLite finds wrong with the file, one line each."""
        with self.read() as connection:
            lines = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
            broken = [
                f"a row of {row[0]} names no {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            ]
        return [line for line in lines if line != "ok"] + broken

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the driver would begin too late: only before the first INSERT
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    if not writes:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {writes}")
    # A transaction that reads first and locks later can find that it must give up; a writer locks at once.
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
    """Return the error that a text of the database stands for."""
    if "disk I/O error" in text:  # which it also says where its log of changes finds no room
        return _disk_error(text, path)
    for words, kind, advice in _MEANINGS:
        if any(word in text for word in words):
            return kind(f"catalog: {text}; {advice}")
    return None


def _disk_error(text: str, path: Path) -> PretzelError:
    room = os.statvfs(path.parent)
    if room.f_bavail * room.f_frsize < _LITTLE_ROOM:
        return ExhaustedError(f"catalog: {text}; free space on its disk and try again")
    return UnavailableError(f"catalog: {text}; try again, and look at the disk if that fails too")
