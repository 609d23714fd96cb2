"""Splits of aliases in the catalog: which slots move, what keeps a version, and what ends a split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.catalog import Catalog
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.traffic import MOST_VERSIONS, SLOTS, percent, resliced, shares_of
from tests.control_plane.catalog.releases import deploy


@st.composite
def shares(draw: st.DrawFn) -> dict[int, int]:
    cuts = sorted(draw(st.sets(st.integers(1, SLOTS - 1), max_size=MOST_VERSIONS - 1)))
    versions = draw(st.lists(st.integers(1, 30), min_size=len(cuts) + 1, max_size=len(cuts) + 1, unique=True))
    return dict(zip(versions, (b - a for a, b in zip((0, *cuts), (*cuts, SLOTS), strict=True)), strict=True))


def slots(runs: tuple[tuple[int, int], ...]) -> list[int]:
    return [version for version, count in runs for _ in range(count)]


@given(st.lists(shares(), min_size=1, max_size=4))
def test_a_change_of_shares_moves_as_few_slots_as_it_can(changes: list[dict[int, int]]):
    runs: tuple[tuple[int, int], ...] = ((1, SLOTS),)
    for wanted in changes:
        before, old = slots(runs), shares_of(runs)
        runs = resliced(runs, wanted)
        after = slots(runs)
        assert shares_of(runs) == dict(sorted(wanted.items()))
        assert all(a != b for (a, _), (b, _) in zip(runs, runs[1:], strict=False))
        moved = sum(a != b for a, b in zip(before, after, strict=True))
        assert moved == sum(max(0, count - old.get(version, 0)) for version, count in wanted.items())


@pytest.mark.parametrize(("count", "text"), [(SLOTS, "100"), (500, "5"), (25, "0.25"), (10, "0.1"), (9999, "99.99")])
def test_shares_are_shown_in_percent(count: int, text: str):
    assert percent(count) == text


@pytest.fixture
def three(catalog: Catalog) -> Catalog:
    """Return a catalog with three versions of `m`; `stable` points to the second."""
    for seed in (1, 2):
        deploy(catalog, seed=seed)
    deploy(catalog, seed=3, alias=None)
    return catalog


def test_a_split_is_seen_by_workers(three: Catalog):
    epoch, revision = three.current()
    model = three.rolling.split("m", "stable", {2: 9500, 3: 500})
    assert model.traffic == {"stable": ((2, 9500), (3, 500))} and model.aliases == {"stable": 2}
    assert three.changes(epoch, revision).models == (model,) == three.changes("", 0).models == three.models()
    assert three.resolve("m")[1].version == 2
    wider = three.rolling.split("m", "stable", {2: 9000, 3: 1000})
    assert wider.traffic == {"stable": ((2, 9000), (3, 1000))}


def test_the_same_split_again_changes_nothing(three: Catalog):
    first = three.rolling.split("m", "stable", {2: 9500, 3: 500})
    before = three.current()
    again = three.rolling.split("m", "stable", {3: 500, 2: 9500})
    assert (again, again.edition, three.current()) == (first, first.edition, before)


def test_a_version_with_all_calls_becomes_that_of_the_alias(three: Catalog):
    three.rolling.split("m", "stable", {2: 9500, 3: 500})
    model = three.rolling.split("m", "stable", {3: SLOTS})
    assert (model.aliases, model.traffic) == ({"stable": 3}, {})


def test_an_alias_without_a_share_moves_to_the_largest(three: Catalog):
    model = three.rolling.split("m", "stable", {1: 3000, 3: 7000})
    assert (model.aliases, shares_of(model.traffic["stable"])) == ({"stable": 3}, {1: 3000, 3: 7000})


@pytest.mark.parametrize("version", [2, 3])
def test_pointing_an_alias_ends_its_split(three: Catalog, version: int):
    three.rolling.split("m", "stable", {2: 9500, 3: 500})
    model = three.set_alias("m", "stable", version)
    assert (model.aliases, model.traffic) == ({"stable": version}, {})


def test_a_deployment_with_the_alias_ends_its_split(three: Catalog):
    three.rolling.split("m", "stable", {2: 9500, 3: 500})
    deploy(three, seed=3)  # the plan of the newest version
    assert (three.model("m").aliases, three.model("m").traffic) == ({"stable": 3}, {})


def test_removing_an_alias_removes_its_split(three: Catalog):
    three.set_alias("m", "other", 1)
    three.rolling.split("m", "other", {1: 1, 2: SLOTS - 1})
    three.rolling.split("m", "stable", {2: 9500, 3: 500})
    assert three.set_alias("m", "other", 0).traffic == {"stable": ((2, 9500), (3, 500))}


def test_a_version_with_a_share_is_kept(tmp_path):
    catalog = Catalog(tmp_path / "catalog.sqlite", keep_versions=1)
    for seed in range(2):
        deploy(catalog, seed=seed)
    catalog.rolling.split("m", "stable", {1: 500, 2: 9500})
    for seed in range(2, 5):
        deploy(catalog, seed=seed, alias=None)
    assert [version.version for version in catalog.model("m").versions] == [1, 2, 5]
    catalog.close()


def test_deleting_a_version_with_a_share_needs_force_and_ends_the_split(three: Catalog):
    three.rolling.split("m", "stable", {2: 9500, 3: 500})
    with pytest.raises(PreconditionError, match=r"^m@3 is in use: stable -> 3 \(5 %\); move the alias first"):
        three.delete("m@3")
    three.delete("m@3", force=True)
    assert (three.model("m").aliases, three.model("m").traffic) == ({"stable": 2}, {})
    three.rolling.split("m", "stable", {1: 500, 2: 9500})
    three.delete("m", force=True)
    assert three.models() == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the shares are 0 % together; expected 100"),
        ({2: 9000, 3: 999}, "the shares are 99.99 % together; expected 100"),
        ({2: SLOTS, 3: 0}, "version 3 has a share of 0 %"),
        ({2: SLOTS + 1, 3: -1}, "version 3 has a share of -0.01 %"),
        ({n: SLOTS // 20 for n in range(1, 21)}, "20 versions; at most 16 can share an alias"),
    ],
)
def test_shares_that_are_refused(three: Catalog, given: dict[int, int], message: str):
    with pytest.raises(InputError, match=message):
        three.rolling.split("m", "stable", given)
    assert three.model("m").traffic == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("n", "stable", {2: SLOTS}), "model 'n' is not deployed"),
        (("m", "stable", {2: 5000, 9: 5000}), "model 'm' has no version 9; it has: 1, 2, 3"),
        (("m", "other", {2: SLOTS}), "model 'm' has no alias 'other'; it has: stable"),
    ],
)
def test_what_a_split_needs(three: Catalog, arguments: tuple[str, str, dict[int, int]], message: str):
    with pytest.raises(NotFoundError, match=f"^{message}$"):
        three.rolling.split(*arguments)
