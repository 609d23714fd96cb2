"""The gRPC server of one serving process: a front, its services, health and reflection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.orca import messages as orca
from pretzel.data_plane.orca.report import Report
from pretzel.data_plane.orca.service import LoadReports
from pretzel.data_plane.serve import health, reflection
from pretzel.data_plane.serve.accepting import Acceptor
from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.grpcio_front import GrpcioFront
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.serve.rest_server import RestServer
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.telemetry.grpc_calls import GrpcCalls
from pretzel.data_plane.telemetry.telemetry import Telemetry
from pretzel.data_plane.transport import http2
from pretzel.inference.pool import WithDefault
from pretzel.inference.service_pb2_grpc import NAME as INFERENCE
from pretzel.inference.service_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from pretzel.serving.identity.keeper import Keeper
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import add_PredictionServiceServicer_to_server

log = structlog.get_logger(__name__)

PREDICTION = pb.DESCRIPTOR.services_by_name["PredictionService"].full_name


class Front(Protocol):
    """The server of the prediction port."""

    services: Any
    """Where services are registered."""

    @property
    def running(self) -> int:
        """Calls that have work to do before they end."""

    @property
    def polled(self) -> float:
        """Seconds for which the event loop stayed awake without work."""

    async def listen(self, port: int, further: Sequence[str], inherited: Mapping[str, int]) -> int:
        """Start to listen, and return the port."""

    async def drain(self, seconds: float) -> None:
        """Reject new calls, finish the running ones, then stop."""


class Server:
    """Listens, reports its health, and drains."""

    def __init__(
        self,
        settings: Settings,
        service: PredictionService,
        calls: ErrorInterceptor,
        inference: InferenceService,
        *,
        shared_port: bool,
        acceptor: Acceptor | None = None,
        report: Report | None = None,
        telemetry: Telemetry | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """Create the server without listening.

        It gives clients ``report``, if there is one, ``telemetry`` records sampled calls, and ``keeper`` knows callers.
        """
        self._health = health.Health([PREDICTION, INFERENCE])
        self._rest = RestServer(settings, inference, acceptor, telemetry, keeper)
        recorder = GrpcCalls(telemetry) if telemetry else None
        given: dict[str, Any] = {"acceptor": acceptor, "report": report, "recorder": recorder, "keeper": keeper}
        self._front = _front(settings, service, calls, inference, shared_port=shared_port, **given)
        add_PredictionServiceServicer_to_server(service, self._front.services)
        add_GRPCInferenceServiceServicer_to_server(inference, self._front.services)
        self._health.register(self._front.services)
        names = [PREDICTION, INFERENCE, health.NAME]
        if report is not None:
            LoadReports(report).register(self._front.services)
            names.append(orca.NAME)
        reflection.register(names, self._front.services, WithDefault(orca.POOL))

    async def listen(
        self, port: int, further: Sequence[str] = (), inherited: Mapping[str, int] | None = None, http: str = ""
    ) -> int:
        """Start to listen on a port of the host and on further addresses, and return the port.

        ``inherited`` has the descriptors of sockets that all serving processes share; ``http`` is the one among them
        of the HTTP front, if there is one.

        Raises:
            PreconditionError: an address is taken or cannot be used, or a certificate cannot be loaded.
        """
        if http and inherited:
            await self._rest.listen(inherited[http], http)
        others = {address: end for address, end in (inherited or {}).items() if address != http}
        return await self._front.listen(port, further, others)

    @property
    def running(self) -> int:
        """Calls that have not ended."""
        return self._front.running + self._rest.running

    @property
    def polled(self) -> float:
        """Seconds for which the event loop stayed awake without work."""
        return self._front.polled

    async def set_health(self, *, serving: bool) -> None:
        """Set the status of the health service."""
        await self._health.set_all(serving=serving)

    async def drain(self, seconds: float) -> None:
        """Report NOT_SERVING, reject new calls, finish the running ones, then stop."""
        await self._health.enter_graceful_shutdown()
        await asyncio.gather(self._front.drain(seconds), self._rest.drain(seconds))


def _front(
    settings: Settings,
    service: PredictionService,
    calls: ErrorInterceptor,
    inference: InferenceService,
    *,
    shared_port: bool,
    acceptor: Acceptor | None,
    report: Report | None,
    recorder: GrpcCalls | None,
    keeper: Keeper | None,
) -> Front:
    """Return the front of the settings; grpcio's if the HTTP/2 engine is not installed."""
    attached = report.attached if report else None
    if settings.front == "native" and http2.is_available():
        from pretzel.data_plane.serve.native_front import NativeFront

        parts = settings, calls, service, inference
        observe = recorder.observe if recorder else None
        own: dict[str, Any] = {"acceptor": acceptor, "attached": attached, "observe": observe, "keeper": keeper}
        return NativeFront(*parts, shared_port=shared_port, **own)
    if settings.front == "native":
        log.warning("the package ngh2 is not installed: the slower grpcio front serves; pip install 'pretzel[server]'")
    given: dict[str, Any] = {"attached": attached, "recorder": recorder, "keeper": keeper}
    return GrpcioFront(settings, calls, service.streams, shared_port=shared_port, **given)
