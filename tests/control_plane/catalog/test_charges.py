"""Objects and bytes of identities: charged to each that needs them, refused before they are stored, and given back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel import errors
from pretzel.control_plane.catalog import Catalog, Marking, Release, Selection, charges, clock
from pretzel.control_plane.catalog.charges import Space, space_of
from pretzel.control_plane.catalog.quotas import Quota
from pretzel.control_plane.catalog.work import Task
from pretzel.plan.digest import Digest
from tests.control_plane.conftest import Databases

WHO, NAMES = ["ada", "bob"], ["a", "b", "c"]
CLIENTS = ["ipv4:10.0.0.1:1", "ipv4:10.0.0.1:2"]
LASTS = 3600.0
number = st.integers(0, 4)
ACTS = st.one_of(
    st.tuples(st.just("deploy"), st.sampled_from(NAMES), st.sampled_from(WHO), st.sets(number, max_size=3)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(""), st.integers(1, 5)),
    st.tuples(st.just("prefix"), st.sampled_from(NAMES), st.just(""), st.just(0)),
    st.tuples(st.just("begin"), st.sampled_from(CLIENTS), st.sampled_from(WHO), number),
    st.tuples(st.just("fail"), st.sampled_from(CLIENTS), st.sampled_from(WHO), number),
    st.tuples(st.just("release"), st.sampled_from(CLIENTS), st.just(""), number),
)


def weights(seed: int) -> Digest:
    return Digest.of(b"w" * (10 + seed))


def release(seeds: set[int], quota: Quota, kernel_set: str = "1") -> Release:
    """A version that needs some weights, which others need too; its plan needs one more."""
    plan, definition = (Digest.of(f"{kind} {sorted(seeds)} {kernel_set}".encode()) for kind in ("plan", "definition"))
    needed = [*map(weights, sorted(seeds))]
    derived = Digest.of(f"derived {len(seeds)} {kernel_set}".encode())
    holdings = {plan: [*needed, derived], definition: needed}
    return Release(plan, definition, 1, holdings, {}, Marking({"of": "test"}), quota=quota, kernel_set=kernel_set)


def objects_of(made: Release) -> set[Digest]:
    return {*made.holdings, *(one for needed in made.holdings.values() for one in needed)}


def space(catalog: Catalog, who: str) -> tuple[Space, Space]:
    with catalog.database.read() as connection:
        return charges.held(connection, who), charges.waiting(connection, who, catalog.database.now())


@contextmanager
def opened(location: Path | str, **more: int) -> Iterator[Catalog]:
    catalog = Catalog(location, **more)
    yield catalog
    catalog.close()


class Expected:
    """The versions with their objects and creators, and the uploads, as plain collections."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, int], tuple[str, set[Digest]]] = {}
        self.uploads: dict[tuple[str, str, Digest], int] = {}

    def held(self, who: str) -> set[Digest]:
        return {one for creator, needed in self.versions.values() if creator == who for one in needed}

    def waiting(self, who: str) -> set[Digest]:
        return {digest for _, of, digest in self.uploads if of == who} - self.held(who)

    def over(self, quota: Quota, further: set[Digest]) -> bool:
        """Return whether the identity would hold too much with further objects, if they add something."""
        used = self.held(quota.identity) | self.waiting(quota.identity)
        new, all_ = space_of(further - used), space_of(used | further)
        limits = zip((quota.objects, quota.bytes), new, all_, strict=True)
        return any(most is not None and more and total > most for most, more, total in limits)


class Acting:
    """A catalog with what is expected of it."""

    def __init__(self, catalog: Catalog, quotas: dict[str, Quota]) -> None:
        self.catalog, self.quotas, self.expected = catalog, quotas, Expected()

    def deploy(self, name: str, who: str, seeds: set[int]) -> None:
        made, expected = release(seeds, self.quotas[who]), self.expected
        last = max((number for of, number in expected.versions if of == name), default=0)
        try:
            version = self.catalog.publish(name, made, "stable")[0]
        except errors.ExhaustedError as error:
            expected.versions[name, 1 << 20] = who, objects_of(made)  # older ones may go with it
            assert self.exceeds(who) and f"identity {who!r}" in str(error)
            del expected.versions[name, 1 << 20]
            return
        if version.version != last:
            expected.versions[name, version.version] = who, objects_of(made)
        for old in version.dropped:
            del expected.versions[name, old]
        assert version.version == last or not self.exceeds(who)

    def exceeds(self, who: str) -> bool:
        quota, used = self.quotas[who], space_of(self.expected.held(who) | self.expected.waiting(who))
        limits = zip((quota.objects, quota.bytes), used, strict=True)
        return any(most is not None and has > most for most, has in limits)

    def begin(self, client: str, who: str, seed: int) -> None:
        quota, digest = self.quotas[who], weights(seed)
        over = self.expected.over(quota, {digest})
        self.catalog.lease([digest], LASTS, client)
        try:
            self.catalog.reserve(digest, client, LASTS, quota)
        except errors.ExhaustedError:
            assert over
            return
        assert not over
        if quota.of_space:
            key = client, who, digest
            self.expected.uploads[key] = self.expected.uploads.get(key, 0) + 1

    def fail(self, client: str, who: str, seed: int) -> None:
        key = client, who, weights(seed)
        if key in self.expected.uploads:
            self.catalog.give_back(weights(seed), client, self.quotas[who])
            self.expected.uploads[key] -= 1
            if not self.expected.uploads[key]:
                del self.expected.uploads[key]

    def release(self, client: str, _: str, seed: int) -> None:
        self.catalog.release([weights(seed)], client)
        for who in WHO:
            self.expected.uploads.pop((client, who, weights(seed)), None)

    def prefix(self, name: str, *_: object) -> None:
        self.catalog.labels.delete(name, Selection.of("of=test"), dry_run=False)
        self.expected.versions = {key: value for key, value in self.expected.versions.items() if key[0] != name}

    def delete(self, name: str, _: str, number: int) -> None:
        if (name, number) in self.expected.versions:
            self.catalog.delete(f"{name}@{number}", force=True)
            del self.expected.versions[name, number]


@settings(max_examples=10, deadline=None)
@given(
    most=st.tuples(st.none() | st.integers(0, 14), st.none() | st.integers(0, 300)),
    keep=st.sampled_from([0, 1]),
    acts=st.lists(ACTS, min_size=4, max_size=24),
)
def test_what_is_charged_is_what_versions_need_and_what_arrives(databases: Databases, most, keep, acts):
    """No sequence of changes lets an identity hold or upload more than it may."""
    quotas = {who: Quota(who, objects=most[0], bytes=most[1]) for who in WHO}
    with opened(databases.fresh(), keep_versions=keep) as catalog:
        acting = Acting(catalog, quotas)
        for act, *arguments in acts:
            getattr(acting, act)(*arguments)
            for who in WHO:
                expected = space_of(acting.expected.held(who)), space_of(acting.expected.waiting(who))
                assert space(catalog, who) == expected


def test_refusals_say_what_is_used_and_needed(location: Path | str):
    with opened(location) as catalog:
        ada = Quota("ada", contact="ops", bytes=200)
        held = space_of(objects_of(release({0}, ada)))
        catalog.publish("a", release({0}, ada), "stable")
        catalog.check_space([weights(0)], replace(ada, bytes=0))  # it is held
        catalog.lease([weights(1)], LASTS, CLIENTS[0])
        catalog.reserve(weights(1), CLIENTS[0], LASTS, ada)
        said = (
            f"identity 'ada': 200 bytes are allowed, {held.bytes} are held, 11 wait for a deployment, 500 are new; "
            "delete versions, or deploy what waits (bytes); ops sets this limit"
        )
        for check in (catalog.check_space, lambda digests, quota: catalog.reserve(*digests, CLIENTS[1], LASTS, quota)):
            with pytest.raises(errors.ExhaustedError) as raised:
                check([Digest.of(b"x" * 500)], ada)
            assert str(raised.value) == said
        after = held.and_(space_of([Digest.of(b"plan [2] 1"), Digest.of(b"definition [2] 1"), weights(2)]))
        with pytest.raises(errors.ExhaustedError) as raised:
            catalog.publish("b", release({2}, replace(ada, bytes=None, objects=4)), "stable")
        assert str(raised.value) == (
            f"identity 'ada': 4 objects are allowed, with this version {after.objects} would be held, and 1 wait for "
            "another deployment; delete versions (objects); ops sets this limit"
        )
        assert ada.refused == {"bytes": 2, "objects": 1}
        assert space(catalog, "ada") == (held, Space(1, 11))


def test_leases_that_expire_and_those_of_another_client(location: Path | str, monkeypatch: pytest.MonkeyPatch):
    ada = Quota("ada", objects=2)
    with opened(location) as catalog:
        catalog.reserve(weights(0), CLIENTS[0], 10.0, ada)
        catalog.reserve(weights(1), CLIENTS[1], LASTS, ada)
        with pytest.raises(errors.ExhaustedError, match="2 objects are allowed, 0 are held, 2 wait"):
            catalog.reserve(weights(2), CLIENTS[1], LASTS, ada)
        later = clock.now() + 11
        monkeypatch.setattr(clock, "now", lambda: later)
        catalog.reserve(weights(2), CLIENTS[1], LASTS, ada)
        assert space(catalog, "ada")[1].objects == 2
        catalog.forget()
        catalog.release([weights(1)], CLIENTS[0])  # it is not this client's
        assert space(catalog, "ada")[1] == space_of([weights(1), weights(2)])


def test_control_planes_that_share_a_database_count_together(location: Path | str):
    """Of uploads that arrive at two catalogs at the same time, exactly as many are admitted as there is room for."""
    planes = [Catalog(location), Catalog(location)]

    def admitted(number: int) -> bool:
        try:
            planes[number % 2].reserve(Digest(f"{number:064x}", 100), CLIENTS[0], LASTS, Quota("ada", bytes=599))
        except errors.ExhaustedError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(admitted, range(16))) == 5
    assert space(planes[0], "ada") == (Space(), Space(5, 500))
    for plane in planes:
        plane.close()


def test_a_plan_for_newer_kernels_is_charged_when_it_replaces_the_own(location: Path | str):
    with opened(location) as catalog:
        ada, task = Quota("ada"), Task("recompile", "", 0)
        version = catalog.publish("a", release({1, 2}, ada), "stable")[0]
        newer = release({1, 2}, ada, kernel_set="2")
        newer = replace(newer, holdings={newer.plan: newer.holdings[newer.plan]})
        before = space(catalog, "ada")
        assert catalog.recompiling.add(version, "2", newer, lambda: None, task)
        assert space(catalog, "ada") == before
        assert catalog.recompiling.retire("2", [], task) == 1
        own = release({1, 2}, ada)
        expected = objects_of(newer) | {own.definition, weights(1), weights(2)}
        assert space(catalog, "ada") == (space_of(expected), Space())
        catalog.delete("a", force=True)
        assert space(catalog, "ada") == (Space(), Space())
