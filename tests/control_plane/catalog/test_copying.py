"""Catalogs that move between databases, and tables that go back by one version."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from pretzel.control_plane.catalog import Catalog, Marking
from pretzel.control_plane.catalog import copying as copying_module
from pretzel.control_plane.catalog.audit.trail import Trail
from pretzel.control_plane.catalog.database import Database
from pretzel.control_plane.catalog.failures import Failure
from pretzel.control_plane.catalog.freezing import Freeze
from pretzel.control_plane.catalog.opening import dialect_of
from pretzel.control_plane.catalog.overview import Overview
from pretzel.control_plane.catalog.quotas import Quota
from pretzel.control_plane.catalog.scheduling import Scheduled
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.migrate import migrate, step_back
from pretzel.control_plane.store.ownership import own
from pretzel.errors import InputError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.hints import Hinting
from pretzel.plan.rollout import Rollout
from tests.control_plane.catalog.releases import deploy, release
from tests.control_plane.conftest import Databases, Postgres, Sqlite

WAYS = ["sqlite to postgresql", "postgresql to sqlite"]


def pair(way: str, postgres: Postgres, files: Sqlite) -> tuple[str, str]:
    source, target = (postgres, files) if way.startswith("postgresql") else (files, postgres)
    return str(source.new()), str(target.new())


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    return Sqlite(tmp_path_factory)


def fill(location: str) -> Catalog:
    """Open a catalog with rows in every table."""
    catalog = Catalog(location)
    for name in ("a", "b/ü", "gone"):
        for seed in range(3):
            deploy(catalog, name, seed)
    catalog.publish("a", replace(release(2), deployment="d-1"), "stable")
    catalog.delete("gone", force=True)
    catalog.labels.mark("a", Marking({"team": "ads"}, (), "Ana", "two\nlines"))
    catalog.rolling.split("a", "stable", {2: 500, 3: 9500})
    catalog.rollouts.start(Rollout("b/ü", "stable", 0, 2, (100, 10_000), 60.0, by="Ana"))
    catalog.hints.change("a", Hinting(True, 2, "tier=fast"))
    catalog.shadows.set("a", "stable", 1, 1000)
    catalog.schedule.add(Scheduled("SetAlias", b"", "a", catalog.schedule.now() + 3600))
    catalog.rolling.freeze(Freeze("b*", "Ana", 1.5))
    catalog.lease([Digest.of(b"leased")], 3600, "ipv4:10.0.0.1:5")
    ada = Quota("ada", bytes=10_000)
    catalog.publish("of_ada", replace(release("of ada"), quota=ada), "stable")
    catalog.reserve(Digest.of(b"uploaded"), "ipv4:10.0.0.1:5", 3600, ada)
    Overview(catalog.database).note_failure(Failure("a", 1.5, "E", "problem"))
    version, task = catalog.model("a").versions[0], Task("recompile", "", 0)
    catalog.recompiling.add(version, "2", release("for 2", kernel_set="2"), lambda: None, task)
    Trail(catalog.database).drop(0, 5)
    return catalog


def content(location: str) -> dict[str, list[Any]]:
    database = Database(location)
    with database.read() as connection:
        rows = {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in copying_module.TABLES}
    database.close()
    return rows


def without_the_last_record(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Rows without the record of the copy itself."""
    assert "migrate" in rows["audit"][-1]
    return rows | {"audit": rows["audit"][:-1]}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_has_the_same_rows(way: str, postgres: Postgres, files: Sqlite):
    source, target = pair(way, postgres, files)
    before = fill(source)
    seen = (before.current(), before.models(), before.changes("", 0))
    before.close()
    counts = migrate(source, target)
    assert without_the_last_record(content(target)) == content(source)
    assert counts == {name: len(rows) for name, rows in content(source).items()}
    assert all(counts.values())
    after = Catalog(target)
    assert (after.current(), after.models(), after.changes("", 0)) == seen
    assert deploy(after, "a", 9) == 4
    after.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_that_fails_leaves_the_target_empty_and_may_be_repeated(
    way: str, postgres: Postgres, files: Sqlite, monkeypatch: pytest.MonkeyPatch
):
    source, target = pair(way, postgres, files)
    fill(source).close()
    copy_table = copying_module._copy_table

    def failing(read: Any, write: Any, table: Any) -> int:
        if table.name == "versions":
            raise KeyboardInterrupt
        return copy_table(read, write, table)

    with monkeypatch.context() as patched:
        patched.setattr(copying_module, "_copy_table", failing)
        with pytest.raises(KeyboardInterrupt):
            migrate(source, target)
    assert {name: len(rows) for name, rows in content(target).items() if rows} == {"state": 1}
    migrate(source, target)
    assert without_the_last_record(content(target)) == content(source)


@pytest.mark.parametrize("way", WAYS)
def test_a_target_with_rows_is_refused(way: str, postgres: Postgres, files: Sqlite):
    source, target = pair(way, postgres, files)
    fill(source).close()
    fill(target).close()
    before = content(target)
    with pytest.raises(PreconditionError, match=f"catalog {re.escape(dialect_of(target).name)}: it has .*an empty dat"):
        migrate(source, target)
    assert content(target) == before


def test_what_is_refused(files: Sqlite):
    source, target = str(files.new()), str(files.new())
    with pytest.raises(PreconditionError, match="it does not exist or is empty; name that of a control plane"):
        migrate(source, target)
    assert not Path(source).exists() and not Path(target).exists()
    fill(source).close()
    with pytest.raises(InputError, match="source and target are the same"):
        migrate(source, f"sqlite://{source}")
    Catalog(target).close()  # as a control plane that was started once leaves it
    with pytest.raises(PreconditionError, match="a control plane has used it, with epoch [0-9a-f]+; name an empty"):
        migrate(source, target)
    with own(Path(source).parent), pytest.raises(PreconditionError, match="in use by another control plane"):
        migrate(source, str(files.new()))


@pytest.mark.parametrize("act", [step_back, lambda location: migrate(location, "/nowhere/catalog.sqlite")])
def test_a_catalog_that_does_not_exist(act: Callable[[str], object], databases: Databases):
    location = str(databases.fresh())
    with pytest.raises(PreconditionError, match="it does not exist or is empty"):
        act(location)


def test_tables_go_back_by_one_version_and_forward_again(databases: Databases):
    location = str(databases.new())
    catalog = fill(location)
    seen = (catalog.current(), catalog.models())
    catalog.close()
    newest = content(location)
    assert step_back(location) == "0015"
    engine = dialect_of(location).engine()
    assert "sample" not in {column["name"] for column in inspect(engine).get_columns("versions")}
    engine.dispose()
    again = Catalog(location)
    assert (again.current(), again.models()) == seen
    again.close()
    found = content(location)
    assert found["audit"][:-1] == newest["audit"], "the step is recorded, and nothing else"
    assert newest["charges"] and len(newest["uploads"]) == 1
    assert found == newest | {"audit": found["audit"]}
