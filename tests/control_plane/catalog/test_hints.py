"""Hints of models in the catalog, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.freezing import Freeze
from pretzel.control_plane.placement import wishes
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.hints import NONE, Hinting, Hints
from pretzel.plan.terms import Terms
from tests.control_plane.catalog.releases import deploy
from tests.control_plane.conftest import Databases


@pytest.fixture
def catalog(databases: Databases) -> Iterator[Catalog]:
    opened = Catalog(databases.new())
    for name in ("a", "b"):
        deploy(opened, name)
    yield opened
    opened.close()


def test_hints_change_one_by_one_and_reach_watchers(catalog: Catalog):
    epoch, before = catalog.current()
    assert catalog.hints.of("a") == NONE
    assert catalog.hints.change("a", Hinting(replicas=2)).hints == Hints(replicas=2)
    assert catalog.hints.change("a", Hinting(workers=" tier=fast ")).hints == Hints(False, 2, "tier=fast")
    assert catalog.hints.of("a") == Hints(False, 2, "tier=fast")
    (changed,) = catalog.changes(epoch, before).models
    assert (changed.name, changed.hints) == ("a", Hints(False, 2, "tier=fast"))
    assert catalog.hints.change("a", Hinting(False, 0, "")).hints == NONE
    assert catalog.model("a").hints == NONE


def test_a_repeated_change_makes_no_revision(catalog: Catalog):
    first = catalog.hints.change("a", Hinting(pin=True))
    now = catalog.current()
    again = catalog.hints.change("a", Hinting(pin=True), Terms(if_edition=first.edition - 1))
    assert (again.edition, catalog.current()) == (first.edition, now)


def test_a_deleted_model_leaves_no_hints_to_its_successor(catalog: Catalog):
    catalog.hints.change("a", Hinting(pin=True))
    catalog.delete("a", force=True)
    deploy(catalog, "a")
    assert catalog.model("a").hints == NONE
    catalog.hints.change("a", Hinting(pin=True))
    catalog.delete("a:stable", force=True)
    deploy(catalog, "a")
    assert catalog.model("a").hints == NONE


@pytest.mark.parametrize(
    ("hinting", "message"),
    [
        (Hinting(), "nothing to change"),
        (Hinting(replicas=101), "expected 0 to 100, got 101"),
        (Hinting(workers="tier="), ""),
        (Hinting(workers="tier in ()"), "expected at least one value"),
        (Hinting(workers="a=b=c"), "malformed"),
    ],
)
def test_invalid_hints_change_nothing(catalog: Catalog, hinting: Hinting, message: str):
    before = catalog.current()
    if not message:
        assert catalog.hints.change("a", hinting).hints.admit({"tier": ""})
        return
    with pytest.raises(InputError, match=message):
        catalog.hints.change("a", hinting)
    assert (catalog.current(), catalog.model("a").hints) == (before, NONE)


def test_refused_changes(catalog: Catalog):
    with pytest.raises(NotFoundError, match="'c' is not deployed"):
        catalog.hints.change("c", Hinting(pin=True))
    with pytest.raises(PreconditionError, match="edition"):
        catalog.hints.change("a", Hinting(pin=True), Terms(if_edition=99))
    catalog.rolling.freeze(Freeze("a", "Ana", 1.5))
    with pytest.raises(PreconditionError, match="frozen by Ana"):
        catalog.hints.change("a", Hinting(pin=True))
    assert catalog.hints.change("a", Hinting(pin=True), Terms(override_freeze=True)).hints.pin


def test_what_the_placement_is_computed_from(catalog: Catalog):
    assert wishes.read(catalog.database, 0) == (catalog.current()[1], [])
    catalog.hints.change("a", Hinting(replicas=2))
    catalog.hints.change("b", Hinting(workers="tier=fast"))
    _, found = wishes.read(catalog.database, 0)
    assert [(one.model, one.hints) for one in found] == [("a", Hints(replicas=2))]
    _, found = wishes.read(catalog.database, 1)
    assert {one.model: one.hints for one in found} == {"a": Hints(replicas=2), "b": Hints(workers="tier=fast")}


def test_the_key_of_a_model_is_the_largest_object_that_it_shares():
    def digest(letter: str, size: int) -> str:
        return f"sha256:{letter * 64}/{size}"

    large, shared, small = digest("a", 900), digest("b", 500), digest("c", 20)
    alone = digest("d", 30)
    keys = wishes.keys_of({"m": [large, shared, small], "n": [shared, small], "o": [alone]})
    assert keys == {"m": shared, "n": shared, "o": alone}
