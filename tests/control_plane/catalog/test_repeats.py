"""Repeated deployments, by the identifiers of their clients, in every database."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.repeats import KEPT_SECONDS, MOST_KEPT, check_id
from pretzel.control_plane.catalog.tables import deployments
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.terms import ANY, Terms
from tests.control_plane.catalog.releases import release


def publish(catalog: Catalog, seed: int, identifier: str, name: str = "m", terms: Terms = ANY) -> int:
    return catalog.publish(name, replace(release(seed), deployment=identifier), "stable", terms=terms)[0].version


def kept(catalog: Catalog) -> int:
    with catalog.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(deployments)) or 0


def test_a_repeat_after_another_deployment_returns_its_version_and_moves_nothing(catalog: Catalog):
    assert [publish(catalog, 1, "mine"), publish(catalog, 2, "theirs")] == [1, 2]
    model, revision = catalog.model("m"), catalog.current()[1]
    assert publish(catalog, 1, "mine") == 1
    assert (catalog.model("m"), catalog.current()[1]) == (model, revision)
    assert publish(catalog, 1, "") == 3  # without an identifier, it is another deployment
    assert publish(catalog, 1, "later") == 3  # the plan of the newest version
    assert publish(catalog, 3, "mine", name="n") == 1  # of another model


def test_a_repeat_is_answered_though_its_conditions_hold_no_more(catalog: Catalog):
    publish(catalog, 1, "first")
    assert publish(catalog, 2, "mine", terms=Terms(if_version=1)) == 2
    publish(catalog, 3, "theirs")
    assert publish(catalog, 2, "mine", terms=Terms(if_version=1)) == 2


def test_a_repeat_by_another_control_plane(location: Path | str):
    if isinstance(location, Path):
        pytest.skip("SQLite is used by one control plane")
    first, second = Catalog(location), Catalog(location)
    try:
        assert [publish(first, 1, "mine"), publish(second, 2, "theirs"), publish(second, 1, "mine")] == [1, 2, 1]
    finally:
        first.close()
        second.close()


def test_a_repeat_whose_version_was_deleted_is_refused(catalog: Catalog):
    publish(catalog, 1, "mine")
    publish(catalog, 2, "theirs")
    catalog.delete("m@1")
    expected = "model 'm': deployment mine made version 1, which was deleted since; deploy again with a new"
    with pytest.raises(PreconditionError, match=expected):
        publish(catalog, 1, "mine")
    catalog.delete("m", force=True)
    with pytest.raises(PreconditionError, match=expected):
        publish(catalog, 1, "mine")
    assert publish(catalog, 1, "again") == 3


def test_an_identifier_is_of_one_definition(catalog: Catalog):
    publish(catalog, 1, "mine")
    with pytest.raises(PreconditionError, match="deployment mine made version 1 of another definition; draw a new"):
        publish(catalog, 2, "mine")
    assert len(catalog.model("m").versions) == 1


def test_a_refused_deployment_keeps_no_identifier(catalog: Catalog):
    with pytest.raises(PreconditionError, match="expects version 7"):
        publish(catalog, 1, "mine", terms=Terms(if_version=7))
    assert kept(catalog) == 0
    assert publish(catalog, 1, "mine") == 1


def test_few_identifiers_are_kept(catalog: Catalog):
    for number in range(MOST_KEPT + 3):
        publish(catalog, 1, f"id-{number}")
    assert kept(catalog) == MOST_KEPT
    with catalog.database.write() as connection:
        connection.execute(update(deployments).values(at=deployments.c.at - KEPT_SECONDS))
    publish(catalog, 1, "new", name="n")
    assert kept(catalog) == 1


@pytest.mark.parametrize("identifier", ["with space", "x" * 65, "\0", "ä"])
def test_a_malformed_identifier_is_refused(identifier: str):
    with pytest.raises(InputError, match="expected 1 to 64 ASCII letters, digits, '-' and '_', or none"):
        check_id(identifier)
