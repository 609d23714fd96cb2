"""Two control planes over PostgreSQL during an upgrade: one is killed in it, or has the former kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.fsck import check_directory
from pretzel.plan import wire
from pretzel.plan.digest import Digest
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, sample
from tests.control_plane.serve.test_several import until
from tests.control_plane.serve.test_workers import watching
from tests.helpers.recompiling import going_wrong

MODELS = 3


@contextmanager
def plane(root: Path, name: str, url: str, kernel_set: str, **more: Any) -> Iterator[Server]:
    where = {"catalog": url, "store": root / "objects", "keep_versions": 0, "report_seconds": 0.2}
    with control_plane(root / name, **where, kernel_set=kernel_set, **more) as server:
        yield server


def plans(server: Server, kernel_set: str) -> dict[str, Digest]:
    """The plans that a worker of some kernels gets, once each version was tried."""
    with watching(server, kernel_set=kernel_set) as watcher:
        return {model.name: wire.digest_from_proto(model.versions[-1].plan) for model in watcher.next().models}


@pytest.mark.long
def test_the_other_goes_on_when_one_is_killed_before_it_publishes_a_plan(postgres: Postgres, tmp_path: Path):
    url, marker = str(postgres.new()), tmp_path / "reached"
    with plane(tmp_path, "old", url, "1") as server:
        for number in range(MODELS):
            server.deploy(f"m{number}", definition(number), sample=sample(number))
    database = url.partition("?")[0].rpartition("/")[2]
    with ExitStack() as stack:
        one = stack.enter_context(plane(tmp_path, "a", url, "2", program=going_wrong(stops=marker)))
        until(marker.exists)
        other = stack.enter_context(plane(tmp_path, "b", url, "2"))
        before = plans(other, "1")
        assert postgres.server.sql("SELECT count(*) FROM recompiled", database) == [(0,)], "one has the work"
        assert other.deploy("m0", definition(100), sample=sample(100)).version == 2
        one.process.kill()
        one.process.wait(SECONDS)
        postgres.server.sql("UPDATE work SET until = 0", database)  # the time of its lease passes
        after = plans(other, "2")
        assert after.keys() == before.keys() and not {after["m1"], after["m2"]} & {*before.values()}
        assert plans(other, "1")["m1"] == before["m1"], "the former plans stay for older workers"
    rows = postgres.server.sql("SELECT model, version, compared FROM recompiled ORDER BY model", database)
    assert rows == [(f"m{number}", 1, 20) for number in range(MODELS)]
    records = postgres.server.sql("SELECT model FROM audit WHERE method = 'recompile' ORDER BY model", database)
    assert records == [(f"m{number}",) for number in range(MODELS)], "nothing is done twice"
    assert list(check_directory(tmp_path / "b", url=str(tmp_path / "objects"), catalog=url)) == []


@pytest.mark.long
def test_a_control_plane_of_the_former_kernels_gives_its_plan_to_what_is_deployed_meanwhile(
    postgres: Postgres, tmp_path: Path
):
    url = str(postgres.new())
    with plane(tmp_path, "a", url, "1") as former:
        former.deploy("m", definition(1), sample=sample(1))
        with plane(tmp_path, "b", url, "2") as newer:
            plans(newer, "2")
            assert newer.deploy("m", definition(2), sample=sample(2)).version == 2
            with closing(Catalog(url)) as catalog:
                until(lambda: catalog.recompiling.states(catalog.model("m").versions[1]) != {})
                states = [catalog.recompiling.states(version) for version in catalog.model("m").versions]
            assert states == [{"2": "compared on 20 rows"}, {"1": "compared on 20 rows"}]
            assert plans(former, "1")["m"] == plans(newer, "1")["m"] != plans(newer, "2")["m"]
