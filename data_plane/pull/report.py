"""Tells the control plane what this worker serves, so that it knows who is alive and how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc
import structlog

from pretzel.v1 import worker_pb2 as pb
from pretzel.v1.worker_pb2_grpc import WorkerServiceStub

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Seconds that a report may take."""
FAREWELL = 1.0
"""Seconds that the last one may take."""


class Reporter:
    """Reports after each revision applied, and every few seconds."""

    def __init__(self, stub: WorkerServiceStub, facts: Callable[[], pb.ReportRequest], interval: float) -> None:
        self._stub, self._facts, self._interval = stub, facts, interval
        self._now = asyncio.Event()

    def now(self) -> None:
        """Report at once: something changed."""
        self._now.set()

    async def run(self) -> None:
        """Report for ever."""
        while True:
            self._now.clear()
            await self._report()
            try:
                await asyncio.wait_for(self._now.wait(), self._interval)
            except TimeoutError:
                pass

    async def leave(self) -> None:
        """Say that this worker is going away, if the control plane listens."""
        request = self._facts()
        request.leaving = True
        try:
            await self._stub.Report(request, timeout=FAREWELL)
        except grpc.aio.AioRpcError as error:
            log.debug("the farewell was not heard", code=error.code().name)

    async def _report(self) -> None:
        try:
            answer = await self._stub.Report(self._facts(), timeout=PATIENCE)
        except grpc.aio.AioRpcError as error:
            log.debug("the report was not heard", code=error.code().name)
            return
        if 0.05 <= answer.interval_seconds <= 60:
            self._interval = answer.interval_seconds
