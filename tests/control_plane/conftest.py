"""Databases of catalogs, and an S3 server: tests that take `databases` run on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import metadata
from tests.helpers.postgresql import Postgresql
from tests.helpers.s3 import KEYS, S3


class Sqlite:
    """Files of SQLite, copies of one that has the tables of all of them ready."""

    def __init__(self, directories: pytest.TempPathFactory) -> None:
        self._directories = directories
        self._template = directories.mktemp("template") / "catalog.sqlite"
        Database(self._template).close()
        with closing(sqlite3.connect(self._template)) as connection, connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(f"DELETE FROM {table.name}")
        with closing(sqlite3.connect(self._template)) as connection:
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0

    def new(self) -> Path:
        return self._directories.mktemp("catalog") / "catalog.sqlite"

    def fresh(self) -> Path:
        """An empty database, which takes a tenth of the time of making its tables."""
        return shutil.copyfile(self._template, self.new())


class Postgres:
    """Databases of one server, which has the tables of all of them ready."""

    def __init__(self, server: Postgresql) -> None:
        self.server, self._template = server, server.create()
        Database(server.url(self._template)).close()
        self._empty(self._template)
        self._used = self.new()

    def new(self) -> Path | str:
        return self.server.url(self.server.create(self._template))

    def fresh(self) -> Path | str:
        """The same empty database each time, which takes a tenth of the time of a new one."""
        self._empty(self._used.partition("?")[0].rpartition("/")[2])
        return self._used

    def _empty(self, database: str) -> None:
        tables = reversed(metadata.sorted_tables)
        # The triggers of the audit trail refuse to delete its records.
        statements = ["SET session_replication_role = replica", *(f"DELETE FROM {table.name}" for table in tables)]
        self.server.sql("; ".join(statements), database)


Databases = Sqlite | Postgres


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    server = Postgresql()
    yield server
    server.close()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A server, whose keys this process and its children have."""
    server = S3()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield server
    server.close()


@pytest.fixture(scope="session")
def postgres(postgresql: Postgresql) -> Postgres:
    return Postgres(postgresql)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Sqlite(tmp_path_factory) if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def location(databases: Databases) -> Path | str:
    """An empty database."""
    return databases.fresh()
