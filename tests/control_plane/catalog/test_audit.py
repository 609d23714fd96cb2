"""The audit trail: what each change leaves in it, and that nothing takes it away."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from pretzel.control_plane.catalog import Catalog, Marking
from pretzel.control_plane.catalog.audit import ORIGIN, Change, Origin, record
from pretzel.control_plane.catalog.audit.filters import Filters
from pretzel.control_plane.catalog.audit.recording import MOST_ENTRIES
from pretzel.control_plane.catalog.audit.trail import Record, Trail
from pretzel.control_plane.catalog.copying import copy
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.selectors import Selection
from pretzel.control_plane.collect import collect
from pretzel.control_plane.store.memory import MemoryStore
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from tests.control_plane.catalog.releases import deploy, release

ALL = Filters()


def records(catalog: Catalog, filters: Filters = ALL) -> list[Record]:
    """All records, oldest first."""
    return Trail(catalog.database).page(filters, 0, 10_000)[0][::-1]


def last(catalog: Catalog) -> tuple[str, int, object, object]:
    found = records(catalog)[-1]
    assert (found.code, found.message, found.omitted) == ("OK", "", 0)
    return found.model, found.version, found.before, found.after


def plan(seed: object) -> str:
    return str(release(seed).plan)


def test_deployments(catalog: Catalog):
    deploy(catalog, seed=1)
    assert last(catalog) == ("m", 1, {}, {"version 1": plan(1), "alias stable": 1})
    deploy(catalog, seed=2)
    assert last(catalog) == ("m", 2, {"alias stable": 1}, {"version 2": plan(2), "alias stable": 2})
    deploy(catalog, seed=2)  # changes nothing
    deploy(catalog, "n", seed=1, alias=None)
    assert last(catalog) == ("n", 1, {}, {"version 1": plan(1)})
    assert [one.id for one in records(catalog)] == [1, 2, 3]


def test_a_version_that_is_verified_later(catalog: Catalog):
    deploy(catalog)
    verified = {"verified": True, "verification": {"rows": 3, "of": 9, "ties": 0}}
    catalog.publish("m", release(**verified), "stable")
    key = "version 1 verification"
    assert last(catalog) == ("m", 0, {key: "not verified"}, {key: "verified on 3 of 9 rows"})


def test_versions_that_are_not_kept(location: Path | str):
    catalog = Catalog(location, keep_versions=1)
    for seed in range(3):
        deploy(catalog, seed=seed)
    assert last(catalog) == (
        "m",
        3,
        {"version 1": plan(0), "alias stable": 2},
        {"version 3": plan(2), "alias stable": 3},
    )
    catalog.close()


def test_aliases(catalog: Catalog):
    deploy(catalog, seed=1), deploy(catalog, seed=2)
    catalog.set_alias("m", "stable", 1)
    assert last(catalog) == ("m", 1, {"alias stable": 2}, {"alias stable": 1})
    catalog.set_alias("m", "stable", 1)
    catalog.set_alias("m", "stable", 0)
    assert last(catalog) == ("m", 0, {"alias stable": 1}, {})
    assert len(records(catalog)) == 4


def test_labels_and_deletions(catalog: Catalog):
    deploy(catalog)
    catalog.labels.mark("m", Marking({"team": "ads"}, owner="ada"))
    assert last(catalog) == ("m", 0, {}, {"label team": "ads", "owner": "ada"})
    catalog.labels.mark("m@1", Marking(note="first\nline"))
    assert last(catalog) == ("m", 0, {}, {"version 1 note": "first\nline"})
    catalog.labels.mark("m", Marking({"team": "shop"}, owner=""))
    assert last(catalog) == ("m", 0, {"label team": "ads", "owner": "ada"}, {"label team": "shop"})
    deploy(catalog, seed=2, alias=None)
    catalog.delete("m@2")
    assert last(catalog) == ("m", 2, {"version 2": plan(2)}, {})
    catalog.delete("m", force=True)
    everything = {"version 1": plan(0), "alias stable": 1, "label team": "shop", "version 1 note": "first\nline"}
    assert last(catalog) == ("m", 1, everything, {})


def test_the_deletion_of_a_selection_has_a_record_of_each_model(catalog: Catalog):
    for name in ("a", "b", "c"):
        deploy(catalog, name)
    catalog.labels.delete("", Selection(text="a"), dry_run=True)
    catalog.labels.delete("", Selection(text="b"), dry_run=False)
    gone = {"version 1": plan(0), "alias stable": 1}
    assert last(catalog) == ("b", 1, gone, {})
    assert len(records(catalog)) == 4


def test_collections(catalog: Catalog):
    store = MemoryStore()
    for text in (b"one", b"two"):
        store.put(Digest.of(text), text)
    collect(store, catalog)
    assert last(catalog) == ("", 0, {"objects": 2, "bytes": 6}, {})
    assert (records(catalog)[-1].identity, records(catalog)[-1].method) == ("system", "CollectGarbage")
    collect(store, catalog)
    assert len(records(catalog)) == 1


def test_a_change_that_fails_leaves_no_record(catalog: Catalog):
    def fail() -> None:
        raise PreconditionError("collected")

    origin = Origin("DeployModel")
    token = ORIGIN.set(origin)
    try:
        with pytest.raises(PreconditionError):
            catalog.publish("m", release(), "stable", fail)
        with pytest.raises(NotFoundError):
            catalog.set_alias("m", "stable", 1)
    finally:
        ORIGIN.reset(token)
    assert (records(catalog), origin.recorded) == ([], False)


def test_who_and_where(catalog: Catalog):
    origin = Origin("DeployModel", "ada", "ada@example.org", "ipv4:10.0.0.1:5000", "7f")
    token = ORIGIN.set(origin)
    try:
        deploy(catalog)
    finally:
        ORIGIN.reset(token)
    (found,) = records(catalog)
    assert (found.identity, found.subject, found.method) == ("ada", "ada@example.org", "DeployModel")
    assert (found.peer, found.request_id) == ("ipv4:10.0.0.1:5000", "7f")
    assert abs(found.at - time.time()) < 600
    assert origin.recorded


def test_texts_of_callers(catalog: Catalog):
    Trail(catalog.database).refuse(Origin("SetAlias", model="a\0" + "x" * 5000), "NOT_FOUND", "e\0" * 5000)
    with catalog.database.write() as connection:
        record(connection, Change("é", after={f"k{i}\0": "v" * 999 for i in range(99)}), method="test")
    first, second = records(catalog)
    assert (first.model[:3], len(first.model), len(first.message)) == ("a\ufffdx", 1000, 1000)
    assert len(second.after) == MOST_ENTRIES + 1
    assert second.after["…"] == f"and {99 - MOST_ENTRIES} more"
    assert len(str(second.after["k0\0"])) == 200


FORBIDDEN = (
    "UPDATE audit SET identity = 'eve'",
    "UPDATE audit SET id = id + 1000",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE id = 1",
    "UPDATE audit_floor SET first = 1",
    "DELETE FROM audit_floor",
)
REPLACE = """INSERT OR REPLACE INTO audit SELECT id, at, 'eve', subject, method, model, version, peer, request_id,
 before, after, code, message, omitted FROM audit"""


def test_the_database_refuses_to_change_records(catalog: Catalog):
    for seed in range(5):
        deploy(catalog, seed=seed)
    Trail(catalog.database).drop(0, 3)
    before = records(catalog)
    assert [one.id for one in before] == [3, 4, 5]
    sqlite = catalog.database.engine.dialect.name == "sqlite"
    for statement in (*FORBIDDEN, *([REPLACE] if sqlite else ["TRUNCATE audit", "TRUNCATE audit_floor"])):
        if statement == "DELETE FROM audit WHERE id = 1":
            statement = "DELETE FROM audit WHERE id = 3"
        with pytest.raises(DBAPIError, match=r"audit: (records are never|the floor rises)"):
            with catalog.database.write() as connection:
                connection.exec_driver_sql(statement)
    assert records(catalog) == before


def test_records_are_kept_unless_a_bound_is_set(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    trail, now = Trail(catalog.database), time.time()
    for seed in range(4):
        deploy(catalog, seed=seed)
    assert trail.drop(0, 0) == 0
    assert trail.drop(1, 4) == 0
    assert trail.drop(0, 1) == 3
    monkeypatch.setattr(time, "time", lambda: now + 3 * 86_400)
    deploy(catalog, seed=9)
    assert [one.id for one in records(catalog)] == [4, 5]  # numbers are not used again
    assert trail.drop(2, 0) == 1
    assert [one.id for one in records(catalog)] == [5]
    monkeypatch.setattr(time, "time", lambda: now + 9 * 86_400)
    assert trail.drop(2, 0) == 1
    deploy(catalog, seed=1)
    assert [one.id for one in records(catalog)] == [6]


def test_a_copy_has_the_trail(catalog: Catalog, tmp_path: Path):
    deploy(catalog, seed=1), deploy(catalog, seed=2)
    Trail(catalog.database).drop(0, 1)
    target = Database(tmp_path / "other.sqlite", catalog.epoch)
    copy(catalog.database, target)
    kept, moved = Trail(target).page(ALL, 0, 10)[0][::-1]
    assert kept == records(catalog)[-1]
    assert (moved.id, moved.identity, moved.method) == (3, "system", "migrate")
    assert (moved.before, moved.after) == ({"catalog": catalog.database.name}, {"catalog": target.name})
    with pytest.raises(DBAPIError, match="records are never"), target.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit")
    target.close()


NAMES = ("a", "a/x", "a/y", "b", "", "\U0010ffff", "A", "é")
WHO = ("ada", "bob", "anonymous")
CODES = ("OK", "NOT_FOUND", "PERMISSION_DENIED")
ENTRIES = st.tuples(st.sampled_from(NAMES), st.sampled_from(WHO), st.sampled_from(CODES))
FILTERS = st.builds(
    Filters,
    model=st.sampled_from(["", *NAMES, "*", "a*", "a/*", "\U0010ffff*", "a\0*", "a\0"]),
    identity=st.sampled_from(["", *WHO]),
    outcome=st.sampled_from(["", "ok", "failed", "not_found", "NOT_FOUND"]),
    after=st.integers(0, 12),
)


def expected(number: int, entry: tuple[str, str, str], filters: Filters) -> bool:
    model, who, code = entry
    named = model.startswith(filters.model[:-1]) if filters.model.endswith("*") else filters.model in ("", model)
    outcome = filters.outcome.upper()
    return (
        named
        and filters.identity in ("", who)
        and (outcome in ("", code) or (outcome == "FAILED" and code != "OK"))
        and number > filters.after
    )


@pytest.fixture
def filled(catalog: Catalog) -> Callable[[list[tuple[str, str, str]]], int]:
    trail = Trail(catalog.database)

    def fill(entries: list[tuple[str, str, str]]) -> int:
        """Add records, and return the number of the last one before them."""
        before = records(catalog)
        for model, who, code in entries:
            trail.refuse(Origin("SetAlias", who, model=model), code, "")
        return before[-1].id if before else 0

    return fill


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRIES, max_size=12), FILTERS, st.integers(1, 5))
def test_filters_and_pages(catalog: Catalog, filled, entries, filters: Filters, size: int):
    base = filled(entries)
    shifted = Filters(filters.model, filters.identity, outcome=filters.outcome, after=base + filters.after)
    wanted = [base + i for i, entry in enumerate(entries, 1) if expected(i, entry, filters)]
    found: list[int] = []
    below = 0
    while True:
        page, below = Trail(catalog.database).page(shifted, below, size)
        assert len(page) <= size
        found += [one.id for one in page]
        if not below:
            break
        assert len(page) == size
    assert found == wanted[::-1]


def test_times(catalog: Catalog):
    deploy(catalog)
    (found,) = records(catalog)
    assert records(catalog, Filters(since=found.at)) == [found]
    assert records(catalog, Filters(since=found.at + 1)) == []
    assert records(catalog, Filters(until=found.at)) == []
    assert records(catalog, Filters(until=found.at + 1)) == [found]


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        (Filters(model="x" * 501), "model: 501 characters; at most 500"),
        (Filters(outcome="n/a"), "outcome 'n/a': expected ok, failed or a status"),
    ],
)
def test_filters_that_are_refused(filters: Filters, problem: str):
    with pytest.raises(InputError, match=problem):
        filters.check()
