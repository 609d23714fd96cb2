"""Shadows in the catalog: their life, and the figures that workers report of them."""

from __future__ import annotations

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.shadowing import Reported
from pretzel.control_plane.serve.shadows import disagreement
from pretzel.errors import NotFoundError, PreconditionError
from pretzel.plan.shadows import ShadowFigures
from pretzel.plan.terms import Terms
from pretzel.plan.wire.shadows import figures_to_bytes
from tests.control_plane.catalog.releases import deploy


@pytest.fixture
def two(catalog: Catalog) -> Catalog:
    """Return a catalog with two versions of `m`; `stable` points to the first."""
    for seed in range(2):
        deploy(catalog, "m", seed)
    catalog.set_alias("m", "stable", 1)
    return catalog


def report(catalog: Catalog, source: str, number: int, calls: int, rows: int, disagreeing: int) -> None:
    figures = ShadowFigures("m", "stable", 2, number, 1, calls=calls, rows=rows, disagreeing=disagreeing)
    catalog.shadows.report(source, [Reported("m", "stable", number, 1, calls, figures_to_bytes(figures))])


def test_reports_are_neither_doubled_nor_lost(two: Catalog):
    number = two.shadows.set("m", "stable", 2, 100).shadows["stable"].id
    report(two, "a", number, 5, 5, 1)
    report(two, "a", number, 9, 9, 2)
    report(two, "a", number, 9, 9, 2)
    report(two, "a", number, 5, 5, 1)  # late
    report(two, "b", number, 3, 3, 3)
    report(two, "b", number + 1, 3, 3, 3)  # of another shadow
    assert disagreement(two.shadows, "m", 2) == (12, 5)
    assert two.shadows.set("m", "stable", 2, 200).shadows["stable"].id == number
    assert disagreement(two.shadows, "m", 2) == (12, 5)
    two.shadows.set("m", "stable", 0, 0)
    report(two, "a", number, 20, 20, 2)
    assert disagreement(two.shadows, "m", 2) == (0, 0)
    with pytest.raises(NotFoundError, match="its alias 'stable' has no shadow"):
        two.shadows.figures("m", "stable")


def test_a_shadow_is_kept_and_ends_with_what_it_is_of(two: Catalog):
    two.shadows.set("m", "stable", 2, 100)
    with pytest.raises(PreconditionError, match=r"m@2 is in use: stable -> 2 \(shadow of 1 %\)"):
        two.delete("m@2")
    two.delete("m@2", force=True)
    assert two.model("m").shadows == {}
    version = deploy(two, "m", 5, None)
    two.set_alias("m", "stable", 1)
    two.shadows.set("m", "stable", version, 100)
    assert two.set_alias("m", "stable", version).shadows == {}  # it would be compared with itself
    two.shadows.set("m", "stable", 1, 100)
    assert two.set_alias("m", "stable", 0).shadows == {}


def test_conditions(two: Catalog):
    with pytest.raises(PreconditionError, match="alias 'stable' points to version 1, and the change expects version 2"):
        two.shadows.set("m", "stable", 2, 100, Terms(if_version=2))
    two.shadows.set("m", "stable", 2, 100, Terms(if_version=1))
    edition = two.model("m").edition
    two.shadows.set("m", "stable", 2, 100, Terms(if_version=9))  # it is done already
    assert two.model("m").edition == edition
    with pytest.raises(NotFoundError, match="model 'm' has no alias 'x'; it has: stable"):
        two.shadows.set("m", "x", 2, 100)
