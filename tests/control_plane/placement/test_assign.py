"""The assignment of models to workers: replicas, zones, balance, and what moves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.placement.assign import PIECES, SLACK, Site, Wish, assign
from pretzel.control_plane.placement.plan import Placement, place
from pretzel.control_plane.placement.wishes import Kept
from pretzel.plan.hints import Hints

ENDLESS = 1e9
"""A slack with which no worker is ever full."""


@st.composite
def wished(draw: st.DrawFn, most_replicas: int = 4) -> list[Wish]:
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=12))
    names = iter(range(1000))
    return [
        Wish(
            f"m{next(names)}",
            f"set-{key}",
            draw(st.integers(1, most_replicas)) if size < 5 else 1 + key % most_replicas,
        )
        for key, size in enumerate(sizes)
        for _ in range(size)
    ]


def sites(zones: int = 4, most: int = 12) -> st.SearchStrategy[list[Site]]:
    zone = st.sampled_from(["", *(f"zone-{i}" for i in range(zones))])
    names = st.lists(st.integers(0, 99), min_size=1, max_size=most, unique=True)
    return names.flatmap(lambda found: st.tuples(*(st.builds(Site, st.just(f"w{i}"), zone) for i in found)).map(list))


def failing_together(site: Site) -> tuple[str, str]:
    return ("zone", site.zone) if site.zone else ("alone", site.name)


@given(wished(), sites())
def test_replicas_are_on_different_workers_and_in_as_many_zones_as_there_are(wishes: list[Wish], places: list[Site]):
    assigned = assign(wishes, places)
    zone_of = {site.name: failing_together(site) for site in places}
    assert assigned.keys() == {wish.model for wish in wishes}
    for wish in wishes:
        chosen = assigned[wish.model]
        assert len(chosen) == len({*chosen}) == min(wish.replicas, len(places))
        assert len({zone_of[name] for name in chosen}) == min(len(chosen), len({*zone_of.values()}))


@given(wished(), sites(), st.randoms())
def test_the_order_of_the_arguments_does_not_matter(wishes: list[Wish], places: list[Site], random):
    expected = assign(wishes, places)
    random.shuffle(wishes)
    random.shuffle(places)
    assert assign(wishes, places) == expected


@given(wished(most_replicas=1), sites())
def test_no_worker_holds_more_than_its_share_and_a_piece(wishes: list[Wish], places: list[Site]):
    held = Counter(name for names in assign(wishes, places).values() for name in names)
    share = len(wishes) / len(places)
    assert max(held.values()) <= SLACK * share + max(1, int(share / PIECES))


@given(wished(), sites(), st.sampled_from(["", "zone-0", "zone-9"]))
def test_a_worker_that_joins_takes_models_over_and_nothing_else_moves(
    wishes: list[Wish], places: list[Site], zone: str
):
    new = Site("new", zone)
    before, after = assign(wishes, places, ENDLESS), assign(wishes, [*places, new], ENDLESS)
    for wish in wishes:
        came, left = {*after[wish.model]} - {*before[wish.model]}, {*before[wish.model]} - {*after[wish.model]}
        assert came <= {"new"}
        assert len(left) <= len(came)


@given(wished(), sites().filter(lambda places: len(places) > 1))
def test_a_worker_that_leaves_moves_only_its_own_models(wishes: list[Wish], places: list[Site]):
    lost, *others = places
    before, after = assign(wishes, places, ENDLESS), assign(wishes, others, ENDLESS)
    for wish in wishes:
        if lost.name not in before[wish.model]:
            assert {*after[wish.model]} == {*before[wish.model]}
        else:
            assert len({*after[wish.model]} - {*before[wish.model]}) <= 1


@pytest.mark.parametrize("workers", [12, 30])
def test_within_the_bounds_little_more_than_a_share_moves(workers: int):
    """Families follow a Zipf law, as in the plan for scale: a share is 1 / workers, and full workers pass some on."""
    wishes = [
        Wish(f"m-{family}-{i}", f"set-{family}", 2) for family in range(400) for i in range(max(1, 800 // (family + 1)))
    ]
    places = [Site(f"w{i}", f"zone-{i % 3}") for i in range(workers)]
    before, after = assign(wishes, places), assign(wishes, [*places, Site("new", "zone-0")])
    moved = sum(len({*after[model]} - {*names}) for model, names in before.items())
    assert moved <= 3 / workers * sum(map(len, before.values()))
    left = assign(wishes, places[1:])
    lost = sum("w0" in names for names in before.values())
    assert sum(len({*left[model]} - {*names}) for model, names in before.items()) <= 3 * lost
    held = Counter(name for names in before.values() for name in names)
    assert max(held.values()) <= 1.3 * sum(held.values()) / workers


def test_what_shares_parameters_lies_together():
    wishes = [Wish(f"m-{family}-{i}", f"set-{family}", 1) for family in range(60) for i in range(5)]
    assigned = assign(wishes, [Site(f"w{i}") for i in range(4)])
    copies = Counter(len({assigned[f"m-{family}-{i}"] for i in range(5)}) for family in range(60))
    assert copies[1] == 60


def test_without_workers_nothing_is_assigned():
    assert assign([Wish("m", "k", 2)], []) == {}


def test_a_placement_follows_hints_and_labels():
    kept = [
        Kept("spread", "k", Hints()),
        Kept("twice", "k", Hints(replicas=2)),
        Kept("fast", "k", Hints(replicas=3, workers="tier=fast")),
        Kept("pinned", "k", Hints(pin=True, replicas=1)),
        Kept("nowhere", "k", Hints(replicas=1, workers="tier=gone")),
    ]
    workers = {"a": {"tier": "fast"}, "b": {}, "c": {"tier": "slow"}}
    placed = place(kept, workers, 1)
    where = {
        model: sorted(name for name, one in placed.items() if model in one.models) for model in (k.model for k in kept)
    }
    assert {model: len(names) for model, names in where.items()} == {
        "spread": 1,
        "twice": 2,
        "fast": 1,
        "pinned": 1,
        "nowhere": 0,
    }
    assert where["fast"] == ["a"]
    assert [one.pinned for one in placed.values() if one.pinned] == [("pinned",)]
    everywhere = place([Kept("pinned", "k", Hints(pin=True, workers="!tier"))], workers, 0)
    assert {name: one.pinned for name, one in everywhere.items()} == {"a": (), "b": ("pinned",), "c": ()}


def test_the_mark_of_a_placement_tells_pins_from_others():
    marks = {Placement().mark, Placement(("a",)).mark, Placement((), ("a",)).mark, Placement(("a", "b")).mark}
    assert len(marks) == 4
    assert Placement().mark == ""
