"""The catalog in PostgreSQL: logins, lost connections, several writers, and what must be as in SQLite."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.opening import dialect_of
from pretzel.control_plane.catalog.tables import metadata
from pretzel.errors import InputError, PreconditionError, UnavailableError
from tests.control_plane.catalog.releases import deploy, release
from tests.control_plane.conftest import Postgres


@pytest.fixture
def url(postgres: Postgres) -> str:
    return str(postgres.fresh())


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    opened = Catalog(url)
    yield opened
    opened.close()


def name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def cut(postgres: Postgres, url: str) -> None:
    """Cut the connections of the control planes, as a failing network or an administrator does."""
    postgres.server.sql(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        f"WHERE datname = '{name_of(url)}' AND application_name = 'pretzel'"
    )


def test_migrations_create_the_tables_of_the_code(catalog: Catalog):
    with catalog.database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        texts = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text'"
        assert connection.scalar(text(f"{texts} AND collation_name = 'C'")) == connection.scalar(text(texts)) > 10


def test_case_is_folded_as_python_does(catalog: Catalog):
    valid = [chr(c) for c in range(1, sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    some = [c for at, c in enumerate(valid) if c.casefold() != c or not at % 64]
    lines = ["".join(some[at : at + 997]) for at in range(0, len(some), 997)]
    with catalog.database.read() as connection:
        query = text("SELECT fold(line) FROM unnest(CAST(:lines AS text[])) WITH ORDINALITY t(line, n) ORDER BY n")
        folded = list(connection.scalars(query, {"lines": [*lines, "STRASSE ß ﬃ İ"]}))
    assert folded == [line.casefold() for line in [*lines, "STRASSE ß ﬃ İ"]]


def test_figures_above_32_bits(catalog: Catalog):
    large = release(1)
    catalog.publish("m", type(large)(large.plan, large.definition, 3 << 40, large.holdings), "stable")
    assert catalog.model("m").versions[0].parameter_bytes == 3 << 40


def test_a_connection_cut_in_mid_transaction_writes_nothing(catalog: Catalog, postgres: Postgres, url: str):
    deploy(catalog, seed=1)
    before = (catalog.current(), catalog.models())
    with pytest.raises(UnavailableError, match="nothing was written, retry"):
        catalog.publish("m", release(2), "stable", lambda: cut(postgres, url))
    assert (catalog.current(), catalog.models()) == before
    assert deploy(catalog, seed=2) == 2


def test_connections_cut_between_calls_are_opened_again(catalog: Catalog, postgres: Postgres, url: str):
    deploy(catalog)
    cut(postgres, url)
    assert [model.name for model in catalog.models()] == ["m"]
    cut(postgres, url)
    assert deploy(catalog, seed=1) == 2


def test_a_server_killed_in_mid_transaction(catalog: Catalog, postgres: Postgres):
    deploy(catalog, seed=1)
    before = (catalog.current(), catalog.models())
    with pytest.raises(UnavailableError, match="nothing was written, retry"):
        catalog.publish("m", release(2), "stable", postgres.server.kill)
    with pytest.raises(UnavailableError, match="check that it runs and can be reached, and retry"):
        catalog.models()
    postgres.server.start()
    assert (catalog.current(), catalog.models()) == before
    assert deploy(catalog, seed=2) == 2


def test_two_control_planes_write_in_turns(catalog: Catalog, url: str):
    """No deployment is lost or doubled, and a watcher at either sees the revisions in order and without gaps."""
    other = Catalog(url)
    epoch, start = catalog.current()
    revisions: list[int] = []

    def write(mine: Catalog, worker: int) -> None:
        for number in range(6):
            revisions.append(mine.publish(f"m{number % 2}", release((worker, number)), None)[1])

    threads = [threading.Thread(target=write, args=((catalog, other)[i % 2], i)) for i in range(4)]
    for thread in threads:
        thread.start()
    seen, at = dict[str, int](), start
    while any(thread.is_alive() for thread in threads) or at < other.current()[1]:
        changed = other.changes(epoch, at)
        assert not changed.snapshot and changed.revision >= at
        for model in changed.models:
            assert len(model.versions) >= seen.get(model.name, 0)
            seen[model.name] = len(model.versions)
        at = changed.revision
    other.close()
    assert sorted(revisions) == list(range(start + 1, start + 25))
    assert [[v.version for v in model.versions] for model in catalog.models()] == [list(range(1, 13))] * 2
    assert seen == {"m0": 12, "m1": 12}


def test_a_reader_sees_one_snapshot(catalog: Catalog, url: str):
    other = Catalog(url)
    with catalog.database.read() as connection:
        first = connection.exec_driver_sql("SELECT revision FROM state").scalar()
        deploy(other)
        assert connection.exec_driver_sql("SELECT revision FROM state").scalar() == first
    assert catalog.current()[1] > first
    other.close()


def test_a_writer_that_never_ends_is_unavailable(catalog: Catalog, url: str):
    other = Database(url)
    with other.write():
        with catalog.database.engine.connect() as connection:
            connection.exec_driver_sql("SET lock_timeout = '50ms'; COMMIT")
        with pytest.raises(UnavailableError, match="another process writes to it, retry"):
            deploy(catalog)
        assert catalog.models() == ()  # readers never wait
    assert deploy(catalog) == 1
    other.close()


@pytest.mark.parametrize("of_client", ["40001", "40P01"])
def test_a_conflict_with_a_program_of_others_is_to_be_retried(catalog: Catalog, of_client: str):
    def conflict() -> None:
        with catalog.database.write() as connection:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{of_client}'; END $$")

    with pytest.raises(UnavailableError, match="another change came between and nothing was written, retry"):
        conflict()


def test_a_catalog_of_a_newer_version(catalog: Catalog, postgres: Postgres):
    url = str(postgres.new())
    Database(url).close()
    postgres.server.sql("UPDATE alembic_version SET version_num = '9999'", name_of(url))
    with pytest.raises(PreconditionError, match="'9999'; a newer version of Pretzel wrote it"):
        Catalog(url)


def test_several_open_a_new_database_at_once(postgres: Postgres):
    url = postgres.server.url(postgres.server.create())
    epochs: list[str] = []

    def open_it() -> None:
        catalog = Catalog(url)
        epochs.append(catalog.epoch)
        catalog.close()

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(epochs) == 3 and len(set(epochs)) == 1


def test_rows_that_lack_others_are_found(catalog: Catalog, postgres: Postgres, url: str):
    deploy(catalog)
    assert catalog.database.integrity() == []
    replica = "SET session_replication_role = replica"  # without the checks of keys, as a damaged table has it
    postgres.server.sql(f"{replica}; DELETE FROM versions", name_of(url))
    assert catalog.database.integrity() == ["1 rows of aliases lack a row of versions"]


def test_a_password_comes_from_a_file_and_is_read_at_each_login(postgres: Postgres, tmp_path: Path):
    server, secret, database = postgres.server, tmp_path / "password", postgres.server.create()
    server.sql("DROP OWNED BY guarded; DROP ROLE guarded") if server.sql(
        "SELECT 1 FROM pg_roles WHERE rolname = 'guarded'"
    ) else None
    server.sql("CREATE ROLE guarded LOGIN PASSWORD 'hush-1'")
    server.sql("GRANT ALL ON SCHEMA public TO guarded", database)
    url = server.url(database, "guarded", f"&password_file={secret}")
    secret.write_text("wrong\n")
    with pytest.raises(PreconditionError, match="authentication failed.*check the user") as refused:
        Catalog(url)
    assert "wrong" not in str(refused.value) and str(secret) not in str(refused.value)
    secret.write_text("hush-1\n")
    catalog = Catalog(url)
    assert deploy(catalog) == 1
    server.sql("ALTER ROLE guarded PASSWORD 'hush-2'")
    secret.write_text("hush-2\n")
    cut(postgres, url)
    assert deploy(catalog, seed=1) == 2
    catalog.close()
    secret.unlink()
    with pytest.raises(PreconditionError, match="password_file .*/password: No such file"):
        Catalog(url)


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("postgresql://a:hush@h/d", InputError, "the URL has a password.*set PGPASSWORD or PGPASSFILE, or name a file"),
        ("postgresql://a@h/d?password=hush", InputError, "the URL has a password"),
        ("Postgresql://a:hush@h/d", InputError, "the URL has a password"),
        ("postgresql://h:port/d", InputError, "malformed URL; expected postgresql://user@host:5432/database"),
        ("mysql://h/d", InputError, "unknown scheme 'mysql'; expected sqlite:///path, postgresql://"),
        ("sqlite://h/d", InputError, "expected a file of this machine, such as sqlite:///var/lib"),
        ("sqlite:", InputError, "expected a file of this machine"),
    ],
)
def test_urls_that_name_no_catalog(url: str, kind: type[Exception], message: str):
    with pytest.raises(kind, match=message) as refused:
        dialect_of(url)
    assert "hush" not in str(refused.value)


def test_what_is_not_there_is_named(postgres: Postgres):
    with pytest.raises(PreconditionError, match='database "absent" does not exist; check the user, the database'):
        Catalog(postgres.server.url("absent"))
    with pytest.raises(UnavailableError, match="check that it runs and can be reached, and retry"):
        Catalog("postgresql://pretzel@/d?host=/nowhere")
    with pytest.raises(UnavailableError, match="check that it runs and can be reached"):
        dialect_of("postgresql://pretzel@/d?host=/nowhere").epoch()


def test_names_are_paths_and_urls_without_parameters():
    assert dialect_of("sqlite:///var/a%20b").name == dialect_of(Path("/var/a b")).name == "/var/a b"
    assert dialect_of("postgresql://u@h:5/d?password_file=/x&sslmode=require").name == "postgresql://u@h:5/d"


def test_an_epoch_is_found_without_creating_anything(postgres: Postgres):
    url = postgres.server.url(postgres.server.create())
    assert dialect_of(url).epoch() == ""
    assert postgres.server.sql("SELECT to_regclass('state')", name_of(url)) == [(None,)]
    catalog = Catalog(url, epoch="e1")
    assert dialect_of(url).epoch() == catalog.epoch == "e1"
    catalog.close()
