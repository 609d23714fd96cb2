"""`pretzel migrate` between files; tests/control_plane/catalog/test_copying.py has the other databases."""

from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog
from tests.control_plane.catalog.releases import deploy


@pytest.fixture
def source(tmp_path: Path) -> Path:
    catalog = Catalog(tmp_path / "a.sqlite")
    deploy(catalog)
    catalog.close()
    return tmp_path / "a.sqlite"


def test_a_catalog_is_copied(run, source: Path):
    target = f"sqlite://{source.parent}/b.sqlite"
    ran = run("migrate", str(source), target)
    assert (ran.code, ran.out) == (
        0,
        "copied 1 audit, 0 audit_floor, 0 charged, 0 charges, 0 failures, 0 freezes, 4 holdings, 0 leases, 1 models, "
        "0 recompiled, 0 rollouts, 0 scheduled, 0 deployments, 0 hints, 0 labels, 0 notes, 0 uploads, 1 versions, "
        "1 aliases, 0 shadows, 0 traffic\n",
    )
    ran = run("migrate", str(source), target)
    assert ran.code == 6
    assert f"catalog {source.parent}/b.sqlite: it has" in ran.err and "name an empty database" in ran.err


def test_tables_go_back(run, source: Path):
    assert run("migrate", str(source), "--back", "--json").json == {"revision": "0015"}


@pytest.mark.parametrize("arguments", [("x",), ("x", "y", "--back")])
def test_a_target_or_back(run, arguments):
    ran = run("migrate", *arguments)
    assert (ran.code, "expected a target, or --back" in ran.err) == (2, True)
