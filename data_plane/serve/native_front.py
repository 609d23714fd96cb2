"""The native front, with the settings and the shortcuts of this service."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from itertools import islice

from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.serve.accepting import Acceptor
from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.transport.attached import Attached
from pretzel.data_plane.transport.connection import Connection
from pretzel.data_plane.transport.front import NativeFront as Front
from pretzel.data_plane.transport.front import Observe
from pretzel.data_plane.transport.limits import Limits
from pretzel.data_plane.transport.listening import BACKLOG
from pretzel.data_plane.transport.methods import Methods, Shortcuts
from pretzel.data_plane.transport.polling import Poller
from pretzel.data_plane.transport.runner import SharedLook
from pretzel.errors import PreconditionError
from pretzel.serving.descriptors import HANDSHAKE_SECONDS, HTTP_PART, most_connections, raise_limit
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.listeners import Address, SocketFile
from pretzel.serving.tls import server_tls

LEVEL_SECONDS = 2.5
"""Time between looks at how connections are shared out."""


class NativeFront:
    """A server over HTTP/2 by libnghttp2."""

    def __init__(
        self,
        settings: Settings,
        calls: ErrorInterceptor,
        service: PredictionService,
        inference: InferenceService,
        *,
        shared_port: bool,
        acceptor: Acceptor | None = None,
        attached: Attached | None = None,
        observe: Observe | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """Serve; if several processes do, ``acceptor`` shares the connections out; ``keeper`` knows callers."""
        self._settings, self._shared_port, self._acceptor = settings, shared_port, acceptor
        self.services = Methods(calls.guard, shortcuts_of(service, inference))
        """Where services are registered."""
        self._poller = Poller(settings.poll_seconds, service.is_idle)
        self._front = Front(self.services, limits_of(settings), self._poller, calls.tally, attached, observe, keeper)
        self._files: list[SocketFile] = []
        self._levelling: asyncio.Task[None] | None = None

    async def listen(self, port: int, further: Sequence[str], inherited: Mapping[str, int]) -> int:
        """Start to listen, and return the port.

        Raises:
            PreconditionError: an address is taken or cannot be used, or a certificate cannot be loaded.
        """
        tls = server_tls(self._settings.tls)
        context = tls.context if tls else None
        first = self._socket(Address(self._settings.host.strip("[]"), port), "port", inherited)
        await self._accept(first, context)
        for text in further:
            address = Address.parse(text)
            # Unix sockets are plain: the permissions of the file say who may connect.
            await self._accept(self._socket(address, "listen", inherited), None if address.path else context)
        chosen = int(first.getsockname()[1])
        if self._acceptor is not None:
            acceptor = self._acceptor
            acceptor.start(lambda: CountedConnection(self._front, acceptor))
            self._front.watch()
            self._levelling = asyncio.create_task(self._level(acceptor))
        return chosen

    async def _level(self, acceptor: Acceptor) -> None:
        """Ask clients of surplus connections to connect again: a sibling may have started, or lost its connections.

        Only a surplus that lasts counts: a sibling may be slow to see that its clients have left.
        """
        asked: set[Connection] = set()
        before = 0
        while True:
            await asyncio.sleep(LEVEL_SECONDS)
            asked &= self._front.connections
            surplus = max(acceptor.surplus() - len(asked), 0)
            others = (connection for connection in list(self._front.connections) if connection not in asked)
            for connection in islice(others, min(surplus, before)):
                connection.life.start_drain(time.monotonic())
                asked.add(connection)
            before = surplus

    async def _accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        if self._acceptor is None:
            await self._front.listen(listener, context)
        else:
            self._acceptor.serve(listener, context)

    def _socket(self, address: Address, setting: str, inherited: Mapping[str, int]) -> socket.socket:
        """Return a listening socket, the one that all processes share if the supervisor has one."""
        if str(address) in inherited:
            listener = socket.socket(fileno=os.dup(inherited[str(address)]))
            if not address.path:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as in `bound`
                listener.listen(BACKLOG)
            return listener
        if address.path:
            self._files.append(SocketFile(address.path, self._settings.socket_mode))
            return self._files[-1].listen()
        return bound(address, setting, shared=self._shared_port)

    @property
    def running(self) -> int:
        """Calls that have work to do before they end."""
        return self._front.running

    @property
    def polled(self) -> float:
        """Seconds for which the event loop stayed awake without work."""
        return self._poller.polled

    async def drain(self, seconds: float) -> None:
        """Send clients elsewhere, finish the running calls, then stop."""
        if self._levelling is not None:
            self._levelling.cancel()
        if self._acceptor is not None:
            self._acceptor.stop()
        await self._front.drain(seconds)
        for file in self._files:
            file.remove()


class CountedConnection(Connection):
    """A connection whose end is counted."""

    def __init__(self, front: Front, acceptor: Acceptor) -> None:
        super().__init__(front)
        self._acceptor = acceptor

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the work of all calls, and count."""
        super().connection_lost(error)
        self._acceptor.closed()


def shortcuts_of(service: PredictionService, inference: InferenceService) -> Shortcuts:
    """Return the shortcuts of both services."""
    path, tensors = "/pretzel.v1.PredictionService/", "/inference.GRPCInferenceService/"
    look = SharedLook()
    for fast in (service.fast, service.fast_many, inference.fast):
        fast.share(look)
    return Shortcuts(
        unary={
            f"{path}Predict": service.fast.answer,
            f"{path}PredictMany": service.fast_many.answer,
            f"{tensors}ModelInfer": inference.fast.answer,
        },
        streams={
            f"{path}PredictStream": (service.fast.answer_streamed, service.answer_streamed),
            f"{tensors}ModelStreamInfer": (inference.fast.answer_streamed, inference.answer_streamed),
        },
        look=look,
    )


def limits_of(settings: Settings) -> Limits:
    """Return the limits of the front."""
    return Limits(
        message_bytes=settings.max_message_bytes,
        connections=_most(settings),
        delay_seconds=settings.shed_after_seconds,
        received_bytes=settings.request_memory,
        handshake_seconds=HANDSHAKE_SECONDS,
        idle_seconds=settings.connection_idle_seconds,
        age_seconds=settings.connection_age_seconds,
        age_grace_seconds=settings.connection_age_seconds,
    )


def _most(settings: Settings) -> int:
    """Return the number of connections, of which the HTTP front may have a part."""
    most = most_connections(raise_limit())
    return most if settings.http_address is None else most - most // HTTP_PART


def bound(address: Address, setting: str, *, shared: bool) -> socket.socket:
    """Return a socket bound to an address; ``shared`` lets the other processes of this worker bind it too.

    Raises:
        PreconditionError: the address is taken, or does not exist here; the message names the setting.
    """
    try:
        (family, kind, protocol, _, name), *_ = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PreconditionError(f"cannot listen on {address}: {error.strerror}; choose another {setting}") from None
    try:
        # Its connections inherit this: those that a killed process leaves in TIME_WAIT must not block a restart.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        listener.bind(name)
        listener.listen(BACKLOG)  # now: a port that is taken is noticed by this or by the line above
    except OSError as error:
        listener.close()
        raise PreconditionError(f"cannot listen on {address}: {error.strerror}; choose another {setting}") from None
    return listener
