"""Scheduled changes are authorised when they are scheduled, and again when they are made."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pretzel import ControlPlane
from pretzel.client.schedule import ScheduledChange
from pretzel.errors import PermissionDeniedError, PretzelError
from pretzel.plan.terms import Terms
from tests.control_plane.serve.running import control_plane, definition
from tests.identity.servers import ROLES, SECONDS, Identities


class Guarded(NamedTuple):
    """A control plane with the models a/x and b/x, and its identities."""

    identities: Identities
    address: str
    database: Path

    def client(self, who: str) -> ControlPlane:
        return ControlPlane(self.address, token=self.identities.tokens[who], timeout=SECONDS)

    def come(self) -> None:
        """Move the time of all changes that wait to this moment."""
        connection = sqlite3.connect(self.database, timeout=SECONDS)
        with connection:
            connection.execute("UPDATE scheduled SET at = ? WHERE status = 'waiting'", [time.time()])
        connection.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("schedule")
    identities = Identities(folder)
    with control_plane(folder / "data", identities=identities.path, rollout_seconds=0.05) as server:
        found = Guarded(identities, str(server.ready["address"]), folder / "data" / "catalog.sqlite")
        with found.client("root") as root:
            root.deploy("a/x", definition(1))
            root.deploy("b/x", definition(2))
        yield found


def soon() -> float:
    return time.time() + 3600


def ended(plane: ControlPlane, number: int) -> ScheduledChange:
    end = time.monotonic() + SECONDS
    while True:
        found = next(one for one in plane.schedule() if one.id == number)
        if found.status != "waiting":
            return found
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def test_one_schedules_what_one_may_do(guarded: Guarded):
    with guarded.client("deploy") as plane:
        denied = "identity 'deploy' lacks the role deploy on model 'b/x'"
        with pytest.raises(PermissionDeniedError, match=denied):
            plane.later(at=soon()).alias("b/x", "stable", 1)
        with pytest.raises(PermissionDeniedError, match="identity 'deploy' lacks the role administer"):
            plane.later(at=soon()).freeze("a/*")
        with pytest.raises(PermissionDeniedError, match="lacks the role administer on model 'a/x'"):
            plane.later(at=soon()).alias("a/x", "stable", 1, terms=Terms(override_freeze=True))
    with guarded.client("root") as root:
        (record, *_) = root.audit(who="deploy", outcome="failed")
        assert (record.method, record.code, record.model) == ("ScheduleChange", "PERMISSION_DENIED", "a/x")


def test_a_change_is_made_as_the_identity_that_scheduled_it(guarded: Guarded):
    with guarded.client("deploy") as plane, guarded.client("root") as root:
        planned = plane.later(at=soon()).alias("a/x", "canary", 1)
        assert (planned.by, planned.status) == ("deploy", "waiting")
        guarded.come()
        assert ended(plane, planned.id).status == "done"
        assert root.model("a/x").aliases["canary"] == 1
        of_change = [one for one in root.audit("a/x", who="deploy") if one.request_id == f"schedule {planned.id}"]
        assert [dict(one.after) for one in of_change] == [{f"scheduled {planned.id}": "done"}, {"alias canary": 1}]


def test_one_sees_and_cancels_what_one_may_change(guarded: Guarded):
    with guarded.client("root") as root, guarded.client("deploy") as plane, guarded.client("read") as reader:
        other, freeze = root.later(at=soon()).alias("b/x", "old", 1), root.later(at=soon()).freeze("a/*")
        mine = plane.later(at=soon()).alias("a/x", "old", 1)
        assert (
            {mine.id}
            == {one.id for one in plane.schedule(waiting=True)}
            == {one.id for one in reader.schedule(waiting=True)}
        )
        for number in (other.id, freeze.id):
            with pytest.raises(PermissionDeniedError, match="identity 'deploy' lacks the role"):
                plane.unschedule(number)
        with pytest.raises(PermissionDeniedError, match="identity 'read' lacks the role deploy"):
            reader.unschedule(mine.id)
        assert plane.unschedule(mine.id).status == "cancelled"
        for number in (other.id, freeze.id):
            root.unschedule(number)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({**ROLES, "deploy": {"read": ["a/*"]}}, "PERMISSION_DENIED: identity 'deploy' lacks the role deploy on"),
        (
            {name: given for name, given in ROLES.items() if name != "deploy"},
            "PERMISSION_DENIED: identity 'deploy' is gone from the file of identities; ops@example.org can add it",
        ),
    ],
)
def test_a_role_that_was_lost_meanwhile(guarded: Guarded, roles: dict[str, dict[str, object]], expected: str):
    with guarded.client("deploy") as plane, guarded.client("root") as root:
        planned = plane.later(at=soon()).alias("a/x", "lost", 1)
        guarded.identities.write(roles)
        try:
            until_refused(plane)
            guarded.come()
            failed = ended(root, planned.id)
        finally:
            guarded.identities.write(ROLES)
        assert failed.status == "failed" and failed.outcome.startswith(expected)
        assert "lost" not in root.model("a/x").aliases
        (record, *_) = root.audit("a/x", method="SetAlias", outcome="failed")
        assert (record.identity, record.request_id) == ("deploy", f"schedule {planned.id}")
    with guarded.client("deploy") as plane:
        until_accepted(plane)


def until_refused(plane: ControlPlane) -> None:
    """Wait until the identity may no longer change aliases."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            plane.alias("a/x", "probe", 1)
        except PretzelError:
            return
        assert time.monotonic() < end
        threading.Event().wait(0.05)


def until_accepted(plane: ControlPlane) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            plane.alias("a/x", "probe", 1)
            return
        except PretzelError:
            assert time.monotonic() < end
            threading.Event().wait(0.05)
