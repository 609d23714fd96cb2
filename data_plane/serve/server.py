"""The gRPC server of one serving process: its options, services, health and reflection."""

from __future__ import annotations

import asyncio

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.settings import Settings
from pretzel.errors import PreconditionError
from pretzel.inference.pool import WithDefault
from pretzel.inference.service_pb2_grpc import NAME as INFERENCE
from pretzel.inference.service_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from pretzel.serving.descriptors import connection_options, raise_limit
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import add_PredictionServiceServicer_to_server

PREDICTION = pb.DESCRIPTOR.services_by_name["PredictionService"].full_name
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


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
    ) -> None:
        """Create the server without listening."""
        self._settings, self._service, self._calls = settings, service, calls
        self._health = HealthServicer()
        self._server = grpc.aio.server(interceptors=[calls], options=options(settings, shared_port=shared_port))
        add_PredictionServiceServicer_to_server(service, self._server)
        add_GRPCInferenceServiceServicer_to_server(inference, self._server)
        add_HealthServicer_to_server(self._health, self._server)
        names = [PREDICTION, INFERENCE, HEALTH, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, self._server, pool=WithDefault())

    async def listen(self, port: int) -> int:
        """Start to listen, and return the port.

        Raises:
            PreconditionError: the port is taken.
        """
        address = f"{host_of(self._settings.host)}:{port}"
        try:
            bound = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise PreconditionError(f"cannot listen on {address}: {error}; is the port taken?") from None
        await self._server.start()
        return bound

    async def set_health(self, *, serving: bool) -> None:
        """Set the status of the health service."""
        for name in ("", PREDICTION, INFERENCE):
            await self._health.set(name, SERVING if serving else NOT_SERVING)

    async def drain(self, seconds: float) -> None:
        """Report NOT_SERVING, reject new calls, finish the running ones, then stop."""
        await self._health.enter_graceful_shutdown()
        self._service.streams.drain()
        # Its grace must outlast ours: if both stops expire together, they cancel calls of a server that is gone, and
        # crash.
        stopping = asyncio.create_task(self._server.stop(seconds + 60))
        try:
            async with asyncio.timeout(seconds):
                while self._calls.running:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        # Only watches of health and reflection are still open; they never end on their own.
        await self._server.stop(0)
        await stopping


def options(settings: Settings, *, shared_port: bool) -> list[tuple[str, int]]:
    """Return the gRPC options of the server."""
    age = int(settings.connection_age_seconds * 1000)
    return [
        ("grpc.so_reuseport", int(shared_port)),  # by default grpcio silently binds a taken port
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        *connection_options(raise_limit(), settings.connection_idle_seconds),
        ("grpc.max_connection_age_ms", age),
        ("grpc.max_connection_age_grace_ms", age),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ]


def host_of(host: str) -> str:
    """Return a host as an address needs it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
