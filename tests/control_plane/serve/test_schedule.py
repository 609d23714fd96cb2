"""Scheduled changes of two control planes: each is made once, also if the one that makes it is killed meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pretzel.cli import main
from pretzel.client import AsyncControlPlane, ControlPlane, Terms
from pretzel.client.schedule import ScheduledChange
from pretzel.errors import InputError, PreconditionError
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.running import SECONDS, Server, definition
from tests.control_plane.serve.test_several import Pair, until


class Scheduling(Pair):
    """Two control planes, and the database whose times the tests move."""

    def __init__(self, postgres: Postgres, root: Path, url: str) -> None:
        self.postgres = postgres
        super().__init__(root, url)

    def come(self, since: float = 0.0) -> None:
        """Let the time of all changes that wait come, or have come some seconds ago."""
        come(self.postgres, self.url, since)

    def miss(self) -> None:
        """Let the time of all changes that wait come, and their last time pass."""
        come(self.postgres, self.url, 3600, "not_after = extract(epoch FROM now()) - 1800, ")


def come(postgres: Postgres, url: str, since: float = 0.0, also: str = "") -> None:
    moved = f"UPDATE scheduled SET {also}at = extract(epoch FROM now()) - {since} WHERE status = 'waiting' RETURNING 1"
    assert postgres.server.sql(moved, url.partition("?")[0].rpartition("/")[2])


def soon() -> float:
    return time.time() + 3600


@pytest.fixture(scope="module")
def pair(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduling]:
    """Two control planes over a catalog with a change that another made late: it was killed while it made it."""
    root, url = tmp_path_factory.mktemp("schedule"), str(postgres.new())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETZEL_ROLLOUT_SECONDS", "0.05")
        killed = kill_one(postgres, root, url)
        ended = "UPDATE work SET until = 0 WHERE name = 'schedule' RETURNING 1"
        assert postgres.server.sql(ended, url.partition("?")[0].rpartition("/")[2]), "it had the lease"
        come(postgres, url, 3600)
        running = Scheduling(postgres, root, url)
        yield running
        running.close()
        killed.close()


def kill_one(postgres: Postgres, root: Path, url: str) -> Server:
    """Run a control plane that is killed as it makes a change."""
    server = Server(root / "killed", dies_at="schedule_before_commit", catalog=url, store=root / "objects")
    with ControlPlane(server.ready["address"]) as plane:
        plane.deploy("m", definition(1))
        plane.deploy("m", definition(2))
        plane.later(at=soon(), note="back").alias("m", "stable", 1)
    come(postgres, url)
    server.process.wait(SECONDS)
    return server


def ended(plane: ControlPlane, change: ScheduledChange) -> ScheduledChange:
    """Wait until a change has ended."""

    def now() -> ScheduledChange:
        return next(one for one in plane.schedule() if one.id == change.id)

    until(lambda: now().status != "waiting")
    return now()


def changes(plane: ControlPlane, method: str, model: str = "m") -> list[object]:
    return [dict(record.after) for record in plane.audit(model, method=method)]


def test_a_change_whose_maker_was_killed_is_made_once_and_late(pair: Scheduling):
    with ControlPlane(pair.addresses) as plane:
        (first,) = [one for one in plane.schedule() if one.note == "back"]
        made = ended(plane, first)
        assert plane.model("m").aliases == {"stable": 1}
        done, moved = changes(plane, "SetAlias")
    assert (made.status, made.id, made.model, made.method) == ("done", 1, "m", "SetAlias")
    assert "s late: no control plane could make it at its time" in made.outcome
    assert moved == {"alias stable": 1} and done == {"scheduled 1": f"done {made.outcome}"}


def test_each_change_is_made_once_by_one_of_two(pair: Scheduling):
    with ControlPlane(pair.addresses) as plane:
        plane.deploy("each", definition(3), alias="")
        planned = [plane.later(at=soon()).alias("each", f"a{number}", 1) for number in range(8)]
        pair.come()
        assert {ended(plane, one).status for one in planned} == {"done"}
        assert plane.model("each").aliases == {f"a{number}": 1 for number in range(8)}
        assert len(changes(plane, "SetAlias", "each")) == 16
        assert len(changes(plane, "ScheduleChange", "each")) == 8


def test_every_kind_of_change(pair: Scheduling):
    async def later(address: str) -> list[ScheduledChange]:
        async with AsyncControlPlane(address) as plane:
            planned = plane.later(at=soon())
            await plane.deploy("kinds", definition(4))
            await plane.deploy("kinds", definition(5), alias="")
            made = [
                await planned.traffic("kinds", {1: 50, 2: 50}),
                await planned.traffic("kinds", {1: 100}),
                await planned.rollout("kinds", 2, every=600),
                await planned.freeze("kinds-*"),
                await planned.unfreeze("kinds-*"),
                await planned.delete("kinds", force=True),
            ]
            assert len(await plane.schedule(most=6)) == 6
            pair.come()
            return made

    with ControlPlane(pair.addresses) as plane:
        made = [ended(plane, one) for one in asyncio.run(later(pair.addresses))]
        assert [(one.method, one.status, one.outcome) for one in made] == [
            *(("SetTraffic", "done", ""), ("SetTraffic", "done", ""), ("StartRollout", "done", "")),
            *(("Freeze", "done", ""), ("Unfreeze", "done", ""), ("DeleteModel", "done", "")),
        ]
        assert "kinds" not in [model.name for model in plane.models()]
        until(lambda: [one.status for one in plane.rollouts() if one.model == "kinds"] == ["ended"])


def test_a_change_whose_condition_does_not_hold_fails_and_says_why(pair: Scheduling):
    with ControlPlane(pair.addresses) as plane:
        planned = plane.later(at=soon()).alias("m", "stable", 2, terms=Terms(if_version=7))
        pair.come()
        failed = ended(plane, planned)
        assert failed.status == "failed"
        assert failed.outcome.startswith("FAILED_PRECONDITION: m: alias 'stable' points to version 1, and the change")
        (record, *_) = plane.audit("m", method="SetAlias")
    assert (record.code, record.request_id) == ("FAILED_PRECONDITION", f"schedule {planned.id}")


def test_a_change_that_no_one_could_make_in_time_lapses(pair: Scheduling):
    with ControlPlane(pair.addresses) as plane:
        before = plane.model("m").aliases
        planned = plane.later(at=soon(), not_after=soon() + 60, note="only then").alias("m", "late", 2)
        pair.miss()
        lapsed = ended(plane, planned)
        assert lapsed.status == "lapsed"
        assert lapsed.outcome.startswith("DEADLINE_EXCEEDED: no control plane could make it until 20")
        assert plane.model("m").aliases == before
        (record, *_) = plane.audit("m", method="SetAlias")
        assert (record.code, record.request_id) == ("DEADLINE_EXCEEDED", f"schedule {planned.id}")
        with pytest.raises(PreconditionError, match=f"scheduled change {planned.id}: it has lapsed already"):
            plane.unschedule(planned.id)


def test_on_the_command_line(pair: Scheduling, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> str:
        assert main([*arguments, "--control", pair.addresses]) == 0
        return capsys.readouterr().out

    told = run("alias", "m", "stable", "2", "--at", "2h", "--not-after", "3h", "--remark", "the fair")
    number = told.split()[2].rstrip(":")
    assert told.startswith(f"scheduled change {number}: SetAlias m at 20")
    for arguments in (
        *(("traffic", "m", "1=100"), ("rollout", "start", "m", "2"), ("freeze", "m"), ("unfreeze", "m")),
        ("delete", "m"),
    ):
        assert " m at 20" in run(*arguments, "--at", "2h")
    assert "fair" in run("schedule", "--waiting")  # a narrow table breaks the line in the note
    assert "the fair" in run("schedule", "--json")
    for offset in range(6):
        assert run("unschedule", str(int(number) + offset)).endswith("is cancelled\n")
    assert run("schedule", "--waiting") == "no change is scheduled\n"
    assert main(["alias", "m", "stable", "2", "--remark", "x", "--control", pair.addresses]) == 2
    assert "--not-after and --remark need --at" in capsys.readouterr().err


def test_refusals(pair: Scheduling):
    with ControlPlane(pair.addresses) as plane:
        with pytest.raises(InputError, match="schedule: at 5.0 has passed"):
            plane.later(at=5.0).alias("m", "stable", 1)
        with pytest.raises(InputError, match="scheduled change: expected a number from 1, got 0"):
            plane.unschedule(0)
        with pytest.raises(PreconditionError, match="scheduled change 1: it was made already"):
            plane.unschedule(1)
