"""The file of the catalog: its migrations, locks and failures."""

import fcntl
import os
import re
import sqlite3
import subprocess
import sys
import threading
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.tables import metadata
from pretzel.errors import CorruptObjectError, ExhaustedError, PreconditionError, UnavailableError
from tests.control_plane.catalog.releases import deploy, release


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "catalog.sqlite")


def test_migrations_create_the_tables_of_the_code(database: Database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_are_one_chain():
    script = ScriptDirectory(str(files("pretzel.control_plane.catalog") / "migrations"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_pragmas(database: Database):
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    for durable, level in ((True, 2), (False, 1), (True, 2)):
        with database.write(durable) as connection:
            values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        assert values == ["wal", level, 1, 10000]


def test_an_epoch_is_made_once(tmp_path: Path):
    epochs = {Catalog(tmp_path / "catalog.sqlite").epoch for _ in range(3)}
    assert len(epochs) == 1
    assert Catalog(tmp_path / "other.sqlite").epoch not in epochs


def test_opening_waits_for_a_running_migration(tmp_path: Path):
    path = tmp_path / "catalog.sqlite"
    with open(path.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        thread = threading.Thread(target=Catalog, args=(path,))
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert not path.exists() or path.stat().st_size == 0
    thread.join(10)
    assert not thread.is_alive()
    assert Catalog(path).models() == ()


def test_several_processes_open_a_new_catalog_at_once(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path; from pretzel.control_plane.catalog import Catalog;"
        "print(Catalog(Path(sys.argv[1])).epoch)"
    )
    command = [sys.executable, "-P", "-c", program, str(tmp_path / "catalog.sqlite")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    epochs = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(epochs) == 1


def test_a_writer_that_never_ends_is_unavailable(tmp_path: Path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with catalog.database.read() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with pytest.raises(UnavailableError, match="database is locked; another process writes to it"):
        deploy(catalog)
    other.execute("ROLLBACK")
    assert catalog.models() == ()  # readers never waited


def test_a_file_that_is_not_a_database(tmp_path: Path):
    (tmp_path / "catalog.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(CorruptObjectError, match="file is not a database; check its disk; if it persists, restore"):
        Catalog(tmp_path / "catalog.sqlite")


def test_a_damaged_database(tmp_path: Path):
    path = tmp_path / "catalog.sqlite"
    catalog = Catalog(path)
    for i in range(50):
        deploy(catalog, f"m{i}")
    catalog.close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(CorruptObjectError, match="malformed; check its disk; if it persists, restore it"):
        Catalog(path).models()


def test_a_catalog_of_a_newer_version(tmp_path: Path):
    Catalog(tmp_path / "catalog.sqlite").close()
    other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    other.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(PreconditionError, match="'9999'; a newer version of Pretzel wrote it"):
        Catalog(tmp_path / "catalog.sqlite")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk(tmp_path: Path):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no mount here: {mounted.stderr.decode().strip()}")
    try:
        catalog = Catalog(tmp_path / "catalog.sqlite")
        deploy(catalog)
        with open(tmp_path / "ballast", "wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(4096))
        before = (catalog.current(), catalog.models())
        with pytest.raises(ExhaustedError, match="full"):
            catalog.publish("big", release(1, note="x" * 100_000), "stable")
        (tmp_path / "ballast").unlink()
        assert (catalog.current(), catalog.models()) == before
        assert catalog.publish("big", release(1, note="x" * 100_000), "stable")[0].version == 1
        catalog.close()
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_no_query_scans_a_table(tmp_path: Path):
    """With ten thousand models a deployment must not take longer than with ten."""
    catalog = Catalog(tmp_path / "catalog.sqlite")
    asked: list[tuple[str, object]] = []
    event.listen(
        catalog.database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, parameters, context, many: asked.append((statement, parameters)),
    )
    for seed in range(3):
        catalog.publish("m", release(seed), "stable")
    catalog.set_alias("m", "stable", 1)
    catalog.resolve("m@2")
    epoch, revision = catalog.current()
    catalog.changes(epoch, revision - 1)
    catalog.unneeded([release(1).plan, release(9).plan])
    catalog.delete("m@3")
    questions = {statement: values for statement, values in asked if statement.split()[0] not in ("BEGIN", "PRAGMA")}
    assert len(questions) > 10
    raw = sqlite3.connect(tmp_path / "catalog.sqlite")
    for statement, values in questions.items():
        one = values[0] if isinstance(values, list) else values
        steps = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", one)]
        assert not [step for step in steps if re.match(r"SCAN (models|versions|aliases|holdings|leases)", step)], (
            statement,
            steps,
        )
