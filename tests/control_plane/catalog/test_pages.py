"""Listings in pages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.control_plane.catalog import Catalog
from tests.control_plane.catalog.releases import deploy
from tests.control_plane.conftest import Databases

NAMES = ["a", "a/b", "a/c", "aa", "Aa", "ab", "z", "é", "\U00020000"]


@pytest.fixture(scope="module")
def catalog(databases: Databases) -> Catalog:
    created = Catalog(databases.new())
    for name in NAMES:
        deploy(created, name, seed=1)
        deploy(created, name, seed=2, alias="canary")
    deploy(created, "a/gone")
    created.delete("a/gone", force=True)
    return created


def pages(catalog: Catalog, prefix: str, size: int) -> list[list[str]]:
    after, listed = "", []
    while True:
        models, after = catalog.page(prefix, after, size)
        listed.append([model.name for model in models])
        if not after:
            return listed


@settings(max_examples=100)
@given(prefix=st.sampled_from(["", "a", "a/", "A", "é", "x"]), size=st.integers(1, 12))
def test_pages_are_the_listing_in_pieces(catalog: Catalog, prefix: str, size: int):
    listed = pages(catalog, prefix, size)
    assert sum(listed, []) == [model.name for model in catalog.models(prefix)]
    assert all(len(page) == size for page in listed[:-1])


def test_models_are_whole(catalog: Catalog):
    (model,), _ = catalog.page("ab", "", 1)
    assert model == catalog.model("ab")
    assert len(model.versions) == 2


def test_a_name_is_the_first_of_those_that_begin_with_it(catalog: Catalog):
    for name in NAMES:
        assert catalog.page(name, "", 1)[0] == (catalog.model(name),)
