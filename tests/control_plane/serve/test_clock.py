"""A control plane whose clock is set while it runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pretzel.plan.digest import Digest
from pretzel.v1 import control_pb2 as pb
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, sample
from tests.control_plane.store.suite import blob
from tests.helpers.clocks import DAY, WallClock


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    clock = WallClock(tmp_path / "clock")
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    return clock


def collect(server: Server) -> int:
    return server.control.CollectGarbage(pb.CollectGarbageRequest(), timeout=SECONDS).objects


JUMPS = {"month": 30 * DAY, "month-back": -30 * DAY, "century": 40_000 * DAY}


@pytest.mark.long
@pytest.mark.parametrize("ahead", [JUMPS[name] for name in ("month", "month-back", "century")])
def test_what_was_uploaded_outlives_a_jump_and_leases_end_in_time(tmp_path: Path, clock: WallClock, ahead: float):
    uploaded = blob(100_000)
    with control_plane(tmp_path / "data", lease_seconds=2) as server:
        server.send(definition(1))
        clock.set_ahead(ahead)
        assert collect(server) == 0
        version = server.steps("m", definition(1), sample=sample(1))[-1]
        assert version.created == pytest.approx(time.time() + ahead, abs=60)  # it does have another clock
        assert server.missing([Digest.of(uploaded)])
        server.upload([uploaded])
        assert collect(server) == 0
        clock.set_ahead(-ahead)
        assert collect(server) == 0
        deadline = time.monotonic() + SECONDS
        while not collect(server):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.deploy("m", definition(2), sample=sample(2)).version == 2
    with control_plane(tmp_path / "data") as server:
        assert server.deploy("m", definition(3), sample=sample(3)).version == 3
