"""A flood of refused changes leaves few records, and the number of those that were left out."""

from pathlib import Path

import grpc
import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.audit import ORIGIN, Origin
from pretzel.control_plane.catalog.audit.filters import Filters
from pretzel.control_plane.catalog.audit.trail import Record, Trail
from pretzel.control_plane.serve.auditing import Refusals
from pretzel.serving.errors import Status
from pretzel.serving.log_limit import LogLimit

REFUSED = Status(grpc.StatusCode.NOT_FOUND, "model 'm' is not deployed", "NotFoundError")


def listed(trail: Trail) -> list[Record]:
    return trail.page(Filters(), 0, 1000)[0][::-1]


@pytest.fixture
def trail(tmp_path: Path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield Trail(catalog.database)
    catalog.close()


async def refuse(refusals: Refusals, who: str, times: int = 1) -> None:
    for _ in range(times):
        ORIGIN.set(Origin("SetAlias", who, model="m"))
        await refusals.note(REFUSED)


async def test_a_flood(trail: Trail):
    refusals = Refusals(trail, LogLimit(3, 1e9))
    await refuse(refusals, "ada", 50)
    await refuse(refusals, "bob", 2)
    assert [one.identity for one in listed(trail)] == ["ada"] * 3 + ["bob"] * 2
    refusals.close()
    counted = listed(trail)[-1]
    assert (counted.identity, counted.code, counted.omitted) == ("ada", "NOT_FOUND", 47)


async def test_the_next_record_has_the_number_of_those_left_out_before_it(trail: Trail):
    now = [0.0]
    refusals = Refusals(trail, LogLimit(2, 10.0, lambda: now[0]))
    await refuse(refusals, "ada", 9)
    now[0] = 10.0
    await refuse(refusals, "ada")
    assert [one.omitted for one in listed(trail)] == [0, 0, 7]
    refusals.close()
    assert len(listed(trail)) == 3


async def test_what_was_recorded_as_a_change_is_not_refused_too(trail: Trail):
    refusals = Refusals(trail)
    for origin in (Origin("DeployModel", recorded=True), Origin("DeleteModels", only_asks=True)):
        ORIGIN.set(origin)
        await refusals.note(REFUSED)
    refusals.close()
    assert listed(trail) == []


async def test_a_refusal_that_cannot_be_recorded_is_still_answered(trail: Trail, monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Trail, "refuse", fail)
    refusals = Refusals(trail)
    await refuse(refusals, "ada")
    refusals.close()
