"""`pretzel backup` and `pretzel restore`; tests/control_plane/test_backup.py has their content."""

from contextlib import closing
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.store import DirectoryStore
from pretzel.plan.digest import Digest
from tests.control_plane.catalog.releases import deploy


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A data directory as that of `pretzel up`, with objects that a check cannot read."""
    data_dir = tmp_path / "up" / "control"
    data_dir.mkdir(parents=True)
    with closing(Catalog(data_dir / "catalog.sqlite")) as catalog:
        deploy(catalog)
    store = DirectoryStore(data_dir / "objects")
    for data in (b"plan 0", b"definition 0", b"weights 0"):
        store.put(Digest.of(data), data)
    return data_dir.parent


def test_there_and_back(run, source: Path, tmp_path: Path):
    ran = run("backup", str(tmp_path / "b"), f"--data-dir={source}")
    assert (ran.code, ran.out) == (
        0,
        f"1 versions at revision 3, 3 objects of 27 B, 27 B of them copied; saved in {tmp_path}/b\n",
    )
    assert run("backup", str(tmp_path / "b"), f"--data-dir={source}", "--json").json["copied_bytes"] == 0
    ran = run("restore", str(tmp_path / "b"), f"--data-dir={tmp_path}/new")
    assert ran.code == 1 and "restored under the epoch" in ran.out
    assert "m@1: object" in ran.err and "cannot be read" in ran.err
    ran = run("restore", str(tmp_path / "b"), f"--data-dir={tmp_path}/new")
    assert ran.code == 6 and "name an empty database" in ran.err


def test_what_is_not_there(run, tmp_path: Path):
    ran = run("backup", str(tmp_path / "b"), f"--data-dir={tmp_path}")
    assert ran.code == 6 and "it does not exist or is empty; name that of a control plane" in ran.err
