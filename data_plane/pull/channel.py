"""The channel to the control planes, which reads its certificates again when they are renewed."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import grpc.aio
import structlog

from pretzel.errors import InputError
from pretzel.targets import Bearer, Target, Tls, addresses_of

log = structlog.get_logger(__name__)

NO_TLS = Tls()
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)
"""Codes of calls whose server was not reached, stops, or was killed."""
OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # a snapshot of 20 000 models is one message
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
]


def connect(
    address: str, tls: Tls = NO_TLS, bearer: Bearer | None = None, insecure_token: bool = False
) -> grpc.aio.Channel:
    """Return a channel to a control plane, which need not run yet; its calls have the token of ``bearer``.

    With several addresses, as in ``a:8101,b:8101``, calls go to one of them until it is unavailable.

    Raises:
        InputError: an address or a file for TLS cannot be read, or the token would travel as plain text.
    """
    channels = [_connect(one, tls, bearer, insecure_token) for one in addresses_of(address)]
    return channels[0] if len(channels) == 1 else cast(grpc.aio.Channel, FailoverChannel(channels))


def _connect(address: str, tls: Tls, bearer: Bearer | None, insecure_token: bool) -> grpc.aio.Channel:
    target = Target.of(address, secure=tls.ca is not None)
    if bearer is not None:
        bearer.check(target, insecure_token)
    if target.secure:
        channel = cast(grpc.aio.Channel, RenewedChannel(target.address, tls))
    else:
        channel = grpc.aio.insecure_channel(target.address, options=OPTIONS)
    if bearer is None:
        return channel
    return cast(grpc.aio.Channel, AuthorizedChannel(channel, bearer))


class FailoverChannel:
    """A channel for stubs over channels to several control planes; the calls stay with one until it is unavailable."""

    def __init__(self, channels: Sequence[grpc.aio.Channel]) -> None:
        self._channels = channels
        # Workers that start together do not all begin with the first.
        self._present = random.randrange(len(channels))
        self._looks: set[asyncio.Task[None]] = set()

    def unary_unary(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Return a function that calls a method with one request and one response."""
        return self._method([channel.unary_unary(*arguments, **options) for channel in self._channels])

    def unary_stream(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Return a function that calls a method with a stream of responses."""
        return self._method([channel.unary_stream(*arguments, **options) for channel in self._channels])

    async def close(self, grace: float | None = None) -> None:
        """Close all of them."""
        for channel in self._channels:
            await channel.close(grace)

    def _method(self, methods: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
        def call(*request: Any, **limits: Any) -> Any:
            place = self._present
            running = methods[place](*request, **limits)
            look = asyncio.ensure_future(self._look(running, place))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)
            return running

        return call

    async def _look(self, running: Any, place: int) -> None:
        """Go on with the next channel if a call fails because its server is away; another call may have done so."""
        if await running.code() in _AWAY and self._present == place:
            self._present = (place + 1) % len(self._channels)
            log.info("calls go to the next control plane", number=self._present)


class AuthorizedChannel:
    """A channel for stubs whose calls carry a token."""

    def __init__(self, channel: grpc.aio.Channel, bearer: Bearer) -> None:
        self._channel, self._bearer = channel, bearer
        self.close = channel.close

    def unary_unary(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Return a function that calls a method with one request and one response."""
        return self._authorized(self._channel.unary_unary(*arguments, **options))

    def unary_stream(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Return a function that calls a method with a stream of responses."""
        return self._authorized(self._channel.unary_stream(*arguments, **options))

    def _authorized(self, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *request, **limits: method(*request, **limits, metadata=self._bearer.metadata())


class RenewedChannel:
    """A channel for stubs.  A call after a change of the files uses a new connection; running calls keep theirs."""

    def __init__(self, address: str, tls: Tls) -> None:
        """Read the files.

        Raises:
            InputError: one cannot be read, or the key is not that of the certificate.
        """
        self._address, self._tls = address, tls
        self._paths = [Path(path) for path in (tls.ca, tls.cert, tls.key) if path is not None]
        self._signature = self._present()
        self._channel = self._open()

    def unary_unary(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Return a function that calls a method with one request and one response."""
        return self._method("unary_unary", arguments, options)

    def unary_stream(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """Return a function that calls a method with a stream of responses."""
        return self._method("unary_stream", arguments, options)

    async def close(self, grace: float | None = None) -> None:
        """Close the newest connection."""
        await self._channel.close(grace)

    def _method(self, kind: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Callable[..., Any]:
        def call(*request: Any, **limits: Any) -> Any:
            self._renew()
            return getattr(self._channel, kind)(*arguments, **options)(*request, **limits)

        return call

    def _renew(self) -> None:
        """Replace the channel if the files have changed; the old one ends with its last call."""
        present = self._present()
        if present == self._signature:
            return
        self._signature = present
        try:
            self._channel = self._open()
        except InputError as error:  # being written; their next change is tried again
            log.error("new certificates cannot be loaded, the previous ones stay in use", error=str(error))

    def _present(self) -> list[tuple[int, int, int]]:
        states = [os.stat(path) if path.exists() else None for path in self._paths]
        return [(state.st_mtime_ns, state.st_ino, state.st_size) if state else (0, 0, 0) for state in states]

    def _open(self) -> grpc.aio.Channel:
        credentials = self._tls.credentials()
        if self._tls.cert is not None:
            try:  # gRPC would report a wrong pair at each connection only
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(self._tls.cert, self._tls.key, lambda: "")
            except (ssl.SSLError, OSError) as error:
                raise InputError(
                    f"{self._tls.cert} and {self._tls.key} are not a certificate and its key, not encrypted ({error})"
                ) from None
        return grpc.aio.secure_channel(self._address, credentials, options=OPTIONS)
