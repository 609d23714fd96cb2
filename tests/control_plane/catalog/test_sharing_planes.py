"""Control planes over one catalog: ownership, leases on work, holds, and reports."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.opening import dialect_of
from pretzel.control_plane.catalog.peers import Heard, Peers
from pretzel.control_plane.collect import collect
from pretzel.control_plane.migrate import migrate
from pretzel.control_plane.store import MemoryStore
from pretzel.errors import InputError, PreconditionError, UnavailableError
from pretzel.plan.digest import Digest
from tests.control_plane.catalog.releases import deploy, release
from tests.control_plane.conftest import Databases, Postgres

LONG = 60.0


@pytest.fixture
def url(postgres: Postgres) -> str:
    return str(postgres.fresh())


@pytest.fixture
def pair(url: str) -> Iterator[tuple[Catalog, Catalog]]:
    with closing(Catalog(url)) as a, closing(Catalog(url)) as b:
        yield a, b


def test_a_catalog_is_used_alone_or_shared(databases: Databases):
    location = databases.fresh()
    shares = dialect_of(location).shares
    in_use = r"in use by .*pid \d+ on .*; stop what uses it, and retry"
    with closing(dialect_of(location).own(alone=False)):
        with pytest.raises(PreconditionError, match=in_use):
            dialect_of(location).own(alone=True)
        if shares:
            dialect_of(location).own(alone=False).close()
        else:
            with pytest.raises(PreconditionError, match=in_use):
                dialect_of(location).own(alone=False)
    with closing(dialect_of(location).own(alone=True)), pytest.raises(PreconditionError, match=in_use):
        dialect_of(location).own(alone=False)
    dialect_of(location).own(alone=False).close()


def test_who_has_a_catalog_alone_keeps_the_writes_of_others_away(url: str):
    """A control plane whose session was cut may not have noticed it."""
    with closing(Catalog(url)) as catalog:
        alone = dialect_of(url)
        with closing(alone.own(alone=True)), closing(Database(alone)) as mine:
            with mine.write():
                pass
            with catalog.database.engine.connect() as connection:
                connection.exec_driver_sql("SET lock_timeout = '50ms'; COMMIT")
            with pytest.raises(UnavailableError, match="another process writes to it, retry"):
                deploy(catalog)
        assert deploy(catalog) == 1


def test_a_session_that_is_cut_is_noticed(postgres: Postgres, url: str):
    session = dialect_of(url).own(alone=False)
    assert session.wait(0.0) == set()
    database = url.partition("?")[0].rpartition("/")[2]
    postgres.server.sql(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        f"WHERE datname = '{database}' AND application_name <> 'pretzel' AND pid <> pg_backend_pid()"
    )
    with pytest.raises(UnavailableError, match="the connection that holds it was lost"):
        while True:  # the message of the server comes before the end of the connection
            session.wait(LONG)
    session.close()
    dialect_of(url).own(alone=True).close()


def test_changes_are_announced(url: str, pair: tuple[Catalog, Catalog]):
    a, b = pair
    with closing(dialect_of(url).own(alone=False)) as session:
        deploy(a)
        assert session.wait(LONG) == {f"changed {a.plane}"}
        with pytest.raises(ZeroDivisionError):
            b.publish("m", release(2), "stable", lambda: 1 // 0)
        deploy(b, seed=3)
        assert session.wait(LONG) == {f"changed {b.plane}"}


def test_two_schemas_of_a_database_are_two_catalogs(postgres: Postgres):
    url = postgres.server.url(postgres.server.create())
    name = url.partition("?")[0].rpartition("/")[2]
    first, second = (f"{url}&options=-csearch_path%3D{schema}" for schema in ("one", "two"))
    for schema in ("one", "two"):
        postgres.server.sql(f"CREATE SCHEMA {schema}", name)
    with closing(Catalog(first)) as catalog:
        deploy(catalog)
        assert catalog.database.name.endswith(f"/{name} (schema one)")
    assert migrate(first, second)["versions"] == 1
    with pytest.raises(InputError, match=r"schema one\): source and target are the same; name another target"):
        migrate(first, f"{first}&connect_timeout=5")
    with closing(Catalog(second)) as copied, closing(dialect_of(first).own(alone=True)):
        assert deploy(copied, seed=9) == 2


def test_a_lease_on_work(pair: tuple[Catalog, Catalog]):
    a, b = pair[0].work, pair[1].work
    first = a.take("collect", LONG)
    assert first is not None and b.take("collect", LONG) is None
    assert b.holder("collect") == pair[0].plane and b.take("other", LONG) is not None
    assert a.renew(first, LONG)
    a.give_back(first)
    second = b.take("collect", 0.0)  # it ends at once, as that of one that was killed ends after its time
    assert second is not None and second.token > first.token
    third = a.take("collect", LONG)
    assert third is not None and third.token > second.token
    assert not b.renew(second, LONG)
    b.give_back(second)
    assert b.take("collect", LONG) is None
    for task, current in ((first, False), (second, False), (third, True)):
        with pair[1].database.write() as connection:
            if current:
                task.check(connection)
            else:
                with pytest.raises(UnavailableError, match="collect: another control plane has taken over; nothing"):
                    task.check(connection)


def test_a_catalog_of_one_process_needs_no_leases(tmp_path: Path):
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        before = catalog.database.engine.raw_connection().driver_connection.total_changes
        task = catalog.work.take("collect", LONG)
        assert task is not None and catalog.work.renew(task, LONG)
        catalog.work.give_back(task)
        with catalog.database.write() as connection:
            task.check(connection)
        assert catalog.database.engine.raw_connection().driver_connection.total_changes == before


def test_a_collection_that_was_taken_over_removes_nothing(pair: tuple[Catalog, Catalog]):
    a, b = pair
    store = MemoryStore()
    store.put(Digest.of(b"garbage"), b"garbage")
    late = a.work.take("collect", 0.0)
    assert b.work.take("collect", LONG) is not None
    with pytest.raises(UnavailableError, match="another control plane has taken over"):
        collect(store, a, task=late)
    assert list(store.digests()) == [Digest.of(b"garbage")]
    assert collect(store, a).objects == 1


def test_collections_at_random_moments_keep_what_others_hold(pair: tuple[Catalog, Catalog]):
    """One deploys: it holds, looks, stores what lacks, and publishes; the other collects all the time."""
    a, b = pair
    store, stop, chance = MemoryStore(), threading.Event(), random.Random(1)

    def collecting() -> None:
        while not stop.is_set():
            collect(store, b)

    collector = threading.Thread(target=collecting)
    collector.start()
    try:
        for number in range(25):
            blobs = [b"%d" % chance.randrange(8) for _ in range(3)]
            with a.holding() as hold:
                hold.add(map(Digest.of, blobs))
                for digest in store.missing(map(Digest.of, blobs)):
                    store.put(digest, next(blob for blob in blobs if Digest.of(blob) == digest))
                threading.Event().wait(chance.uniform(0, 0.005))
                assert store.missing(map(Digest.of, blobs)) == [], number
    finally:
        stop.set()
        collector.join()
    collect(store, b)
    assert list(store.digests()) == []


def test_a_hold_whose_end_was_lost_ends_at_a_collection(pair: tuple[Catalog, Catalog], monkeypatch: pytest.MonkeyPatch):
    """As after a crash of the database, which loses commits that were not flushed; running holds stay."""
    a, b = pair
    left, running = Digest.of(b"left"), Digest.of(b"running")
    with monkeypatch.context() as patched, a.holding() as hold:
        patched.setattr(Catalog, "_let_go", lambda *_: None)
        with a.holding() as lost:
            lost.add([left])
        hold.add([running])
        b.forget()
        assert b.unneeded([left, running]) == []
        a.forget()
        assert b.unneeded([left, running]) == [left]


def test_leases_of_clients_of_two_with_one_address(pair: tuple[Catalog, Catalog]):
    a, b = pair
    digest, client = Digest.of(b"x"), "ipv4:10.0.0.1:5000"
    for catalog in pair:
        catalog.lease([digest], LONG, client)
    b.release([digest], client)
    assert a.unneeded([digest]) == b.unneeded([digest]) == []
    a.release([digest], client)
    assert a.unneeded([digest]) == [digest]


def test_reports_of_workers(pair: tuple[Catalog, Catalog]):
    a, b = (Peers(catalog.database, catalog.plane) for catalog in pair)
    assert not a.beat(LONG) and not b.beat(LONG) and a.beat(LONG)
    a.write([Heard("w1", b"1", 3.0, True), Heard("w2", b"2", 0.0, False)], [], [])
    seen = {heard.worker: heard for heard in b.others()}
    assert {name: (heard.report, heard.follows) for name, heard in seen.items()} == {
        "w1": (b"1", True),
        "w2": (b"2", False),
    }
    assert 3.0 <= seen["w1"].age < LONG and 0 < seen["w1"].lasts <= LONG
    assert a.others() == []
    b.write([Heard("w1", b"later", 0.0, True)], [], [])  # the worker moved
    a.write([Heard("w1", b"older", 2.0, True)], [("w2", 0.0)], ["w1"])
    assert [heard.report for heard in a.others()] == [b"later"]
    assert [heard.report for heard in b.others()] == [b"2"]
    b.leave()
    assert a.others() == []
    assert not b.beat(LONG)
    a.beat(0.0)  # it counts as dead at once
    b.beat(LONG)
    assert b.others() == [] and not a.beat(LONG)
    assert a.others() == b.others() == []
