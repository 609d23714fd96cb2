"""A model keeps a number of versions without an alias; a deployment deletes older ones."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.control_plane.catalog import Catalog
from tests.control_plane.catalog.releases import deploy, release
from tests.control_plane.conftest import Databases


@pytest.fixture
def catalog(location: Path | str) -> Catalog:
    return Catalog(location, keep_versions=2)


def versions(catalog: Catalog) -> list[int]:
    return [version.version for version in catalog.model("m").versions]


def test_the_oldest_versions_without_an_alias_are_deleted(catalog: Catalog):
    dropped = [catalog.publish("m", release(seed), "stable")[0].dropped for seed in range(5)]
    assert dropped == [(), (), (), (1,), (2,)]
    assert versions(catalog) == [3, 4, 5]  # two, and that of the alias
    assert catalog.model("m").aliases == {"stable": 5}


def test_a_version_with_an_alias_stays(catalog: Catalog):
    deploy(catalog, seed=0)
    catalog.set_alias("m", "canary", 1)
    for seed in range(1, 7):
        deploy(catalog, seed=seed)
    assert versions(catalog) == [1, 5, 6, 7]
    catalog.set_alias("m", "canary", 0)
    assert versions(catalog) == [1, 5, 6, 7]  # until the next deployment
    assert catalog.publish("m", release(7), "stable")[0].dropped == (1, 5)


def test_a_deployment_without_an_alias_stays(catalog: Catalog):
    for seed in range(5):
        deploy(catalog, seed=seed, alias=None)
    assert versions(catalog) == [4, 5]


def test_a_deleted_number_is_not_used_again(catalog: Catalog):
    assert [deploy(catalog, seed=seed % 3) for seed in range(9)] == list(range(1, 10))


def test_watchers_learn_of_it_in_the_same_revision(catalog: Catalog):
    for seed in range(3):
        deploy(catalog, seed=seed)
    before = catalog.current()[1]
    _, revision = catalog.publish("m", release(3), "stable")
    changes = catalog.changes(catalog.epoch, before)
    assert changes.revision == revision
    assert [version.version for version in changes.models[0].versions] == [2, 3, 4]


def test_objects_of_deleted_versions_may_be_collected(catalog: Catalog):
    for seed in range(4):
        deploy(catalog, seed=seed)
    old, new = release(0), release(3)
    assert catalog.unneeded([old.plan, old.definition, new.plan]) == [old.plan, old.definition]


def test_zero_keeps_all(location: Path | str):
    catalog = Catalog(location, keep_versions=0)
    for seed in range(30):
        deploy(catalog, seed=seed)
    assert versions(catalog) == list(range(1, 31))


def test_many_old_versions_are_deleted_at_once(location: Path | str):
    before = Catalog(location)
    for seed in range(30):
        deploy(before, seed=seed)
    before.close()
    after = Catalog(location, keep_versions=3)
    assert after.publish("m", release(30), "stable")[0].dropped == tuple(range(1, 28))


DEPLOYMENTS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["stable", "canary", None])), max_size=25)


@settings(max_examples=6)
@given(DEPLOYMENTS)
def test_every_alias_points_to_a_version_that_exists(databases: Databases, deployments):
    aliases_point_to_versions_that_exist(databases, deployments)


@pytest.mark.long
@settings(max_examples=30)
@given(DEPLOYMENTS)
def test_every_alias_points_to_a_version_that_exists_after_many_sequences(databases: Databases, deployments):
    aliases_point_to_versions_that_exist(databases, deployments)


def aliases_point_to_versions_that_exist(databases: Databases, deployments):
    catalog = Catalog(databases.fresh(), keep_versions=2)
    for seed, alias in deployments:
        number = deploy(catalog, seed=seed, alias=alias)
        model = catalog.model("m")
        kept = {version.version for version in model.versions}
        assert number in kept
        assert set(model.aliases.values()) <= kept
        assert len(kept - set(model.aliases.values())) <= 2
    catalog.close()
