"""The grpcio front: serves the same methods by grpc.aio, for machines without the HTTP/2 engine and as the oracle."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import grpc.aio

from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.grpcio_access import AccessInterceptor
from pretzel.data_plane.serve.grpcio_attached import AttachingInterceptor
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.transport.attached import Attached
from pretzel.data_plane.transport.streams import Streams
from pretzel.errors import PreconditionError
from pretzel.serving.descriptors import connection_options, raise_limit
from pretzel.serving.grpc_ports import GrpcPorts
from pretzel.serving.header_lists import header_options
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.listeners import UNIX, Address
from pretzel.serving.tls import server_tls

MOST_PENDING = 100_000
"""Calls that may wait for their handler; gRPC cancels calls beyond 1,000 by default, which a burst exceeds."""


class GrpcioFront:
    """A grpc.aio server."""

    polled = 0.0
    """Seconds for which the event loop stayed awake without work."""

    def __init__(
        self,
        settings: Settings,
        calls: ErrorInterceptor,
        streams: Streams,
        *,
        shared_port: bool,
        attached: Attached | None = None,
        recorder: grpc.aio.ServerInterceptor | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._settings, self._calls, self._streams = settings, calls, streams
        attaching = AttachingInterceptor(attached) if attached else None
        access = AccessInterceptor(keeper) if keeper else None
        interceptors = [one for one in (access, recorder, calls, attaching) if one is not None]
        self.server = grpc.aio.server(interceptors=interceptors, options=options(settings, shared_port=shared_port))
        self._ports: GrpcPorts | None = None
        self.services = self.server
        """Where services are registered."""

    async def listen(self, port: int, further: Sequence[str], inherited: Mapping[str, int]) -> int:
        """Start to listen, and return the port.

        Raises:
            PreconditionError: an address is taken or cannot be used, or a certificate cannot be loaded.
        """
        for address in filter(lambda name: name.startswith(UNIX), inherited):
            raise PreconditionError(f"{address}: grpcio cannot share a Unix socket among processes; set workers=1")
        self._ports = GrpcPorts(self.server, server_tls(self._settings.tls), self._settings.socket_mode)
        bound = self._ports.add(Address(self._settings.host.strip("[]"), port), "port")
        for text in further:
            self._ports.add(Address.parse(text))
        await self.server.start()
        return bound

    @property
    def running(self) -> int:
        """Prediction calls that have not ended."""
        return self._calls.running

    async def drain(self, seconds: float) -> None:
        """Reject new calls, finish the running ones, then stop."""
        self._streams.drain()
        # Its grace must outlast ours: if both stops expire together, they cancel calls of a server that is gone, and
        # crash.
        stopping = asyncio.create_task(self.server.stop(seconds + 60))
        try:
            async with asyncio.timeout(seconds):
                while self._calls.running:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        # Only watches of health and reflection are still open; they never end on their own.
        await self.server.stop(0)
        await stopping
        if self._ports:
            self._ports.close()


def options(settings: Settings, *, shared_port: bool) -> list[tuple[str, int]]:
    """Return the gRPC options of the server."""
    age = int(settings.connection_age_seconds * 1000)
    return [
        ("grpc.so_reuseport", int(shared_port)),  # by default grpcio silently binds a taken port
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.server.max_pending_requests", MOST_PENDING),
        ("grpc.server.max_pending_requests_hard_limit", MOST_PENDING),
        *header_options(),
        *connection_options(raise_limit(), settings.connection_idle_seconds),
        ("grpc.max_connection_age_ms", age),
        ("grpc.max_connection_age_grace_ms", age),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ]
