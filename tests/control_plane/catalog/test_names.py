"""Names of models, versions and aliases, and the errors of references to missing ones."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from pretzel.control_plane.catalog import Catalog, Selection
from pretzel.control_plane.catalog.ranges import after, near
from pretzel.control_plane.catalog.tables import models
from pretzel.errors import InputError, NotFoundError
from tests.control_plane.catalog.releases import deploy


def test_without_an_alias_none_is_set(catalog: Catalog):
    deploy(catalog, alias=None)
    assert catalog.model("m").aliases == {}
    with pytest.raises(NotFoundError, match="model 'm' has no alias 'stable'; it has: none"):
        catalog.resolve("m")


def test_resolving(catalog: Catalog):
    for seed in range(3):
        deploy(catalog, seed=seed)
    catalog.set_alias("m", "old", 1)
    assert [catalog.resolve(text)[1].version for text in ("m", "m:stable", "m:old", "m@2")] == [3, 3, 1, 2]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("absent", NotFoundError, "model 'absent' is not deployed"),
        ("m@9", NotFoundError, "model 'm' has no version 9; it has: 1"),
        ("m:blue", NotFoundError, "model 'm' has no alias 'blue'; it has: stable"),
        ("m@zero", InputError, "version 'zero' is not a number"),
        ("m@0", InputError, "version '0' is not a number from 1"),
        ("m@", InputError, "version ''"),
        ("", InputError, "model name ''"),
        ("a b", InputError, "model name 'a b'"),
        ("../m", InputError, "model name '../m'"),
        ("m" * 201, InputError, "1 to 200 letters"),
        ("m:", InputError, "alias ''"),
        ("m:a b", InputError, "alias 'a b'"),
    ],
)
def test_references_to_missing_models(catalog: Catalog, text: str, error: type[Exception], message: str):
    deploy(catalog)
    with pytest.raises(error, match=message):
        catalog.resolve(text)


@pytest.mark.parametrize("name", ["", "-x", "a@1", "a:b", "a\nb", "a" * 201])
def test_names_that_cannot_be_deployed(catalog: Catalog, name: str):
    with pytest.raises(InputError):
        deploy(catalog, name)
    assert catalog.models() == ()


def test_names_of_models_in_any_alphabet(catalog: Catalog):
    assert deploy(catalog, "kunden/modell_ü-7.日本") == 1
    assert catalog.resolve("kunden/modell_ü-7.日本@1")[1].version == 1


def test_listing_by_prefix_takes_it_verbatim(catalog: Catalog):
    for name in ("a_1", "ab1", "a_2", "b"):
        deploy(catalog, name)
    assert [model.name for model in catalog.models("a_")] == ["a_1", "a_2"]
    assert [model.name for model in catalog.models()] == ["a_1", "a_2", "ab1", "b"]


PREFIXES = ("a", "A", "Ab", "aB", "ab", "a_", "a%", "a/", "é", "É", "Z", "\ud7ff", "\U0010ffff", "a\U0010ffff")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_listing_by_prefix_is_exact(catalog: Catalog, prefix: str):
    names = ["Abc", "Ab", "abc", "aBc", "ABC", "a_b", "a-b", "axb", "a/b", "a/B", "élan", "Éa", "Zz", "zz", "a日本"]
    for name in names:
        deploy(catalog, name)
    assert [model.name for model in catalog.models(prefix)] == sorted(n for n in names if n.startswith(prefix))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_end_of_a_range_is_above_all_names_with_the_prefix(prefix: str):
    end = after(prefix)
    longest = prefix + "\U0010ffff" * 3
    assert not end or prefix <= longest < end
    assert end or set(prefix) == {"\U0010ffff"}


def test_listing_by_prefix_searches_the_key(tmp_path: Path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    with catalog.database.read() as connection:
        query = select(models.c.name).where(near("Ab", models.c.name))
        text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        steps = connection.execute(sql("EXPLAIN QUERY PLAN " + text)).all()
    assert ["name>? AND name<?" in step.detail for step in steps] == [True]


def test_a_text_that_no_name_can_have_finds_nothing_and_is_no_error(catalog: Catalog):
    for name in ("a", "ab", "b"):
        deploy(catalog, name)
    assert catalog.models("a\0") == ()
    assert [model.name for model in catalog.page("", "a\0x", 10)[0]] == ["ab", "b"]
    assert [model.name for model in catalog.page("", "a", 10)[0]] == ["ab", "b"]
    assert catalog.models("", Selection.of(text="a\0")) == ()


def test_aliases(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    revision = catalog.current()[1]
    assert catalog.set_alias("m", "stable", 1).aliases == {"stable": 1}
    assert catalog.current()[1] == revision + 1
    catalog.set_alias("m", "stable", 1)
    assert catalog.current()[1] == revision + 1
    catalog.set_alias("m", "blue", 2)
    assert catalog.set_alias("m", "stable", 0).aliases == {"blue": 2}


def test_alias_errors(catalog: Catalog):
    deploy(catalog)
    with pytest.raises(NotFoundError, match="model 'other' is not deployed"):
        catalog.set_alias("other", "stable", 1)
    with pytest.raises(NotFoundError, match="model 'm' has no version 7; it has: 1"):
        catalog.set_alias("m", "stable", 7)
    with pytest.raises(NotFoundError, match="model 'm' has no alias 'blue'; it has: stable"):
        catalog.set_alias("m", "blue", 0)
    with pytest.raises(InputError, match="alias ''"):
        catalog.set_alias("m", "", 1)
