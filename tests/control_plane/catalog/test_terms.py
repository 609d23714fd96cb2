"""Conditions of changes, and freezes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pretzel.control_plane.catalog import Catalog, Marking, clock
from pretzel.control_plane.catalog.freezing import MOST_FREEZES, Freeze
from pretzel.errors import ExhaustedError, InputError, NotFoundError, PreconditionError
from pretzel.plan.terms import ANY, Terms
from tests.control_plane.catalog.releases import deploy, release

Change = Callable[[Catalog, Terms], Any]
CHANGES: dict[str, Change] = {
    "deploy": lambda catalog, terms: catalog.publish("m", release(7), "stable", terms=terms),
    "alias": lambda catalog, terms: catalog.set_alias("m", "stable", 1, terms),
    "labels": lambda catalog, terms: catalog.labels.mark("m", Marking({"a": "b"}), terms),
    "delete": lambda catalog, terms: catalog.delete("m@1", True, terms),
    "traffic": lambda catalog, terms: catalog.rolling.split("m", "stable", {1: 5000, 2: 5000}, terms),
}


@pytest.fixture
def two(catalog: Catalog) -> Catalog:
    for seed in (1, 2):
        deploy(catalog, seed=seed)
    return catalog


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> Change:
    return CHANGES[request.param]


def test_a_change_needs_the_version_of_its_alias(two: Catalog, change: Change):
    before = two.models()
    with pytest.raises(PreconditionError, match="^m: alias 'stable' points to version 2, and the change expects vers"):
        change(two, Terms(if_version=1))
    with pytest.raises(PreconditionError, match="^m: alias 'stable' points to version 2, and the change expects none"):
        change(two, Terms(if_version=0))
    assert two.models() == before
    change(two, Terms(if_version=2))


def test_a_change_needs_the_edition_of_its_model(two: Catalog, change: Change):
    edition = two.model("m").edition
    with pytest.raises(PreconditionError, match=f"^model 'm' is at edition {edition}, and the change expects"):
        change(two, Terms(if_edition=99))
    assert two.model("m").edition == edition
    change(two, Terms(if_edition=edition))
    assert two.model("m").edition > edition
    with pytest.raises(PreconditionError, match="is at edition"):
        two.labels.mark("m", Marking({"x": "y"}), Terms(if_edition=edition))


def test_a_deployment_may_require_that_there_is_no_model(catalog: Catalog):
    none = Terms(if_version=0, if_edition=0)
    catalog.publish("m", release(1), "stable", terms=none)
    with pytest.raises(PreconditionError, match="points to version 1, and the change expects none"):
        catalog.publish("m", release(2), "stable", terms=Terms(if_version=0))
    with pytest.raises(PreconditionError, match="model 'n' does not exist, and the change expects edition 3"):
        catalog.publish("n", release(2), "stable", terms=Terms(if_edition=3))
    with pytest.raises(PreconditionError, match="alias 'canary' does not exist, and the change expects version 1"):
        catalog.publish("m", release(2), "canary", terms=Terms(if_version=1))


@pytest.mark.parametrize("name", ["deploy", "alias", "traffic"])
def test_a_change_that_is_made_already_is_repeated(two: Catalog, name: str):
    terms = Terms(if_version=2, if_edition=two.model("m").edition)
    CHANGES[name](two, terms)
    made = two.models()
    CHANGES[name](two, terms)  # as after an answer that was lost
    assert two.models() == made


def test_a_deleted_model_has_no_edition_but_its_next_one_goes_on(two: Catalog):
    edition = two.model("m").edition
    two.delete("m", force=True)
    two.publish("m", release(1), "stable", terms=Terms(if_edition=0))
    assert two.model("m").edition > edition


@pytest.mark.parametrize("pattern", ["m", "m*", "*"])
def test_a_frozen_model_is_not_changed(two: Catalog, change: Change, pattern: str):
    two.rolling.freeze(Freeze(pattern, "Ana", 0.0, clock.now() + 3600, "the fair"))
    before = two.models()
    with pytest.raises(PreconditionError, match=r"^model 'm' is frozen by Ana on 1970-.* UTC until .* UTC: the fair"):
        change(two, ANY)
    assert two.models() == before
    change(two, Terms(override_freeze=True))


@pytest.mark.parametrize("pattern", ["n", "mm", "m/*"])
def test_other_models_are_changed(two: Catalog, pattern: str):
    two.rolling.freeze(Freeze(pattern, "Ana", 0.0))
    two.set_alias("m", "stable", 1)


def test_a_selection_with_a_frozen_model_is_not_deleted(two: Catalog):
    from pretzel.control_plane.catalog import Selection

    two.labels.mark("m", Marking({"old": ""}))
    two.rolling.freeze(Freeze("m", "Ana", 0.0))
    with pytest.raises(PreconditionError, match="model 'm' is frozen by Ana"):
        two.labels.delete("", Selection.of("old"), False)
    assert two.labels.delete("", Selection.of("old"), False, override_freeze=True) == ["m"]


def test_a_freeze_ends_by_itself_or_by_name(two: Catalog, monkeypatch: pytest.MonkeyPatch):
    two.rolling.freeze(Freeze("m", "Ana", 0.0, clock.now() + 60))
    two.rolling.freeze(Freeze("*", "Bo", 1.0))
    assert [(one.pattern, one.by) for one in two.rolling.freezes()] == [("*", "Bo"), ("m", "Ana")]
    two.rolling.freeze(Freeze("*", "Cy", 2.0))
    two.rolling.unfreeze("*")
    with pytest.raises(PreconditionError):
        deploy(two, seed=9)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 61)
    deploy(two, seed=9)
    assert two.rolling.freezes() == []
    with pytest.raises(NotFoundError, match="freeze 'm': there is none of this pattern; the patterns are: none"):
        two.rolling.unfreeze("m")


@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        (Freeze("", "A", 0.0), "freeze '': expected a model's name, or its start and a star at the end"),
        (Freeze("a*b", "A", 0.0), "freeze 'a[*]b': expected a model's name"),
        (Freeze("m", "A", 0.0, 5.0), "freeze 'm': 5.0 has passed or is not a time"),
        (Freeze("m", "A", 0.0, float("nan")), "freeze 'm': nan has passed or is not a time"),
        (Freeze("m", "A", 0.0, float("inf")), "freeze 'm': inf has passed or is not a time"),
        (Freeze("m", "A", 0.0, reason="x" * 501), "freeze: a reason of 501 characters; at most 500 are kept"),
    ],
)
def test_freezes_that_are_refused(catalog: Catalog, freeze: Freeze, message: str):
    with pytest.raises(InputError, match=message):
        catalog.rolling.freeze(freeze)


def test_there_are_not_too_many_freezes(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    assert MOST_FREEZES == 1000
    monkeypatch.setattr("pretzel.control_plane.catalog.freezing.MOST_FREEZES", 2)
    for pattern in ("a", "b", "b"):
        catalog.rolling.freeze(Freeze(pattern, "Ana", 0.0))
    with pytest.raises(ExhaustedError, match="freeze 'c': there are 2 already; end some of them"):
        catalog.rolling.freeze(Freeze("c", "Ana", 0.0))
