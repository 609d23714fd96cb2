"""Garbage collection: leases, versions, races and kills."""

import subprocess
import threading
import time
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog, Release
from pretzel.control_plane.collect import Collected, collect
from pretzel.control_plane.store import DirectoryStore
from pretzel.errors import NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from tests.helpers.failpoints import killed_at


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite")


def put(store: DirectoryStore, text: str) -> Digest:
    digest = Digest.of(text.encode())
    store.put(digest, text.encode())
    return digest


def publish(store: DirectoryStore, catalog: Catalog, name: str, *objects: str) -> Release:
    plan, definition = put(store, f"plan {name}"), put(store, f"definition {name}")
    named = [put(store, text) for text in objects]
    release = Release(plan, definition, 1, {plan: named, definition: named})
    catalog.publish(name, release, "stable")
    return release


def test_objects_that_versions_need_stay(store: DirectoryStore, catalog: Catalog):
    publish(store, catalog, "a", "shared", "only a")
    publish(store, catalog, "b", "shared", "only b")
    garbage = put(store, "garbage")
    assert collect(store, catalog) == Collected(1, garbage.size)
    assert store.missing([garbage]) == [garbage]
    catalog.delete("a", force=True)
    assert collect(store, catalog).objects == 3
    assert {bytes(store.get(d)) for d in store.digests()} == {b"plan b", b"definition b", b"shared", b"only b"}
    catalog.delete("b", force=True)
    assert collect(store, catalog).objects == 4
    assert collect(store, catalog) == Collected(0, 0)


def test_an_older_version_keeps_its_objects(store: DirectoryStore, catalog: Catalog):
    publish(store, catalog, "m", "old")
    plan = put(store, "newer plan")
    catalog.publish("m", Release(plan, plan, 1, {plan: []}), "stable")
    assert collect(store, catalog).objects == 0
    catalog.delete("m@1")
    assert collect(store, catalog).objects == 3


def test_a_lease_keeps_an_object_until_it_ends(store: DirectoryStore, catalog: Catalog):
    leased = put(store, "leased")
    catalog.lease([leased], 0.2)
    assert collect(store, catalog).objects == 0
    deadline = time.monotonic() + 5
    while collect(store, catalog).objects == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert store.missing([leased])


def test_a_longer_lease_wins_and_a_shorter_one_takes_nothing(store: DirectoryStore, catalog: Catalog):
    leased = put(store, "leased")
    catalog.lease([leased], 0.01)
    catalog.lease([leased], 100)
    catalog.lease([leased], 0.01)
    time.sleep(0.02)
    assert collect(store, catalog).objects == 0


def test_leases_survive_a_restart(store: DirectoryStore, tmp_path: Path):
    leased = put(store, "leased")
    first = Catalog(tmp_path / "catalog.sqlite")
    first.lease([leased], 100)
    first.close()
    assert collect(store, Catalog(tmp_path / "catalog.sqlite")).objects == 0


def test_leasing_before_checking_never_loses_an_object(store: DirectoryStore, catalog: Catalog):
    """Uploads as by clients, while collections run: a client that leased and saw an object can publish it."""
    stop = threading.Event()
    lost: list[str] = []

    def collector() -> None:
        while not stop.is_set():
            collect(store, catalog)

    def client(who: int) -> None:
        for i in range(25):
            text = f"object {i}"  # all clients use the same objects, so that one finds those of another
            digest = Digest.of(text.encode())
            catalog.lease([digest], 0.3 if i % 2 else 30)
            if store.missing([digest]):
                store.put(digest, text.encode())
            try:
                store.get(digest)
            except NotFoundError:
                lost.append(f"{who} {text}")

    threads = [threading.Thread(target=collector)]
    clients = [threading.Thread(target=client, args=(who,)) for who in range(3)]
    for thread in threads + clients:
        thread.start()
    for thread in clients:
        thread.join()
    stop.set()
    threads[0].join()
    assert lost == []


def test_publishing_fails_completely_if_an_object_is_missing(store: DirectoryStore, catalog: Catalog):
    plan = put(store, "plan")
    gone = Digest.of(b"gone")

    def check() -> None:
        if missing := store.missing([plan, gone]):
            raise PreconditionError(f"{len(missing)} objects went")

    with pytest.raises(PreconditionError, match="1 objects went"):
        catalog.publish("m", Release(plan, plan, 1, {plan: [gone]}), "stable", check)
    assert catalog.models() == ()


@pytest.mark.parametrize("place", ["collect_before_delete", "collect_after_delete"])
def test_a_kill_in_the_middle_harms_nothing(store: DirectoryStore, catalog: Catalog, tmp_path: Path, place: str):
    release = publish(store, catalog, "m", "kept")
    garbage = put(store, "garbage")
    program = f"""
from pathlib import Path
from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.collect import collect
from pretzel.control_plane.store import DirectoryStore
here = Path({str(tmp_path)!r})
collect(DirectoryStore(here / "objects"), Catalog(here / "catalog.sqlite"))
"""
    assert subprocess.run(killed_at(place, program), timeout=30).returncode == -9
    assert store.missing([garbage]) == ([garbage] if place == "collect_after_delete" else [])
    assert store.missing([release.plan, release.definition, Digest.of(b"kept")]) == []
    collect(store, catalog)
    assert store.missing([garbage]) == [garbage]
    assert len(list(store.digests())) == 3
