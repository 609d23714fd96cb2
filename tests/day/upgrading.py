"""A rolling restart of every server, one at a time, as an upgrade does it."""

from __future__ import annotations

import signal

from tests.day.losses import HEAL_SECONDS, check_whole
from tests.day.record import Record
from tests.day.system import System
from tests.faults.cluster import until


def upgrade(record: Record, system: System) -> None:
    """Stop each server by SIGTERM, which drains it, and start it again, the next when it is ready."""
    for server in (*system.planes, *system.workers):
        with record.step(f"upgrade of {server.name}"):
            starts = server.starts
            server.send(signal.SIGTERM)
            if not until(lambda server=server, starts=starts: server.starts > starts and server.is_ready, HEAL_SECONDS):
                record.problems.append(f"upgrade of {server.name}: not ready again")
    with record.step("all are upgraded"):
        check_whole(record, system, "the upgrade")
