"""The native front, with the settings and the shortcuts of this service."""

from __future__ import annotations

import socket

from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.transport.front import NativeFront as Front
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.methods import Methods, Shortcuts
from pretzel.errors import PreconditionError
from pretzel.serving.descriptors import HANDSHAKE_SECONDS, most_connections, raise_limit


class NativeFront:
    """A server over HTTP/2 by libnghttp2."""

    def __init__(
        self, settings: Settings, calls: ErrorInterceptor, service: PredictionService, *, shared_port: bool
    ) -> None:
        self._settings, self._shared_port = settings, shared_port
        shortcuts = Shortcuts(streams={"/pretzel.v1.PredictionService/PredictStream": (None, service.answer_streamed)})
        self.services = Methods(calls.guard, shortcuts)
        """Where services are registered."""
        self._front = Front(self.services, limits_of(settings))

    async def listen(self, port: int) -> int:
        """Start to listen, and return the port.

        Raises:
            PreconditionError: the port is taken.
        """
        listener = bound(self._settings.host, port, shared=self._shared_port)
        await self._front.listen(listener)
        return int(listener.getsockname()[1])

    @property
    def running(self) -> int:
        """Calls that have work to do before they end."""
        return self._front.running

    async def drain(self, seconds: float) -> None:
        """Send clients elsewhere, finish the running calls, then stop."""
        await self._front.drain(seconds)


def limits_of(settings: Settings) -> Limits:
    """Return the limits of the front."""
    return Limits(
        message_bytes=settings.max_message_bytes,
        connections=most_connections(raise_limit()),
        received_bytes=settings.request_memory,
        handshake_seconds=HANDSHAKE_SECONDS,
        idle_seconds=settings.connection_idle_seconds,
        age_seconds=settings.connection_age_seconds,
        age_grace_seconds=settings.connection_age_seconds,
    )


def bound(host: str, port: int, *, shared: bool) -> socket.socket:
    """Return a socket bound to an address; ``shared`` lets the other processes of this worker bind it too.

    Raises:
        PreconditionError: the address is taken, or does not exist here.
    """
    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PreconditionError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise PreconditionError(f"cannot listen on {host}:{port}: {error.strerror}; is the port taken?") from None
    return listener
