"""The service of load reports out of band: `xds.service.orca.v3.OpenRcaService`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from pretzel.data_plane.orca.messages import NAME, OrcaLoadReportRequest
from pretzel.data_plane.orca.report import Report

LEAST_SECONDS = 1.0
"""Shortest time between two reports of a stream; clients ask for 10 s by default."""


class LoadReports:
    """Sends the report of this worker again and again."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def register(self, services: Any) -> None:
        """Register this service; its responses are encoded already."""
        handler: Any = grpc.unary_stream_rpc_method_handler(
            self.StreamCoreMetrics, request_deserializer=OrcaLoadReportRequest.FromString
        )
        generic = grpc.method_handlers_generic_handler(NAME, {"StreamCoreMetrics": handler})
        services.add_generic_rpc_handlers((generic,))

    async def StreamCoreMetrics(self, request: Any, context: Any) -> AsyncIterator[bytes]:
        """Send a report at once, and then one per interval."""
        seconds = interval_of(request)
        while not context.cancelled():
            yield self._report.data
            await asyncio.sleep(seconds)


def interval_of(request: Any) -> float:
    """Return the seconds between two reports."""
    asked = request.report_interval
    return float(max(asked.seconds + asked.nanos * 1e-9, LEAST_SECONDS))
