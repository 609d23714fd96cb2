"""The report of this worker's load, renewed while it serves."""

from __future__ import annotations

import asyncio
import time

from pretzel.data_plane.measure.figures import Figures
from pretzel.data_plane.measure.rates import Rates, Window
from pretzel.data_plane.measure.work import Work
from pretzel.data_plane.orca.messages import OrcaLoadReport
from pretzel.data_plane.transport.attached import Attached
from pretzel.serving.cores import usable_cores
from pretzel.serving.memory_use import used_memory

KEY = "endpoint-load-metrics-bin"
"""The trailing metadata of gRPC in which clients look for a report."""
TICK_SECONDS = 0.1
"""Time between two reports while calls come."""
IDLE_SECONDS = 1.0
"""The same while none come."""
LIMITS_SECONDS = 5.0
"""Time between two looks at the cores and the memory that there are."""


class Report:
    """The newest report, encoded."""

    def __init__(self) -> None:
        self.data: bytes = b""
        self.attached = Attached()
        """The report as answers carry it."""

    def renew(self, data: bytes) -> None:
        """Replace the report."""
        self.data = data
        self.attached.renew(((KEY, data),))


class Reporter:
    """Renews the report from what all serving processes of this worker have done."""

    def __init__(self, report: Report, figures: Figures, slot: int, work: Work, side_processes: int) -> None:
        """Report for the process of a slot, whose ``work`` the others read in ``figures``."""
        self._report, self._figures, self._slot, self._work = report, figures, slot, work
        self._window = Window(figures, time.monotonic())
        self._side_processes = side_processes * figures.processes
        self._looked, self._cores, self._memory = -LIMITS_SECONDS, 1.0, 0.0

    async def run(self) -> None:
        """Renew the report until cancelled."""
        while True:
            is_busy = self.renew(time.monotonic())
            await asyncio.sleep(TICK_SECONDS if is_busy else IDLE_SECONDS)

    def renew(self, now: float) -> bool:
        """Renew the report; return whether this process has had calls since the last one."""
        is_busy = self._work.sample(now)
        self._figures.write(self._slot, self._work.done)
        if now - self._looked >= LIMITS_SECONDS:
            self._looked, self._cores, self._memory = now, usable_cores(), used_memory()
        self._report.renew(self._encoded(self._window.rates(now)))
        return is_busy

    def _encoded(self, rates: Rates) -> bytes:
        shares = {
            "event_loops": rates.loop / self._figures.processes,
            "python_stages": rates.python / self._side_processes,
        }
        processors = rates.processor / self._cores
        message = OrcaLoadReport(
            cpu_utilization=processors,
            mem_utilization=min(self._memory, 1.0),
            rps_fractional=rates.calls,
            eps=rates.errors,
            application_utilization=max(processors, *shares.values()),
            utilization={name: min(share, 1.0) for name, share in shares.items() if share},
            named_metrics={"queued": rates.queued},
        )
        data: bytes = message.SerializeToString()
        return data
