"""Investigate the crash of a serving process before it is restarted."""

from __future__ import annotations

import signal
import time
from typing import Any

import structlog

from pretzel.data_plane.residency.flight import FlightRecorder
from pretzel.data_plane.supervise.blame import Blame
from pretzel.data_plane.supervise.child import Child
from pretzel.data_plane.supervise.fleet import Fleet
from pretzel.data_plane.supervise.repair import Repairer

log = structlog.get_logger(__name__)

FAULTS = frozenset({signal.SIGBUS, signal.SIGSEGV, signal.SIGFPE, signal.SIGILL, signal.SIGABRT})
"""Signals that end a process because of what it computes or reads."""


class Deaths:
    """Looks for the cause of a crash: damaged objects first, then a plan that kills each process that runs it."""

    def __init__(self, repairer: Repairer, start: dict[str, Any], processes: int) -> None:
        """Have processes that start with the configuration ``start`` record what they run."""
        self._repairer = repairer
        self._recorder = FlightRecorder(processes)
        start["flight"] = self._recorder.path
        self._blame = Blame()

    async def investigate(self, fleet: Fleet, child: Child, code: int) -> None:
        """Find out what killed a process, and keep it from killing the next one."""
        if -code not in FAULTS or await self._repairer.suspect(child.resident):
            return
        running = self._recorder.running(child.slot)
        self._recorder.clear(child.slot)
        if self._blame.died(running, time.monotonic()):
            keys = [key.hex() for key in self._blame.barred]
            log.error("plans kill the processes that run them and are barred for a while", plans=keys)
            fleet.announce("barred", plans=[[key, until] for key, until in self._blame.barred.items()])

    def problems(self) -> list[str]:
        """Return the present problems, one sentence each."""
        now = time.monotonic()
        barred = [key.hex() for key, until in self._blame.barred.items() if until > now]
        return [f"plan {key} killed the processes that ran it, and is barred for a while" for key in barred]

    def close(self) -> None:
        """Release the shared memory."""
        self._recorder.close()
