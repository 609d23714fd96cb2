"""Reports to the control plane what this worker serves, so that it knows which workers are alive and up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import grpc
import structlog

from pretzel.plan.wire.shadows import report_to_proto
from pretzel.v1 import figures_pb2
from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Timeout of a report in seconds."""
LEAVE_SECONDS = 1.0
"""Timeout of the deregistration in seconds."""


Placed = Callable[[str, list[str], list[str]], None]
"""Receives the mark of a placement, the models to keep loaded, and those of them that are never evicted."""


class Reporter:
    """Reports after each revision applied, and every few seconds."""

    def __init__(self, channel: grpc.aio.Channel, facts: Callable[[], dict[str, Any]], interval: float) -> None:
        """Report ``facts()``, the fields of a report at the time of the call."""
        self._stub, self._facts, self._interval = WorkerServiceStub(channel), facts, interval
        self._now = asyncio.Event()
        self.on_placement: Placed = lambda mark, warm, pinned: None
        """Called with each new placement of this worker."""

    def now(self) -> None:
        """Report at once: something changed."""
        self._now.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            self._now.clear()
            await self._report()
            try:
                await asyncio.wait_for(self._now.wait(), self._interval)
            except TimeoutError:
                pass

    async def leave(self) -> None:
        """Deregister this worker, if the control plane is reachable."""
        try:
            await self._stub.Report(self._request(leaving=True), timeout=LEAVE_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.debug("the worker could not be deregistered", code=error.code().name)

    def _request(self, *, leaving: bool = False) -> pb.ReportRequest:
        facts = self._facts()
        source, figures = facts.pop("shadows", ("", []))
        facts["shadows"] = report_to_proto(source, figures)
        held = [pb.HeldModel(model=model, reason=reason) for model, reason in facts.pop("held", {}).items()]
        if figures := facts.pop("figures", None):
            facts["figures"] = _figures(*figures)
        return pb.ReportRequest(**facts, held=held, leaving=leaving)

    async def _report(self) -> None:
        try:
            answer = await self._stub.Report(self._request(), timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            log.debug("the report failed", code=error.code().name)
            return
        if answer.HasField("placement"):
            placed = answer.placement
            self.on_placement(placed.mark, list(placed.warm), list(placed.pinned))
        if 0.05 <= answer.interval_seconds <= 60:
            self._interval = answer.interval_seconds


def _figures(instance: str, rows: Iterable[Sequence[Any]]) -> figures_pb2.Figures:
    """Return the message of what was counted of versions."""
    of = figures_pb2.VersionFigures
    versions = [
        of(model=model, version=version, faults=faults, refusals=refusals, durations=durations)
        for model, version, faults, refusals, *durations in rows
    ]
    return figures_pb2.Figures(instance=instance, versions=versions)
