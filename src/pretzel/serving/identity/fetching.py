"""Fetches the keys of an issuer over HTTP, in a bounded time, on a thread that no stop of the server waits for."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any, TypeVar

from pretzel.errors import PreconditionError, UnavailableError

MOST_BYTES = 1 << 20
PIECE = 1 << 16
TIMEOUT = 5.0
"""Seconds that a fetch may take, with the look-up of the host, the connection and the handshake."""
TOO_SLOW = f"the answer takes more than {TIMEOUT:.0f} seconds"
T = TypeVar("T")


class Fetch:
    """One fetch of what is behind a URL."""

    def __init__(self, url: str, authorities: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare it; ``authorities`` are those of the server's certificate, if not the usual ones.

        Raises:
            PreconditionError: their file cannot be read, or has no certificate.
        """
        self._url, self._clock = url, clock
        self._connections = list[HTTPConnection]()
        handlers = [_NoRedirect(), _Plain(self._connections), _Secure(self._connections, context_of(authorities))]
        self._opener = urllib.request.build_opener(*handlers)

    def run(self) -> bytes:
        """Return what is there.

        Raises:
            UnavailableError: the answer is too large or too slow.
            OSError: the server cannot be reached, has another certificate, or answers with an error.
            HTTPException: it does not speak HTTP.
        """
        data, begun = bytearray(), self._clock()
        with self._opener.open(self._url, timeout=TIMEOUT) as answer:
            # The timeout of a socket is of each read: an issuer that sends a byte now and then would hold the thread.
            while piece := answer.read1(PIECE):
                data += piece
                if len(data) > MOST_BYTES:
                    raise UnavailableError(f"more than {MOST_BYTES} bytes")
                if self._clock() - begun > TIMEOUT:
                    raise UnavailableError(TOO_SLOW)
        return bytes(data)

    def abort(self) -> None:
        """End a fetch that runs on another thread, if it is connected; nothing ends a look-up of a host."""
        for connection in self._connections:
            open_socket = connection.sock
            if open_socket is not None:
                with suppress(OSError):  # it has ended meanwhile
                    socket.socket.shutdown(open_socket, socket.SHUT_RDWR)


def context_of(authorities: Path | None) -> ssl.SSLContext:
    """Return the TLS of a fetch; ``authorities`` are those of the server's certificate, if not the usual ones.

    Raises:
        PreconditionError: their file cannot be read, or has no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=authorities)
    except ssl.SSLError as error:
        raise PreconditionError(f"jwks_ca: {authorities} has no certificate in PEM ({error})") from None
    except OSError as error:
        raise PreconditionError(f"jwks_ca: {authorities}: {error.strerror}") from None
    if authorities is not None:  # the file may hold the certificate of the server itself
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class _Plain(urllib.request.HTTPHandler):
    """Opens connections, and keeps them in a list."""

    def __init__(self, connections: list[HTTPConnection]) -> None:
        super().__init__()
        self._connections = connections

    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_kept(HTTPConnection, self._connections), request)


class _Secure(urllib.request.HTTPSHandler):
    """Opens connections by TLS, and keeps them in a list."""

    def __init__(self, connections: list[HTTPConnection], context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._connections, self._tls = connections, context

    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_kept(HTTPSConnection, self._connections), request, context=self._tls)


def _kept(kind: Any, connections: list[HTTPConnection]) -> Any:
    def made(*arguments: Any, **options: Any) -> HTTPConnection:
        connections.append(kind(*arguments, **options))
        return connections[-1]

    return made


async def on_own_thread(work: Callable[[], T], name: str) -> T:
    """Return the result of a function that may wait for the network, where nothing bounds a look-up of a host.

    A cancelled call leaves the thread behind: neither the event loop nor the end of the process waits for it.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            found, error = work(), None
        except Exception as caught:
            found, error = None, caught
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_settle, result, found, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await result


def _settle(result: asyncio.Future[Any], found: Any, error: Exception | None) -> None:
    if result.cancelled():
        return
    if error is None:
        result.set_result(found)
    else:
        result.set_exception(error)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Follow no redirect; the answer then counts as an error."""
