"""The HTTP front of one serving process, with the settings of this service."""

from __future__ import annotations

import os
import socket
from functools import partial

from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.rest.api import Api
from pretzel.data_plane.rest.http.front import HttpFront
from pretzel.data_plane.rest.http.limits import Limits
from pretzel.data_plane.serve.accepting import Acceptor
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.telemetry.http_calls import RecordedApi
from pretzel.data_plane.telemetry.telemetry import Telemetry
from pretzel.data_plane.transport.delay import Delay
from pretzel.data_plane.transport.listening import BACKLOG
from pretzel.serving.descriptors import HANDSHAKE_SECONDS, HTTP_PART, most_connections, raise_limit
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.listeners import UNIX
from pretzel.serving.tls import HTTP1, server_tls


class RestServer:
    """A server over HTTP/1.1."""

    def __init__(
        self,
        settings: Settings,
        service: InferenceService,
        acceptor: Acceptor | None = None,
        telemetry: Telemetry | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """Serve; if several processes do, ``acceptor`` shares the connections out among them."""
        self._settings, self._acceptor = settings, acceptor
        delay = Delay()
        api = Api(service, delay, keeper)
        application = RecordedApi(api, telemetry) if telemetry else api
        self.front = HttpFront(application, limits_of(settings), delay)

    async def listen(self, descriptor: int, address: str) -> None:
        """Accept the connections of a socket that all serving processes inherit.

        Raises:
            PreconditionError: a certificate cannot be loaded.
        """
        listener = socket.socket(fileno=os.dup(descriptor))
        is_unix = address.startswith(UNIX)
        if not is_unix:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a killed process leaves TIME_WAIT
            listener.listen(BACKLOG)
        tls = None if is_unix else server_tls(self._settings.tls, (HTTP1,))
        context = tls.context if tls else None
        if self._acceptor is None:
            await self.front.listen(listener, context)
        else:
            self._acceptor.serve(listener, context, partial(self.front.connection, self._acceptor.closed))
            self.front.watch()

    @property
    def running(self) -> int:
        """Requests that are not answered."""
        return self.front.running

    async def drain(self, seconds: float) -> None:
        """Finish the running requests, then stop."""
        await self.front.drain(seconds)


def limits_of(settings: Settings) -> Limits:
    """Return the limits of the front."""
    return Limits(
        body_bytes=settings.max_message_bytes,
        connections=max(1, most_connections(raise_limit()) // HTTP_PART),
        held_bytes=settings.request_memory,
        head_seconds=HANDSHAKE_SECONDS,
        idle_seconds=settings.connection_idle_seconds,
        delay_seconds=settings.shed_after_seconds,
    )
