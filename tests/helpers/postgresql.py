"""A real PostgreSQL of the tests: unprivileged, in a temporary directory, reached by a Unix socket alone."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

INSTALL = "apt-get install postgresql"
_NOBODY = 65534
_SECONDS = 30
_SETTINGS = ("shared_buffers=16MB", "max_connections=60", "listen_addresses=")
_QUICK = ("fsync=off", "full_page_writes=off")
_ACCESS = "local all guarded scram-sha-256\nlocal all all trust\n"


@cache
def programs() -> Path | None:
    """Return the directory of the programs of the server, of the newest version that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


class Postgresql:
    """One server, and databases that are copies of its template."""

    def __init__(self, *, durable: bool = False) -> None:
        """Start a server; a durable one flushes its disk, as outside of tests."""
        self._settings = _SETTINGS if durable else (*_SETTINGS, *_QUICK)
        found = programs()
        if found is None:
            reason = f"PostgreSQL is not installed: {INSTALL}"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        self._programs, self._names = found, count(1)
        # Not below the directories of pytest, which other users cannot enter.
        self.directory = Path(tempfile.mkdtemp(prefix="pretzel-pg-"))
        if os.geteuid() == 0:  # the server refuses to run as root
            os.chown(self.directory, _NOBODY, _NOBODY)
        self._run("initdb", "--no-sync", "--auth=trust", "--username=pretzel", "--encoding=UTF8", "--locale=C.UTF-8")
        (self.directory / "data" / "pg_hba.conf").write_text(_ACCESS)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        ready = [str(self._programs / "pg_isready"), "-q", "-t", "1", "-h", str(self.directory)]
        end = time.monotonic() + _SECONDS
        while self._process is None or subprocess.run(ready).returncode:
            assert time.monotonic() < end, (self.directory / "log").read_text()[-2000:]
            # After a kill it refuses to start until the last process of the one before has noticed.
            if self._process is None or self._process.poll() is not None:
                self._process = self._launch()

    def kill(self) -> None:
        """Kill the server; its other processes end when they notice, as in a crash."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_SECONDS)
        self._process = None

    def close(self) -> None:
        """Stop the server, and remove its files."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # its fast shutdown, which ends sessions
            self._process.wait(_SECONDS)
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, database: str, user: str = "pretzel", more: str = "") -> str:
        """Return the URL of a database, as a control plane takes it."""
        return f"postgresql://{user}@/{database}?host={self.directory}{more}"

    def create(self, template: str = "template1") -> str:
        """Create a database, and return its name."""
        name = f"test{next(self._names)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
        return name

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the owner, and return its rows."""
        with psycopg.connect(host=str(self.directory), user="pretzel", dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = [
            word for text in (*self._settings, f"unix_socket_directories={self.directory}") for word in ("-c", text)
        ]
        with open(self.directory / "log", "ab") as log:
            return subprocess.Popen(self._command("postgres", *settings), stdout=log, stderr=log)

    def _run(self, program: str, *arguments: str) -> None:
        ran = subprocess.run(self._command(program, *arguments), capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr

    def _command(self, program: str, *arguments: str) -> list[str]:
        user = ["--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"] if os.geteuid() == 0 else []
        command = [str(self._programs / program), "-D", str(self.directory / "data"), *arguments]
        # It ends with the process of the tests, even if that is killed.
        return ["setpriv", *user, "--pdeathsig", "QUIT", "--", *command]
