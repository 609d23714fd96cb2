"""Changes that a watcher of the catalog receives: those since a revision, or a snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from pretzel.control_plane.catalog import Catalog, Changes, reading
from pretzel.errors import NotFoundError, UnavailableError
from pretzel.plan.model import Model
from tests.control_plane.catalog.releases import deploy
from tests.control_plane.conftest import Databases


def test_every_change_is_announced(location: Path | str):
    calls: list[int] = []
    catalog = Catalog(location, on_change=lambda: calls.append(1))
    deploy(catalog)
    catalog.set_alias("m", "blue", 1)
    catalog.delete("m", force=True)
    assert len(calls) == 3


def test_a_change_whose_commit_is_in_doubt_is_announced(location: Path | str, monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []
    catalog = Catalog(location, on_change=lambda: calls.append(1))
    deploy(catalog)
    write = catalog.database.write

    @contextmanager
    def lost() -> Iterator[Connection]:
        with write() as connection:
            yield connection
        raise UnavailableError("the connection was lost during the commit")

    monkeypatch.setattr(catalog.database, "write", lost)
    with pytest.raises(UnavailableError):
        catalog.delete("m", force=True)
    assert len(calls) == 2 and not catalog.models()


def test_changes(catalog: Catalog):
    deploy(catalog, "a")
    deploy(catalog, "b")
    epoch, revision = catalog.current()
    assert catalog.changes(epoch, revision) == Changes(epoch, revision, False, (), ())
    deploy(catalog, "c")
    catalog.delete("a", force=True)
    changed = catalog.changes(epoch, revision)
    assert not changed.snapshot
    assert [model.name for model in changed.models] == ["c"]
    assert changed.deleted == ("a",)
    assert changed.revision == catalog.current()[1] > revision


@pytest.mark.parametrize(("epoch", "revision"), [("", 0), ("another store", 1), ("same", 0), ("same", 99)])
def test_a_watcher_that_cannot_follow_gets_a_snapshot(catalog: Catalog, epoch: str, revision: int):
    deploy(catalog, "a")
    deploy(catalog, "b")
    catalog.delete("b", force=True)
    changed = catalog.changes(catalog.epoch if epoch == "same" else epoch, revision)
    assert changed.snapshot
    assert [model.name for model in changed.models] == ["a"]
    assert changed.deleted == ()


def test_a_watcher_that_missed_too_many_deletions_gets_a_snapshot(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MOST_DELETIONS", 3)
    epoch, revision = catalog.current()
    for i in range(4):
        deploy(catalog, f"m{i}")
    for i in range(3):
        catalog.delete(f"m{i}", force=True)
    assert not catalog.changes(epoch, revision).snapshot
    catalog.delete("m3", force=True)
    assert catalog.changes(epoch, revision).snapshot


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["deploy", "alias", "delete", "drop", "watch"]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 3),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_watcher_that_follows_sees_what_a_snapshot_shows(databases: Databases, steps: list[tuple[str, str, int]]):
    catalog = Catalog(databases.fresh())
    seen: dict[str, Model] = {}
    at = ("", 0)
    for what, name, number in [*steps, ("watch", "", 0)]:
        try:
            match what:
                case "deploy":
                    deploy(catalog, name, number)
                case "alias":
                    catalog.set_alias(name, "blue", number)
                case "delete":
                    catalog.delete(f"{name}@{number}", force=True)
                case "drop":
                    catalog.delete(name, force=True)
                case "watch":
                    changed = catalog.changes(*at)
                    assert changed.snapshot == (at == ("", 0))
                    seen = {} if changed.snapshot else seen
                    seen |= {model.name: model for model in changed.models}
                    for gone in changed.deleted:
                        seen.pop(gone, None)
                    at = (changed.epoch, changed.revision)
        except NotFoundError:
            pass
    assert tuple(seen[name] for name in sorted(seen)) == catalog.models()
    catalog.close()
