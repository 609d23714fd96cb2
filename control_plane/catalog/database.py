"""The database behind the catalog: how it is opened, brought up to date, and written by one transaction at a time."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import OperationalError

from pretzel.control_plane.catalog.tables import state
from pretzel.errors import ExhaustedError, UnavailableError

_PRAGMAS = (
    "journal_mode = WAL",  # readers never wait for the writer
    "foreign_keys = ON",
    "busy_timeout = 10000",
)


class Database:
    """One SQLite file.  Reading sees a moment of it; writing happens one transaction at a time."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.engine = _engine(self.path)
        with _lock(self.path.with_suffix(".lock")), self.write() as connection:
            _upgrade(connection)
            if connection.execute(select(state)).first() is None:
                connection.execute(insert(state).values(id=1, epoch=uuid.uuid4().hex, revision=1))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment."""
        with _translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[Connection]:
        """A transaction that no other writer runs beside; it is undone when the block raises.

        A durable one survives a power cut, which costs a flush of the disk; the others survive the end of the process.

        Raises:
            ExhaustedError: the disk is full.
            UnavailableError: another process kept the database locked for too long.
        """
        with _translated(), self.engine.connect() as connection:
            with connection.execution_options(writes="FULL" if durable else "NORMAL").begin():
                yield connection

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


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        text = str(error.orig)
        if "full" in text or "disk I/O error" in text:
            raise ExhaustedError(f"catalog: {text}; free space on its disk and try again") from error
        if "locked" in text or "busy" in text:
            raise UnavailableError(f"catalog: {text}; another process writes to it, try again") from error
        raise
