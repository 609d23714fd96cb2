"""Models and versions of identities: refused in the transaction that adds them, and given back by every deletion."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from pretzel import errors
from pretzel.control_plane.catalog import Catalog, Marking, Selection
from pretzel.control_plane.catalog.quotas import Quota, use
from tests.control_plane.catalog.releases import release
from tests.control_plane.conftest import Databases

NAMES = ["a", "b", "c"]
WHO = ["ada", "bob"]
ACTS = st.one_of(
    st.tuples(st.just("deploy"), st.sampled_from(NAMES), st.sampled_from(WHO), st.integers(0, 3)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(""), st.just(0)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(""), st.integers(1, 6)),
    st.tuples(st.just("prefix"), st.sampled_from(NAMES), st.just(""), st.just(0)),
)


def deploy(catalog: Catalog, name: str, seed: object, quota: Quota) -> int:
    return catalog.publish(name, replace(release(seed), quota=quota, of_model=Marking({"of": "test"})), "stable")[
        0
    ].version


def held(catalog: Catalog, who: str) -> tuple[int, int]:
    with catalog.database.read() as connection:
        return use(connection, who, "models"), use(connection, who, "versions")


class Expected:
    """The catalog as plain lists: creators of models, and plan and creator of each version by number."""

    def __init__(self, most: tuple[int, int], keep: int) -> None:
        self.most, self.keep = most, keep
        self.models: dict[str, str] = {}
        self.versions: dict[str, dict[int, tuple[int, str]]] = {}
        self.numbers = Counter[str]()

    def held(self, who: str) -> tuple[int, int]:
        versions = [creator for of in self.versions.values() for _, creator in of.values()]
        return list(self.models.values()).count(who), versions.count(who)

    def deploy(self, name: str, who: str, seed: int) -> bool:
        """Return whether it is admitted."""
        now = self.versions.get(name, {})
        if now and now[max(now)][0] == seed:
            return True
        number = self.numbers[name] + 1
        free = sorted(now)[: -self.keep] if self.keep else []
        after = {**{n: v for n, v in now.items() if n not in free}, number: (seed, who)}
        before = self.models.get(name), self.versions.get(name)
        self.models.setdefault(name, who)
        self.versions[name] = after
        models, versions = self.held(who)
        if (before[0] is None and models > self.most[0]) or versions > self.most[1]:
            self.delete(name)
            if before[0] is not None and before[1] is not None:
                self.models[name], self.versions[name] = before[0], before[1]
            return False
        self.numbers[name] = number
        return True

    def delete(self, name: str, number: int = 0) -> None:
        self.versions.get(name, {}).pop(number, None)
        if not number or not self.versions.get(name):
            self.versions.pop(name, None)
            self.models.pop(name, None)


@settings(max_examples=12, deadline=None)
@given(
    most=st.tuples(st.integers(0, 3), st.integers(0, 5)),
    keep=st.sampled_from([0, 2]),
    acts=st.lists(ACTS, min_size=4, max_size=20),
)
def test_what_is_held_is_what_was_created_and_not_deleted(databases: Databases, most, keep, acts):
    """The alias is always that of the newest version, or of none: retention keeps `keep` others."""
    catalog, expected = Catalog(databases.fresh(), keep_versions=keep), Expected(most, keep)
    refused = Counter[str]()
    quotas = {who: Quota(who, *most, "ops", refused) for who in WHO}
    for act, name, who, number in acts:
        if act == "deploy":
            admitted = expected.deploy(name, who, number)
            try:
                deploy(catalog, name, number, quotas[who])
            except errors.ExhaustedError as error:
                assert not admitted and f"identity {who!r}" in str(error) and error.retry_after is None
            else:
                assert admitted
        elif act == "prefix":
            catalog.labels.delete(name, Selection.of("of=test"), dry_run=False)
            expected.delete(name)
        else:
            try:
                catalog.delete(f"{name}@{number}" if number else name, force=True)
            except errors.NotFoundError:
                assert number not in expected.versions.get(name, {}) if number else name not in expected.models
            else:
                expected.delete(name, number)
        assert [held(catalog, who) for who in WHO] == [expected.held(who) for who in WHO]
    catalog.close()


def test_a_refusal_says_what_is_held(location: Path | str):
    catalog, refused = Catalog(location), Counter[str]()
    ada = Quota("ada", 1, 2, "ops@example.org", refused)
    deploy(catalog, "a", 1, ada)
    before = catalog.current()
    with pytest.raises(errors.ExhaustedError) as raised:
        deploy(catalog, "b", 1, ada)
    assert str(raised.value) == (
        "identity 'ada': 1 models are allowed, and 1 are held; delete some (models); ops@example.org sets this limit"
    )
    assert catalog.current() == before, "workers see no change"
    assert deploy(catalog, "a", 2, ada) == 2
    with pytest.raises(errors.ExhaustedError, match=r"2 versions are allowed, and 2 are held; .* \(versions\)"):
        deploy(catalog, "a", 3, ada)
    assert deploy(catalog, "a", 2, replace(ada, models=0, versions=0)) == 2  # it adds nothing
    assert refused == {"models": 1, "versions": 1}
    assert [model.name for model in catalog.models()] == ["a"]
    catalog.close()


def test_a_model_that_is_created_again_has_another_creator(location: Path | str):
    catalog = Catalog(location)
    deploy(catalog, "a", 1, Quota("ada"))
    deploy(catalog, "a", 2, Quota("bob"))
    assert (held(catalog, "ada"), held(catalog, "bob")) == ((1, 1), (0, 1))
    catalog.delete("a", force=True)
    deploy(catalog, "a", 3, Quota("bob"))
    assert (held(catalog, "ada"), held(catalog, "bob")) == ((0, 0), (1, 1))
    catalog.close()


def test_control_planes_that_share_a_database_count_together(location: Path | str):
    """Of deployments that two catalogs publish at the same time, exactly as many are admitted as are allowed."""
    planes = [Catalog(location), Catalog(location)]

    def admitted(number: int) -> bool:
        try:
            deploy(planes[number % 2], f"m{number}", number, Quota("ada", 5, 100))
        except errors.ExhaustedError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(admitted, range(16))) == 5
    assert held(planes[0], "ada") == (5, 5)
    for plane in planes:
        plane.close()


def test_without_limits_nothing_is_counted(location: Path | str):
    """Those without an identity are not even charged; a limit of space costs two queries."""
    catalog, said = Catalog(location), list[str]()
    event.listen(catalog.database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    counting: list[int] = []
    for number, quota in enumerate([Quota(), Quota("ada"), Quota("ada", 9, 9), Quota("ada", bytes=9999, objects=99)]):
        said.clear()
        deploy(catalog, f"m{number}", number, quota)
        counting.append(len(said))
        assert quota.identity or not any("charge" in text for text in said)
    assert counting[1] == counting[2] - 2 == counting[3] - 2
    catalog.close()
